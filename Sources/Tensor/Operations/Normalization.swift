/// The statistics of a batch, for the running averages that evaluation uses.
public struct BatchStatistics: Sendable {
    /// [C]
    public var mean: Tensor
    /// [C], with the denominator m − 1, as PyTorch's running averages take it.
    public var variance: Tensor
}

extension Tape {
    /// Group normalisation (Wu and He 2018, arXiv:1803.08494): (x − μ) / √(σ² + eps) · scale + shift, with μ and σ² over
    /// the pixels of `channelsPerGroup` channels of an image. `x` [N, C, H, W], `scale` and `shift` [C].
    ///
    /// In the same pass a `residual` of x's shape is added, and max(0, ·) taken with `relu`; so in all norms.
    public func groupNorm(
        _ x: Variable, scale: Variable, shift: Variable, channelsPerGroup: Int, eps: Float = 1e-5,
        residual: Variable? = nil, relu: Bool = false
    ) -> Variable {
        precondition(
            channelsPerGroup > 0 && x.shape[1] % channelsPerGroup == 0,
            "groups of \(channelsPerGroup) do not fit \(x.shape[1]) channels")
        let channels = x.shape[1]
        let groups = channels / channelsPerGroup
        let population = Population(
            of: x.value, groups: x.shape[0] * groups, eps: eps
        ) { $0 / channels * groups + $0 % channels / channelsPerGroup }
        return normalize(x, scale, shift, population, residual: residual, relu: relu)
    }

    /// Batch normalisation in training (Ioffe and Szegedy 2015, arXiv:1502.03167): as `groupNorm`, with μ and σ² over the
    /// images and pixels of a channel, which are returned.
    public func batchNorm(
        _ x: Variable, scale: Variable, shift: Variable, eps: Float = 1e-5, residual: Variable? = nil,
        relu: Bool = false
    ) -> (result: Variable, statistics: BatchStatistics) {
        let channels = x.shape[1]
        let population = Population(of: x.value, groups: channels, eps: eps) { $0 % channels }
        let size = Double(population.size)
        let statistics = BatchStatistics(
            mean: Tensor([channels], population.mean.map { Float($0) }),
            variance: Tensor([channels], population.variance.map { Float($0 * size / max(size - 1, 1)) }))
        return (normalize(x, scale, shift, population, residual: residual, relu: relu), statistics)
    }

    /// Normalisation by given statistics, all [C]: a frozen batch norm, or one in evaluation.
    public func frozenNorm(
        _ x: Variable, scale: Variable, shift: Variable, mean: Tensor, variance: Tensor, eps: Float = 1e-5,
        residual: Variable? = nil, relu: Bool = false
    ) -> Variable {
        let channels = x.shape[1]
        precondition(mean.shape == [channels] && variance.shape == [channels], "statistics have \(channels) channels")
        let population = Population(
            mean: mean.array.map { Double($0) }, variance: variance.array.map { Double($0) }, eps: eps
        ) { $0 % channels }
        return normalize(x, scale, shift, population, residual: residual, relu: relu)
    }

    private func normalize(
        _ x: Variable, _ scale: Variable, _ shift: Variable, _ population: Population, residual: Variable?, relu: Bool
    ) -> Variable {
        let channels = x.shape[1]
        let cells = x.shape[0] * channels
        precondition(
            scale.shape == [channels] && shift.shape == [channels], "scale and shift have \(channels) channels")
        let gamma = scale.value.array.map { Double($0) }
        let beta = shift.value.array
        var a = [Float](repeating: 0, count: cells)
        var b = a
        var center = a
        for cell in 0..<cells {
            let group = population.group(cell)
            let factor = gamma[cell % channels] * population.inverse[group]
            a[cell] = Float(factor)
            center[cell] = Float(population.mean[group])
            // What rounding the mean to Float left out goes into the shift.
            b[cell] = Float(Double(beta[cell % channels]) + (Double(center[cell]) - population.mean[group]) * factor)
        }
        precondition(residual.map { $0.shape == x.shape } ?? true, "a residual has the shape of what it is added to")
        let result = x.value.channelAffine(center: center, a, b, residual: residual?.value, relu: relu)

        let tracked = (x: x.isTracked, scale: scale.isTracked, shift: shift.isTracked)
        let residualBlock = residual.flatMap { $0.isTracked ? $0.value.block : nil }
        // The residual's gradient is masked before it is shared; otherwise the mask is applied on the way.
        let early = relu && residualBlock != nil ? result : nil
        let mask = relu && residualBlock == nil ? result : nil
        let operands = [x, scale, shift, residual ?? constant(Tensor(0))]
        guard population.isOfInput || tracked.scale || tracked.shift else {
            // Nothing but the factors is needed.
            return record(result, from: operands) { gradient in
                if let early { gradient.keep(where: early) }
                let forResidual = residualBlock.map { gradient.blocked($0) }
                if tracked.x { gradient.channelScaleBackward(output: mask, a) }
                return [tracked.x ? gradient : nil, nil, nil, forResidual]
            }
        }
        let input = x.value
        return record(result, from: operands) { gradient in
            if let early { gradient.keep(where: early) }
            let forResidual = residualBlock.map { gradient.blocked($0) }
            let sums = gradient.channelGradientSums(output: mask, x: input, center: center)
            let parts = population.gradients(sums, center: center, gamma: gamma)
            if tracked.x {
                if population.isOfInput {
                    gradient.channelAffineBackward(
                        output: mask, x: input, center: center, a, parts.slope, parts.offset)
                } else {
                    gradient.channelScaleBackward(output: mask, a)
                }
            }
            return [
                tracked.x ? gradient : nil, tracked.scale ? Tensor([channels], parts.scale) : nil,
                tracked.shift ? Tensor([channels], parts.shift) : nil, forResidual,
            ]
        }
    }
}

/// What is normalised together: groups of cells, a cell being a channel of an image.
private struct Population {
    var mean, variance, inverse: [Double]
    /// Elements in a group.
    var size: Int
    /// Whether the statistics are the input's own, so that gradients flow through them.
    var isOfInput: Bool
    var group: @Sendable (_ cell: Int) -> Int

    init(of x: Tensor, groups: Int, eps: Float, group: @escaping @Sendable (Int) -> Int) {
        let moments = x.channelMoments()
        let pixels = Double(x.shape[2] * x.shape[3])
        var count = [Double](repeating: 0, count: groups)
        mean = count
        variance = count
        // Chan, Golub and LeVeque's combination, in the order of the cells.
        for (cell, moment) in moments.enumerated() where pixels > 0 {
            let g = group(cell)
            let all = count[g] + pixels
            let difference = moment.x - mean[g]
            mean[g] += difference * pixels / all
            variance[g] += moment.y + difference * difference * count[g] * pixels / all
            count[g] = all
        }
        size = Int(count.first ?? 0)
        for g in 0..<groups { variance[g] /= max(count[g], 1) }
        inverse = variance.map { 1 / ($0 + Double(eps)).squareRoot() }
        isOfInput = true
        self.group = group
    }

    init(mean: [Double], variance: [Double], eps: Float, group: @escaping @Sendable (Int) -> Int) {
        self.mean = mean
        self.variance = variance
        self.group = group
        inverse = variance.map { 1 / ($0 + Double(eps)).squareRoot() }
        size = 0
        isOfInput = false
    }

    /// From Σ g and Σ g·(x − center) of each cell: the gradients of scale and shift, and for the input's gradient
    /// `a·g + slope·(x − center) + offset` the last two of each cell.
    func gradients(
        _ sums: [SIMD2<Double>], center: [Float], gamma: [Double]
    ) -> (scale: [Float], shift: [Float], slope: [Float], offset: [Float]) {
        let channels = gamma.count
        var scale = [Double](repeating: 0, count: channels)
        var shift = scale
        var first = [Double](repeating: 0, count: mean.count)
        var second = first
        for (cell, sum) in sums.enumerated() {
            let g = group(cell)
            let c = cell % channels
            // The kernel's center is the mean rounded to Float.
            let weighted = (sum.y + sum.x * (Double(center[cell]) - mean[g])) * inverse[g]
            scale[c] += weighted
            shift[c] += sum.x
            first[g] += gamma[c] * sum.x
            second[g] += gamma[c] * weighted
        }
        var slope = [Float](repeating: 0, count: isOfInput ? sums.count : 0)
        var offset = slope
        for cell in slope.indices {
            let g = group(cell)
            let m = Double(max(size, 1))
            let r = inverse[g]
            slope[cell] = Float(-r * r * second[g] / m)
            offset[cell] = Float(
                -r * first[g] / m + r * r * second[g] / m * (mean[g] - Double(center[cell])))
        }
        return (scale.map { Float($0) }, shift.map { Float($0) }, slope, offset)
    }
}
