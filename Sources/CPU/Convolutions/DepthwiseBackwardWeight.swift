import CKernels
import Devices

/// The weights' gradients of depthwise 5×5 and 7×7 convolutions. oneDNN 2.6 has fast ones up to 3×3 alone; what it does in
/// their place takes twenty times the forward pass.
struct DepthwiseBackwardWeight: BackwardWeightConvolution {
    private let shape: ConvolutionShape

    /// Nil where the shape is another.
    init?(_ shape: ConvolutionShape) {
        let isDepthwise = shape.groups > 1 && shape.groups == shape.channels && shape.groups == shape.outputs
        let isBlocked = shape.inputBlock == shape.outputBlock && shape.inputBlock % 8 == 0
        let isWide = shape.kernelHeight == shape.kernelWidth && [5, 7].contains(shape.kernelWidth)
        guard isDepthwise, isBlocked, isWide else { return nil }
        self.shape = shape
    }

    var workspace: Int { 0 }

    func run(
        _ input: Floats, gradient: Floats, into weights: MutableFloats, bias: MutableFloats?, workspace: MutableFloats
    ) {
        jk_depthwise_backward_weight(
            input, gradient, weights, bias, shape.images, shape.channels, shape.inputBlock,
            jk_window(
                channels: 1, height: shape.height, width: shape.width, kernelHeight: shape.kernelHeight,
                kernelWidth: shape.kernelWidth, stride: shape.stride, padding: shape.padding,
                outHeight: shape.outHeight, outWidth: shape.outWidth))
    }
}
