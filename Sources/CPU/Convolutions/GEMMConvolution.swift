import CKernels
import Devices

// Convolution as matrix products of OpenBLAS, one for each image and group: the checked alternative to oneDNN's.

struct GEMMForward: ForwardConvolution {
    private let plan: GEMMPlan
    private let relu: Bool

    init(_ shape: ConvolutionShape, _ after: AfterConvolution) {
        plan = GEMMPlan(shape)
        relu = after.relu
    }

    var workspace: Int { plan.columnCount + plan.plainInputCount + aligned(plan.resultCount) }

    func run(
        _ input: Floats, weights: Floats, bias: Floats?, residual: Floats?, into output: MutableFloats,
        workspace: MutableFloats
    ) {
        let shape = plan.shape
        let input = plan.plainInput(input, workspace + plan.columnCount)
        let plain = workspace + plan.columnCount + plan.plainInputCount
        for item in 0..<plan.items {
            jk_im2col(input + item * plan.inputs, workspace, plan.window)
            sgemm(
                MatrixOperand(weights + item % shape.groups * plan.weights), MatrixOperand(workspace),
                plain + item * plan.outputs, MatrixProduct(m: plan.rows, n: plan.pixels, k: plan.depth))
        }
        jk_reblock(plain, 1, output, shape.outputBlock, shape.images, shape.outputs, plan.pixels)
        let cells = shape.images * shape.outputs
        let shifts = (0..<cells).map { cell in bias.map { $0[cell % shape.outputs] } ?? 0 }
        let zeros = [Float](repeating: 0, count: cells)
        let ones = [Float](repeating: 1, count: cells)
        let images = jk_images(
            images: shape.images, channels: shape.outputs, pixels: plan.pixels, block: shape.outputBlock)
        jk_channel_affine(output, zeros, ones, shifts, residual, output, images, relu ? 1 : 0)
    }
}

struct GEMMBackwardInput: BackwardInputConvolution {
    private let plan: GEMMPlan

    init(_ shape: ConvolutionShape) { plan = GEMMPlan(shape) }

    var workspace: Int { plan.columnCount + plan.plainGradientCount + plan.plainInputCount }

    func run(_ gradient: Floats, weights: Floats, into input: MutableFloats, workspace: MutableFloats) {
        let shape = plan.shape
        let gradient = plan.plainGradient(gradient, workspace + plan.columnCount)
        let isPlain = shape.inputBlock == 1
        let result = isPlain ? input : workspace + plan.columnCount + plan.plainGradientCount
        for item in 0..<plan.items {
            sgemm(
                MatrixOperand(weights + item % shape.groups * plan.weights, transposed: true),
                MatrixOperand(gradient + item * plan.outputs), workspace,
                MatrixProduct(m: plan.depth, n: plan.pixels, k: plan.rows))
            jk_col2im(workspace, result + item * plan.inputs, plan.window)
        }
        if !isPlain {
            jk_reblock(
                result, 1, input, shape.inputBlock, shape.images, shape.channels, shape.height * shape.width)
        }
    }
}

struct GEMMBackwardWeight: BackwardWeightConvolution {
    private let plan: GEMMPlan

    init(_ shape: ConvolutionShape) { plan = GEMMPlan(shape) }

    var workspace: Int { plan.columnCount + plan.plainGradientCount + plan.plainInputCount }

    func run(
        _ input: Floats, gradient: Floats, into weights: MutableFloats, bias: MutableFloats?, workspace: MutableFloats
    ) {
        let shape = plan.shape
        let input = plan.plainInput(input, workspace + plan.columnCount)
        let plain = plan.plainGradient(gradient, workspace + plan.columnCount + plan.plainInputCount)
        jk_fill(weights, 0, shape.groups * plan.weights)
        for item in 0..<plan.items {
            jk_im2col(input + item * plan.inputs, workspace, plan.window)
            sgemm(
                MatrixOperand(plain + item * plan.outputs), MatrixOperand(workspace, transposed: true),
                weights + item % shape.groups * plan.weights,
                MatrixProduct(m: plan.rows, n: plan.depth, k: plan.pixels, beta: 1))
        }
        guard let bias else { return }
        for output in 0..<shape.outputs {
            var sum = 0.0
            for image in 0..<shape.images {
                let first = (image * shape.outputs + output) * plan.pixels
                for pixel in first..<first + plan.pixels { sum += Double(plain[pixel]) }
            }
            bias[output] = Float(sum)
        }
    }
}

/// The sizes of one image's group, and what the passes have in common.
private struct GEMMPlan {
    let shape: ConvolutionShape
    let window: jk_window
    let rows, depth, pixels: Int
    let inputs, outputs, weights: Int

    init(_ shape: ConvolutionShape) {
        self.shape = shape
        let channels = shape.channels / shape.groups
        window = jk_window(
            channels: channels, height: shape.height, width: shape.width, kernelHeight: shape.kernelHeight,
            kernelWidth: shape.kernelWidth, stride: shape.stride, padding: shape.padding, outHeight: shape.outHeight,
            outWidth: shape.outWidth)
        rows = shape.outputs / shape.groups
        depth = channels * shape.kernelHeight * shape.kernelWidth
        pixels = shape.outHeight * shape.outWidth
        inputs = channels * shape.height * shape.width
        outputs = rows * pixels
        weights = rows * depth
    }

    var items: Int { shape.images * shape.groups }
    var resultCount: Int { items * outputs }

    // Floats of scratch memory for each part.
    var columnCount: Int { aligned(depth * pixels) }
    var plainInputCount: Int { shape.inputBlock == 1 ? 0 : aligned(items * inputs) }
    var plainGradientCount: Int { shape.outputBlock == 1 ? 0 : aligned(resultCount) }

    func plainInput(_ input: Floats, _ scratch: MutableFloats) -> Floats {
        guard shape.inputBlock != 1 else { return input }
        jk_reblock(input, shape.inputBlock, scratch, 1, shape.images, shape.channels, shape.height * shape.width)
        return Floats(scratch)
    }

    func plainGradient(_ gradient: Floats, _ scratch: MutableFloats) -> Floats {
        guard shape.outputBlock != 1 else { return gradient }
        jk_reblock(gradient, shape.outputBlock, scratch, 1, shape.images, shape.outputs, pixels)
        return Floats(scratch)
    }
}
