import Devices

/// The Euclidean norm over all gradients together; not finite where one of them is not.
public func gradientNorm(_ gradients: NamedTensors) -> Double {
    // Sorted, so that the sum is taken in one order.
    let sorted = gradients.sorted.map(\.tensor)
    return withExtendedLifetime(sorted) {
        Compute.device.sumOfSquares(sorted.map { FloatVector($0.pointer, count: $0.count) })
    }.squareRoot()
}

/// What gradients of this norm are multiplied with so that their norm is at most `limit` (Pascanu et al., 2013;
/// `clip_grad_norm_` of PyTorch): an optimiser's `scale`. 1 where the norm is not finite: the caller decides.
public func clippingFactor(norm: Double, limit: Double) -> Float {
    let factor = limit / (norm + 1e-6)
    return norm.isFinite && factor < 1 ? Float(factor) : 1
}
