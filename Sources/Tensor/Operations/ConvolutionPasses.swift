import Devices

/// The three passes of one convolution on the device, with tensors. Values and gradients lie in the blocks of the shape.
struct ConvolutionPasses {
    var shape: ConvolutionShape
    var engine: ConvolutionEngine
    var precision: Precision

    func forward(
        _ input: Tensor, _ weight: Tensor, bias: Tensor?, residual: Tensor?, relu: Bool, into result: Tensor
    ) {
        let after = AfterConvolution(bias: bias != nil, residual: residual != nil, relu: relu)
        let operation = Compute.device.convolution(shape, then: after, engine, precision)
        let weights = operation.ordered(weight)
        let workspace = Storage(count: operation.workspace)
        withExtendedLifetime((input, weights, bias, residual, result, workspace)) {
            operation.run(
                input.pointer, weights: weights.floats, bias: bias?.pointer, residual: residual?.pointer,
                into: result.freshPointer, workspace: workspace.floats)
        }
    }

    func backwardInput(_ gradient: Tensor, _ weight: Tensor) -> Tensor {
        let operation = Compute.device.convolutionBackwardInput(shape, engine, precision)
        let weights = operation.ordered(weight)
        let workspace = Storage(count: operation.workspace)
        let result = Tensor(unwritten: shape.inputShape, block: shape.inputBlock)
        withExtendedLifetime((gradient, weights, result, workspace)) {
            operation.run(
                gradient.pointer, weights: weights.floats, into: result.freshPointer, workspace: workspace.floats)
        }
        return result
    }

    func backwardWeight(_ input: Tensor, _ gradient: Tensor, bias: Bool) -> (weight: Tensor, bias: Tensor?) {
        let operation = Compute.device.convolutionBackwardWeight(shape, bias: bias, engine, precision)
        let workspace = Storage(count: operation.workspace)
        let forWeight = Tensor(unwritten: shape.weightShape)
        let forBias = bias ? Tensor(unwritten: [shape.outputs]) : nil
        withExtendedLifetime((input, gradient, forWeight, forBias, workspace)) {
            operation.run(
                input.pointer, gradient: gradient.pointer, into: forWeight.freshPointer, bias: forBias?.freshPointer,
                workspace: workspace.floats)
        }
        return (forWeight, forBias)
    }
}

extension WeightReading {
    /// The weights in the order that this convolution reads: made once, and kept with them until they change.
    func ordered(_ weight: Tensor) -> Storage {
        guard let count = packedWeights else { return weight.storage }
        return weight.storage.derived(.packed(layout: packedLayout)) {
            let packed = Storage(count: count)
            pack(weight.pointer, into: packed.floats)
            return packed
        }
    }
}
