import CKernels
import Devices

// bf16 by float32 instructions: operands are rounded to bfloat16 first. A product of two of them is exact in float32,
// so that nothing but the order of the sums differs from the processor's own bf16.

struct RoundedForward: ForwardConvolution {
    private let base: any ForwardConvolution
    private let weightCount: Int
    private let inputCount: Int

    init(_ base: any ForwardConvolution, _ shape: ConvolutionShape) {
        self.base = base
        weightCount = shape.weightShape.reduce(1, *)
        inputCount = shape.inputShape.reduce(1, *)
    }

    var workspace: Int { aligned(inputCount) + base.workspace }
    var packedWeights: Int? { base.packedWeights ?? weightCount }
    var packedLayout: UInt64 { roundedLayout(base.packedLayout) }
    func pack(_ weights: Floats, into packed: MutableFloats) { packRounded(weights, weightCount, base, packed) }

    func run(
        _ input: Floats, weights: Floats, bias: Floats?, residual: Floats?, into output: MutableFloats,
        workspace: MutableFloats
    ) {
        jk_round_bf16(input, workspace, inputCount)
        base.run(
            workspace, weights: weights, bias: bias, residual: residual, into: output,
            workspace: workspace + aligned(inputCount))
    }
}

struct RoundedBackwardInput: BackwardInputConvolution {
    private let base: any BackwardInputConvolution
    private let weightCount: Int
    private let gradientCount: Int

    init(_ base: any BackwardInputConvolution, _ shape: ConvolutionShape) {
        self.base = base
        weightCount = shape.weightShape.reduce(1, *)
        gradientCount = shape.resultShape.reduce(1, *)
    }

    var workspace: Int { aligned(gradientCount) + base.workspace }
    var packedWeights: Int? { base.packedWeights ?? weightCount }
    var packedLayout: UInt64 { roundedLayout(base.packedLayout) }
    func pack(_ weights: Floats, into packed: MutableFloats) { packRounded(weights, weightCount, base, packed) }

    func run(_ gradient: Floats, weights: Floats, into input: MutableFloats, workspace: MutableFloats) {
        jk_round_bf16(gradient, workspace, gradientCount)
        base.run(workspace, weights: weights, into: input, workspace: workspace + aligned(gradientCount))
    }
}

struct RoundedBackwardWeight: BackwardWeightConvolution {
    private let base: any BackwardWeightConvolution
    private let inputCount: Int
    private let gradientCount: Int

    init(_ base: any BackwardWeightConvolution, _ shape: ConvolutionShape) {
        self.base = base
        inputCount = shape.inputShape.reduce(1, *)
        gradientCount = shape.resultShape.reduce(1, *)
    }

    var workspace: Int { aligned(inputCount) + aligned(gradientCount) + base.workspace }

    func run(
        _ input: Floats, gradient: Floats, into weights: MutableFloats, bias: MutableFloats?, workspace: MutableFloats
    ) {
        let roundedGradient = workspace + aligned(inputCount)
        jk_round_bf16(input, workspace, inputCount)
        jk_round_bf16(gradient, roundedGradient, gradientCount)
        base.run(
            workspace, gradient: roundedGradient, into: weights, bias: bias,
            workspace: roundedGradient + aligned(gradientCount))
    }
}

/// Floats of a buffer that ends where the next may begin, at 64 bytes.
func aligned(_ count: Int) -> Int { (count + 15) & ~15 }

private func roundedLayout(_ layout: UInt64) -> UInt64 { layout ^ 0xbf16_bf16_bf16_bf16 }

private func packRounded(_ weights: Floats, _ count: Int, _ base: some WeightReading, _ packed: MutableFloats) {
    guard base.packedWeights != nil else { return jk_round_bf16(weights, packed, count) }
    withRounded(weights, count: count) { base.pack($0, into: packed) }
}

/// Elements rounded to bfloat16, in memory of their own.
func withRounded(_ elements: Floats, count: Int, _ body: (Floats) -> Void) {
    withScratch(count) { rounded in
        jk_round_bf16(elements, rounded, count)
        body(rounded)
    }
}

/// Memory for a moment.
func withScratch(_ count: Int, _ body: (MutableFloats) -> Void) {
    guard let memory = jk_allocate(max(count, 1) * MemoryLayout<Float>.stride) else { outOfMemory(count) }
    defer { jk_free(memory) }
    body(memory.bindMemory(to: Float.self, capacity: max(count, 1)))
}

private func outOfMemory(_ count: Int) -> Never {
    fatalError("out of memory: \(count * MemoryLayout<Float>.stride) more bytes wanted for a convolution")
}
