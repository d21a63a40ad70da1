import CKernels
import Devices

/// A convolution that leaves the residual, and the ReLU after it, to a pass of their own.
struct ResidualAfterwards: ForwardConvolution {
    private let base: any ForwardConvolution
    private let count: Int
    private let relu: Bool

    init(_ base: any ForwardConvolution, _ shape: ConvolutionShape, relu: Bool) {
        self.base = base
        self.relu = relu
        count = shape.resultShape.reduce(1, *)
    }

    var workspace: Int { base.workspace }
    var packedWeights: Int? { base.packedWeights }
    var packedLayout: UInt64 { base.packedLayout }
    func pack(_ weights: Floats, into packed: MutableFloats) { base.pack(weights, into: packed) }

    func run(
        _ input: Floats, weights: Floats, bias: Floats?, residual: Floats?, into output: MutableFloats,
        workspace: MutableFloats
    ) {
        base.run(input, weights: weights, bias: bias, residual: nil, into: output, workspace: workspace)
        if let residual { jk_add(output, residual, output, count, relu ? 1 : 0) }
    }
}
