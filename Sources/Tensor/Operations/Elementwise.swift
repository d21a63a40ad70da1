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
        let result = Tensor(unwritten: x.shape, block: x.value.block)
        Compute.device.relu(x.value.pointer, into: result.freshPointer, count: result.count)
        return record(result, from: [x]) { gradient in
            gradient.keep(where: result)
            return [gradient]
        }
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
        let result = Tensor(unwritten: x.shape, block: x.value.block)
        Compute.device.sigmoid(x.value.pointer, into: result.freshPointer, count: result.count)
        return record(result, from: [x]) { gradient in
            gradient.overwrite {
                Compute.device.sigmoidBackward($0, output: result.pointer, into: $1, count: result.count)
            }
            return [gradient]
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
