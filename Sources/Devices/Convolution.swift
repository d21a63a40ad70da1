/// Which convolution computes.
public enum ConvolutionEngine: String, Sendable, CaseIterable {
    /// The device's best for the shape.
    case fast
    /// The device's best that multiplies each input by each weight, as the definition does.
    case direct
    /// Winograd's minimal filtering wherever the device has it, be it faster or not; elsewhere as `direct`.
    case winograd
    /// im2col and a matrix product: slower; it checks the fast one, and serves where that has none.
    case gemm
}

/// A convolution's sizes, and how its input and output lie in memory.
public struct ConvolutionShape: Hashable, Sendable {
    public var images, channels, height, width: Int
    public var outputs, kernelHeight, kernelWidth, stride, padding, groups: Int
    /// Channels side by side in input and output; 1, all of them, or 4, 8 or 16.
    public var inputBlock, outputBlock: Int

    public init(
        images: Int, channels: Int, height: Int, width: Int, outputs: Int, kernelHeight: Int, kernelWidth: Int,
        stride: Int, padding: Int, groups: Int, inputBlock: Int, outputBlock: Int
    ) {
        (self.images, self.channels, self.height, self.width) = (images, channels, height, width)
        (self.outputs, self.kernelHeight, self.kernelWidth) = (outputs, kernelHeight, kernelWidth)
        (self.stride, self.padding, self.groups) = (stride, padding, groups)
        (self.inputBlock, self.outputBlock) = (inputBlock, outputBlock)
    }

    public var outHeight: Int { (height + 2 * padding - kernelHeight) / stride + 1 }
    public var outWidth: Int { (width + 2 * padding - kernelWidth) / stride + 1 }
    public var multiplyAccumulates: Int {
        images * outHeight * outWidth * outputs * (channels / groups) * kernelHeight * kernelWidth
    }
    /// [N, C, H, W]
    public var inputShape: [Int] { [images, channels, height, width] }
    /// [O, C / groups, kH, kW]
    public var weightShape: [Int] { [outputs, channels / groups, kernelHeight, kernelWidth] }
    /// [N, O, outH, outW]
    public var resultShape: [Int] { [images, outputs, outHeight, outWidth] }

    /// The input as a layout of images.
    public var input: ImageLayout {
        ImageLayout(images: images, channels: channels, pixels: height * width, block: inputBlock)
    }
    /// The result as a layout of images.
    public var output: ImageLayout {
        ImageLayout(images: images, channels: outputs, pixels: outHeight * outWidth, block: outputBlock)
    }
}

/// What a convolution does with its result before it writes it: adds a bias for each output, adds a residual in the
/// result's layout, takes max(0, ·); in this order.
public struct AfterConvolution: Hashable, Sendable {
    public var bias: Bool
    public var residual: Bool
    public var relu: Bool

    public init(bias: Bool = false, residual: Bool = false, relu: Bool = false) {
        (self.bias, self.residual, self.relu) = (bias, residual, relu)
    }
}

/// A convolution prepared for one shape. Any thread may run it, several at a time.
public protocol PreparedConvolution: Sendable {
    /// Floats of scratch memory that a run needs, 64-byte aligned.
    var workspace: Int { get }
}

/// A prepared convolution that reads weights, in an order of its own.
public protocol WeightReading: PreparedConvolution {
    /// How many floats the weights take in that order; nil where it is OIHW.
    var packedWeights: Int? { get }
    /// The same for every convolution that reads the same packed weights.
    var packedLayout: UInt64 { get }
    /// From OIHW to that order.
    func pack(_ weights: Floats, into packed: MutableFloats)
}

public protocol ForwardConvolution: WeightReading {
    /// `bias` and `residual` are given exactly where it was prepared for them.
    func run(
        _ input: Floats, weights: Floats, bias: Floats?, residual: Floats?, into output: MutableFloats,
        workspace: MutableFloats)
}

public protocol BackwardInputConvolution: WeightReading {
    func run(_ gradient: Floats, weights: Floats, into input: MutableFloats, workspace: MutableFloats)
}

public protocol BackwardWeightConvolution: PreparedConvolution {
    /// `bias` is given exactly where it was prepared for it.
    func run(
        _ input: Floats, gradient: Floats, into weights: MutableFloats, bias: MutableFloats?, workspace: MutableFloats)
}
