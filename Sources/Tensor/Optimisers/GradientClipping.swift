import Devices

/// The Euclidean norm over all gradients together; not finite where one of them is not.
public func gradientNorm(_ gradients: NamedTensors) -> Double {
    // Sorted, so that the sum is taken in one order.
    gradients.sorted.reduce(0.0) { sum, entry in
        sum
            + entry.tensor.withUnsafeFloats { floats in
                floats.baseAddress.map { Compute.device.sumOfSquares($0, count: floats.count) } ?? 0
            }
    }.squareRoot()
}

/// Scales all gradients so that their common norm is at most `norm` (Pascanu et al., 2013; `clip_grad_norm_` of
/// PyTorch). Returns the norm before. Gradients whose norm is not finite stay as they are: the caller decides.
@discardableResult
public func clipGradients(_ gradients: inout NamedTensors, norm: Double) -> Double {
    let before = gradientNorm(gradients)
    let factor = norm / (before + 1e-6)
    guard before.isFinite, factor < 1 else { return before }
    for name in Array(gradients.keys) {
        guard var gradient = gradients.removeValue(forKey: name) else { continue }
        gradient.scale(by: Float(factor))
        gradients[name] = gradient
    }
    return before
}
