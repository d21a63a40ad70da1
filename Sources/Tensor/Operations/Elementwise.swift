import Devices

extension Tape {
    /// a + b; with `relu`, max(0, a + b).
    public func add(_ a: Variable, _ b: Variable, relu: Bool = false) -> Variable {
        precondition(a.shape == b.shape, "\(a.shape) and \(b.shape) can not be added")
        let block = a.value.block
        let right = b.value.blocked(block)
        let rightBlock = b.value.block
        let (wantsA, wantsB) = (a.isTracked, b.isTracked)
        let sum = Tensor(unwritten: a.shape, block: block)
        Compute.device.add(a.value.pointer, right.pointer, into: sum.freshPointer, count: sum.count, relu: relu)
        let mask = relu ? sum : nil
        return record(sum, from: [a, b]) { gradient in
            if let mask { gradient.keep(where: mask) }
            return [wantsA ? gradient : nil, wantsB ? gradient.blocked(rightBlock) : nil]
        }
    }

    /// max(0, x)
    public func relu(_ x: Variable) -> Variable {
        activation(x, reads: .output, Compute.device.relu, Compute.device.reluBackward)
    }

    /// factor · x
    public func scale(_ x: Variable, by factor: Float) -> Variable {
        let result = Tensor(unwritten: x.shape, block: x.value.block)
        Compute.device.scale(x.value.pointer, by: factor, into: result.freshPointer, count: result.count)
        return record(result, from: [x]) { gradient in
            gradient.scale(by: factor)
            return [gradient]
        }
    }

    /// 1 / (1 + exp(−x))
    public func sigmoid(_ x: Variable) -> Variable {
        activation(x, reads: .output, Compute.device.sigmoid, Compute.device.sigmoidBackward)
    }

    /// x · min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, arXiv:1905.02244)
    public func hardSwish(_ x: Variable) -> Variable {
        activation(x, reads: .input, Compute.device.hardSwish, Compute.device.hardSwishBackward)
    }

    /// min(max(x + 3, 0), 6) / 6
    public func hardSigmoid(_ x: Variable) -> Variable {
        activation(x, reads: .input, Compute.device.hardSigmoid, Compute.device.hardSigmoidBackward)
    }

    /// What an activation's slope is worked out from.
    private enum SlopeSource { case input, output }

    private func activation(
        _ x: Variable, reads source: SlopeSource, _ forward: (Floats, MutableFloats, Int) -> Void,
        _ backward: @escaping (Floats, Floats, MutableFloats, Int) -> Void
    ) -> Variable {
        let result = Tensor(unwritten: x.shape, block: x.value.block)
        forward(x.value.pointer, result.freshPointer, result.count)
        let kept = source == .input ? x.value : result
        return record(result, from: [x]) { gradient in
            gradient.overwrite { backward($0, kept.pointer, $1, kept.count) }
            return [gradient]
        }
    }

    /// x [N, C, H, W] times a `gate` [N, C, 1, 1]: each channel of each image by its own factor (squeeze-and-excitation,
    /// Hu et al. 2018, arXiv:1709.01507).
    public func gated(_ x: Variable, by gate: Variable) -> Variable {
        precondition(
            x.shape.count == 4 && gate.shape == [x.shape[0], x.shape[1], 1, 1],
            "a gate of shape \(gate.shape) does not fit \(x.shape)")
        let factors = gate.value.array
        let zeros = [Float](repeating: 0, count: factors.count)
        let result = x.value.channelAffine(center: zeros, factors, zeros, relu: false)
        let gateBlock = gate.value.block
        let wantsX = x.isTracked
        let input = gate.isTracked ? x.value : nil
        return record(result, from: [x, gate]) { gradient in
            let forGate = input.map { input in
                let sums = gradient.channelGradientSums(output: nil, x: input, center: zeros)
                return Tensor(gate.shape, sums.map { Float($0.y) }).blocked(gateBlock)
            }
            if wantsX { gradient.channelScaleBackward(output: nil, factors) }
            return [wantsX ? gradient : nil, forGate]
        }
    }

    /// The sum of variables of one shape, added in the order given.
    public func sum(_ terms: [Variable]) -> Variable {
        guard var total = terms.first?.value else { return constant(Tensor(0)) }
        for term in terms.dropFirst() { total.add(term.value) }
        let wanted = terms.map { $0.isTracked ? $0.value.block : nil }
        return record(total, from: terms) { gradient in
            wanted.map { block in block.map { gradient.blocked($0) } }
        }
    }
}

extension Tensor {
    /// Zero wherever `output`, the result of a ReLU, is not above zero.
    mutating func keep(where output: Tensor) {
        let count = count
        overwrite { Compute.device.reluBackward($0, output: output.pointer, into: $1, count: count) }
    }

    /// self · factor
    mutating func scale(by factor: Float) {
        let count = count
        overwrite { Compute.device.scale($0, by: factor, into: $1, count: count) }
    }
}
