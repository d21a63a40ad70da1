import CKernels

/// Convolution as matrix products of OpenBLAS, one for each image and group: the checked alternative to oneDNN's.
struct GEMMConvolution: ConvolutionBackend {
    func forward(
        _ shape: ConvolutionShape, _ input: Tensor, _ weight: Tensor, _ after: AfterConvolution, _ result: Tensor
    ) {
        let plan = Plan(shape)
        let input = input.plain()
        let out = shape.outputBlock == 1 ? result : Tensor(unwritten: shape.resultShape)
        for item in 0..<(shape.images * shape.groups) {
            plan.fillColumns(from: input, item)
            gemm(
                weight.pointer + item % shape.groups * plan.weights, plan.columns.pointer,
                out.freshPointer + item * plan.outputs, m: plan.rows, n: plan.pixels, k: plan.depth)
        }
        let cells = shape.images * shape.outputs
        let zeros = [Float](repeating: 0, count: cells)
        let ones = [Float](repeating: 1, count: cells)
        let shifts = after.bias.map { bias in (0..<shape.images).flatMap { _ in bias.array } } ?? zeros
        let shifted = out.channelAffine(center: zeros, ones, shifts, residual: after.residual, relu: after.relu)
            .blocked(shape.outputBlock)
        result.freshPointer.update(from: shifted.pointer, count: result.count)
    }

    func backwardInput(_ shape: ConvolutionShape, _ gradient: Tensor, _ weight: Tensor) -> Tensor {
        let plan = Plan(shape)
        let gradient = gradient.plain()
        let result = Tensor(unwritten: shape.inputShape)
        for item in 0..<(shape.images * shape.groups) {
            gemm(
                weight.pointer + item % shape.groups * plan.weights, gradient.pointer + item * plan.outputs,
                plan.columns.freshPointer, m: plan.depth, n: plan.pixels, k: plan.rows, transposeA: true)
            jk_col2im(plan.columns.pointer, result.freshPointer + item * plan.inputs, plan.window)
        }
        return result.blocked(shape.inputBlock)
    }

    func backwardWeight(
        _ shape: ConvolutionShape, _ input: Tensor, _ gradient: Tensor, bias: Bool
    ) -> (weight: Tensor, bias: Tensor?) {
        let plan = Plan(shape)
        let input = input.plain()
        let plain = gradient.plain()
        let result = Tensor(shape.weightShape)
        for item in 0..<(shape.images * shape.groups) {
            plan.fillColumns(from: input, item)
            gemm(
                plain.pointer + item * plan.outputs, plan.columns.pointer,
                result.freshPointer + item % shape.groups * plan.weights, m: plan.rows, n: plan.depth, k: plan.pixels,
                transposeB: true, beta: 1)
        }
        return (result, bias ? gradient.channelSums() : nil)
    }

    /// The sizes of one image's group, and the memory for its columns.
    private struct Plan {
        let window: jk_window
        let rows, depth, pixels: Int
        let inputs, outputs, weights: Int
        let columns: Tensor

        init(_ shape: ConvolutionShape) {
            let channels = shape.channels / shape.groups
            window = jk_window(
                channels: channels, height: shape.height, width: shape.width, kernelHeight: shape.kernelHeight,
                kernelWidth: shape.kernelWidth, stride: shape.stride, padding: shape.padding,
                outHeight: shape.outHeight, outWidth: shape.outWidth)
            rows = shape.outputs / shape.groups
            depth = channels * shape.kernelHeight * shape.kernelWidth
            pixels = shape.outHeight * shape.outWidth
            inputs = channels * shape.height * shape.width
            outputs = rows * pixels
            weights = rows * depth
            columns = Tensor(unwritten: [depth, pixels])
        }

        func fillColumns(from input: Tensor, _ item: Int) {
            jk_im2col(input.pointer + item * inputs, columns.freshPointer, window)
        }
    }
}
