import Devices

/// A normalisation by fixed statistics, (x − mean) / √(variance + eps) · scale + shift, all [C]: nothing of it is
/// trained, so that it can be folded into the convolution before it.
public struct FrozenNorm: Sendable {
    public var scale: Tensor
    public var shift: Tensor
    public var mean: Tensor
    public var variance: Tensor
    public var eps: Float

    public init(scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, eps: Float = 1e-5) {
        let shape = scale.shape
        precondition(
            shape.count == 1 && [shift, mean, variance].allSatisfy { $0.shape == shape },
            "a norm's scale, shift and statistics have one element for each channel")
        self.scale = scale
        self.shift = shift
        self.mean = mean
        self.variance = variance
        self.eps = eps
    }

    /// scale / √(variance + eps)
    var factors: Tensor { Tensor(scale.shape, exactFactors.map { Float($0) }) }

    private var exactFactors: [Double] {
        zip(scale.array, variance.array).map { Double($0) / (Double($1) + Double(eps)).squareRoot() }
    }

    /// Weight and bias of a convolution that does what one with these does, followed by this norm.
    func folded(_ weight: Tensor, _ bias: Tensor?) -> (weight: Tensor, bias: Tensor?) {
        var shifts = zip(shift.array, zip(mean.array, exactFactors)).map { Double($0) - Double($1.0) * $1.1 }
        if let bias { for (i, (b, f)) in zip(bias.array, exactFactors).enumerated() { shifts[i] += Double(b) * f } }
        return (folded(weight), Tensor(scale.shape, shifts.map { Float($0) }))
    }

    /// The weight alone. It is kept with the one that it was made from until that changes.
    func folded(_ weight: Tensor) -> Tensor {
        precondition(weight.shape[0] == scale.count, "a norm of \(scale.count) channels after \(weight.shape[0])")
        let sources = [scale.storage, variance.storage]
        let key = Storage.Derived.scaled(
            by: ObjectIdentifier(sources[0]), ObjectIdentifier(sources[1]), eps: eps)
        let storage = weight.storage.derived(key, from: sources) {
            var scaled = weight
            scaled.scaleRows(by: factors)
            return scaled.storage
        }
        return Tensor(shape: weight.shape, storage: storage)
    }
}

extension Tensor {
    /// Times a factor for each index of the first dimension; of a tensor in row-major order.
    mutating func scaleRows(by factors: Tensor) {
        precondition(block == 1 && factors.count == shape[0], "\(factors.count) factors for the rows of \(shape)")
        let (rows, width) = (shape[0], count / max(shape[0], 1))
        overwrite {
            Compute.device.scaleRows($0, by: factors.pointer, into: $1, rowCount: rows, columns: width)
        }
    }
}
