import Devices

extension Tape {
    /// x · weightᵀ + bias: `x` [N, in], `weight` [out, in], `bias` [out]; the result is [N, out].
    public func linear(_ x: Variable, weight: Variable, bias: Variable? = nil, relu: Bool = false) -> Variable {
        let rows = x.shape[0]
        let inputs = x.shape[1]
        let outputs = weight.shape[0]
        precondition(weight.shape == [outputs, inputs], "a linear layer's \(weight.shape) does not fit \(x.shape)")
        precondition(bias.map { $0.shape == [outputs] } ?? true, "a linear layer's bias has its \(outputs) outputs")
        let result = Tensor(unwritten: [rows, outputs])
        let precision = precision
        Compute.device.multiply(
            MatrixOperand(x.value.pointer), MatrixOperand(weight.value.pointer, transposed: true),
            into: result.freshPointer, MatrixProduct(m: rows, n: outputs, k: inputs, precision: precision))
        count(rows * inputs * outputs)
        Compute.device.addBias(
            result.freshPointer, bias?.value.pointer, rowCount: rows, columns: outputs, relu: relu)
        // Only what a gradient will read is kept alive.
        let keptInput = weight.isTracked ? x.value : nil
        let keptWeight = x.isTracked ? weight.value : nil
        let mask = relu ? result : nil
        let wantsBias = bias?.isTracked ?? false
        return record(result, from: [x, weight] + (bias.map { [$0] } ?? [])) { gradient in
            if let mask { gradient.keep(where: mask) }
            Work.count(rows * inputs * outputs * ((keptWeight == nil ? 0 : 1) + (keptInput == nil ? 0 : 1)))
            let forInput = keptWeight.map { weight in
                let part = Tensor(unwritten: [rows, inputs])
                Compute.device.multiply(
                    MatrixOperand(gradient.pointer), MatrixOperand(weight.pointer), into: part.freshPointer,
                    MatrixProduct(m: rows, n: inputs, k: outputs, precision: precision))
                return part
            }
            let forWeight = keptInput.map { input in
                let part = Tensor(unwritten: [outputs, inputs])
                Compute.device.multiply(
                    MatrixOperand(gradient.pointer, transposed: true), MatrixOperand(input.pointer),
                    into: part.freshPointer, MatrixProduct(m: outputs, n: inputs, k: rows, precision: precision))
                return part
            }
            return [forInput, forWeight, wantsBias ? gradient.columnSums() : nil]
        }
    }
}

extension Tensor {
    /// The sums over the rows of a matrix, in Double.
    func columnSums() -> Tensor {
        let result = Tensor(unwritten: [shape[1]])
        Compute.device.sumRows(pointer, into: result.freshPointer, rowCount: shape[0], columns: shape[1])
        return result
    }
}
