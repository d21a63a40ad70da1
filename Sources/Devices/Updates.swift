/// What a step of SGD changes of one parameter: `count` elements each.
public struct SGDUpdate {
    public var parameter, velocity: MutableFloats
    /// nil in the first step: then `velocity` holds the gradient.
    public var gradient: Floats?
    public var count: Int
    public var decay: Float

    public init(
        _ parameter: MutableFloats, velocity: MutableFloats, gradient: Floats?, count: Int, decay: Float
    ) {
        (self.parameter, self.velocity, self.gradient) = (parameter, velocity, gradient)
        (self.count, self.decay) = (count, decay)
    }
}

/// What a step of AdamW changes of one parameter: `count` elements each.
public struct AdamWUpdate {
    /// `first` and `second` are the moving means of gradients and their squares.
    public var parameter, first, second: MutableFloats
    public var gradient: Floats
    public var count: Int
    public var factors: AdamWFactors

    public init(
        _ parameter: MutableFloats, first: MutableFloats, second: MutableFloats, gradient: Floats, count: Int,
        _ factors: AdamWFactors
    ) {
        (self.parameter, self.first, self.second, self.gradient) = (parameter, first, second, gradient)
        (self.count, self.factors) = (count, factors)
    }
}

/// Elements to read.
public struct FloatVector {
    public var elements: Floats
    public var count: Int

    public init(_ elements: Floats, count: Int) { (self.elements, self.count) = (elements, count) }
}

/// What one step of AdamW multiplies with; the caller has worked out the bias corrections.
public struct AdamWFactors: Sendable, Hashable {
    /// β₁ and β₂.
    public var keep1, keep2: Float
    /// 1 − β₁ and 1 − β₂, rounded once: 1 − 0.999 in Float is off by 5e-5.
    public var take1, take2: Float
    /// 1 − rate · decay
    public var shrink: Float
    /// rate / (1 − β₁ᵗ)
    public var step: Float
    /// √(1 − β₂ᵗ)
    public var rootCorrection: Float
    public var epsilon: Float

    public init(
        keep1: Float, keep2: Float, take1: Float, take2: Float, shrink: Float, step: Float, rootCorrection: Float,
        epsilon: Float
    ) {
        (self.keep1, self.keep2, self.take1, self.take2) = (keep1, keep2, take1, take2)
        (self.shrink, self.step, self.rootCorrection, self.epsilon) = (shrink, step, rootCorrection, epsilon)
    }
}
