import CKernels
import Devices

// Convolutions 3×3 with stride 1 by Winograd's F(4×4, 3×3) (`winograd.h`): a quarter of the direct sum's multiplications.

struct WinogradForward: ForwardConvolution {
    private let plan: WinogradPlan
    private let relu: Bool

    /// Nil where it is not defined for the shape.
    init?(_ shape: ConvolutionShape, _ after: AfterConvolution) {
        guard let plan = WinogradPlan(shape) else { return nil }
        (self.plan, relu) = (plan, after.relu)
    }

    var workspace: Int { plan.workspace }
    var packedWeights: Int? { plan.packedWeights }
    var packedLayout: UInt64 { plan.layout(turned: false) }
    func pack(_ weights: Floats, into packed: MutableFloats) { jk_winograd_pack(plan.kernel, weights, 0, packed) }

    func run(
        _ input: Floats, weights: Floats, bias: Floats?, residual: Floats?, into output: MutableFloats,
        workspace: MutableFloats
    ) {
        jk_winograd_convolve(plan.kernel, input, weights, bias, residual, relu ? 1 : 0, output, workspace)
    }
}

/// The gradient of the input is the convolution of the result's gradient with the weights turned by 180°.
struct WinogradBackwardInput: BackwardInputConvolution {
    private let plan: WinogradPlan

    init?(_ shape: ConvolutionShape) {
        var turned = shape
        (turned.channels, turned.outputs) = (shape.outputs, shape.channels)
        (turned.inputBlock, turned.outputBlock) = (shape.outputBlock, shape.inputBlock)
        guard let plan = WinogradPlan(turned) else { return nil }
        self.plan = plan
    }

    var workspace: Int { plan.workspace }
    var packedWeights: Int? { plan.packedWeights }
    var packedLayout: UInt64 { plan.layout(turned: true) }
    func pack(_ weights: Floats, into packed: MutableFloats) { jk_winograd_pack(plan.kernel, weights, 1, packed) }

    func run(_ gradient: Floats, weights: Floats, into input: MutableFloats, workspace: MutableFloats) {
        jk_winograd_convolve(plan.kernel, gradient, weights, nil, nil, 0, input, workspace)
    }
}

struct WinogradBackwardWeight: BackwardWeightConvolution {
    private let plan: WinogradPlan

    init?(_ shape: ConvolutionShape) {
        guard let plan = WinogradPlan(shape) else { return nil }
        self.plan = plan
    }

    var workspace: Int { jk_winograd_gradient_workspace(plan.kernel) }

    func run(
        _ input: Floats, gradient: Floats, into weights: MutableFloats, bias: MutableFloats?, workspace: MutableFloats
    ) {
        jk_winograd_gradient(plan.kernel, input, gradient, weights, bias, workspace)
    }
}

private struct WinogradPlan {
    let kernel: jk_winograd

    init?(_ shape: ConvolutionShape) {
        let lanes = Int(jk_lanes())
        guard shape.kernelHeight == 3, shape.kernelWidth == 3, shape.stride == 1, shape.padding == 1,
            shape.groups == 1, shape.inputBlock == lanes, shape.outputBlock == lanes
        else { return nil }
        kernel = jk_winograd(
            images: shape.images, channels: shape.channels, height: shape.height, width: shape.width,
            outputs: shape.outputs, lanes: lanes, threads: jk_threads(), portable: 0)
    }

    var workspace: Int { jk_winograd_workspace(kernel) }
    var packedWeights: Int { jk_winograd_weights(kernel) }
    /// Tells its weights from each other, and from other implementations'.
    func layout(turned: Bool) -> UInt64 { turned ? 0x77_696e_6f67_7261_01 : 0x77_696e_6f67_7261_00 }
}

extension ConvolutionShape {
    /// Whether Winograd's convolution, where defined, is faster than a direct one: measured with AVX2 on one and two
    /// threads against oneDNN 2.6.3. Forward, and so backward to the input, it takes 0.3 to 0.5 of the time, the gradient
    /// of the weights 0.25 to 0.6.
    ///
    /// Tiles must not lie beyond the border so far that they have more than half of the direct products; and transformed
    /// weights, four times as many, must meet enough pixels for what it costs to make and read them: 20², or a batch of
    /// four at 10². More where they fit no cache.
    var isFasterByWinograd: Bool {
        let side = { (pixels: Int) in (pixels + 3) / 4 }
        let tiles = images * side(outHeight) * side(outWidth)
        let pixels = images * outHeight * outWidth
        let packedBytes = 36 * 4 * channels * outputs
        return pixels >= 8 * tiles && pixels >= (packedBytes <= 16 << 20 ? 384 : 1024)
    }
}
