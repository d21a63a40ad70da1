public import Detection
public import Tensor

/// How a detector is trained: everything but the data, the seed and the starting weights.
public struct TrainingPlan: Sendable, Hashable, Codable {
    public var epochs: Int
    public var batchSize: Int
    public var schedule: LearningRateSchedule
    public var momentum: Double
    /// Added to the gradient as `weightDecay · parameter` (L2), for every parameter, as PyTorch's SGD does.
    public var weightDecay: Double
    /// Gradients are scaled down to this norm over all parameters; nil for no limit.
    public var clipNorm: Double?
    /// The random mirrorings of the training images, each with probability one half.
    public var mirrors: [Mirroring]
    /// What else is changed of them; nil for nothing.
    public var variation: ImageVariation?

    public init(
        epochs: Int, batchSize: Int, schedule: LearningRateSchedule, momentum: Double,
        weightDecay: Double, clipNorm: Double?, mirrors: [Mirroring], variation: ImageVariation? = nil
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.schedule = schedule
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.clipNorm = clipNorm
        self.mirrors = mirrors
        self.variation = variation
    }
}
