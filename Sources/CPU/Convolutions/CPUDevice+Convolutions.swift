public import Devices

// Which implementation serves a shape. The choice follows from the shape alone, never from a time measured while
// running: the same job gives the same bits.
extension CPUDevice {
    public func convolution(
        _ shape: ConvolutionShape, then after: AfterConvolution, _ engine: ConvolutionEngine, _ precision: Precision
    ) -> any ForwardConvolution {
        switch precision {
        case .bfloat16Emulated:
            RoundedForward(convolution(shape, then: after, engine.ofProducts, .float32), shape)
        case .bfloat16 where engine == .gemm: RoundedForward(GEMMForward(shape, after), shape)
        case .float32 where engine == .gemm: GEMMForward(shape, after)
        case .float32:
            (usesWinograd(shape, engine) ? WinogradForward(shape, after) : nil)
                ?? directForward(shape, after, precision)
        case .bfloat16: directForward(shape, after, precision)
        }
    }

    private func directForward(
        _ shape: ConvolutionShape, _ after: AfterConvolution, _ precision: Precision
    ) -> any ForwardConvolution {
        if let fused = OneDNNForward(shape, after, precision) { return fused }
        if after.residual, let plain = OneDNNForward(shape, AfterConvolution(bias: after.bias), precision) {
            return ResidualAfterwards(plain, shape, relu: after.relu)
        }
        let gemm = GEMMForward(shape, after)
        return precision == .bfloat16 ? RoundedForward(gemm, shape) : gemm
    }

    public func convolutionBackwardInput(
        _ shape: ConvolutionShape, _ engine: ConvolutionEngine, _ precision: Precision
    ) -> any BackwardInputConvolution {
        switch precision {
        case .bfloat16Emulated:
            RoundedBackwardInput(convolutionBackwardInput(shape, engine.ofProducts, .float32), shape)
        case .bfloat16 where engine == .gemm: RoundedBackwardInput(GEMMBackwardInput(shape), shape)
        case .float32 where engine == .gemm: GEMMBackwardInput(shape)
        case .float32:
            (usesWinograd(shape, engine) ? WinogradBackwardInput(shape) : nil) ?? directBackwardInput(shape, precision)
        case .bfloat16: directBackwardInput(shape, precision)
        }
    }

    private func directBackwardInput(
        _ shape: ConvolutionShape, _ precision: Precision
    ) -> any BackwardInputConvolution {
        if let direct = OneDNNBackwardInput(shape, precision) { return direct }
        let gemm = GEMMBackwardInput(shape)
        return precision == .bfloat16 ? RoundedBackwardInput(gemm, shape) : gemm
    }

    public func convolutionBackwardWeight(
        _ shape: ConvolutionShape, bias: Bool, _ engine: ConvolutionEngine, _ precision: Precision
    ) -> any BackwardWeightConvolution {
        switch precision {
        case .bfloat16Emulated:
            RoundedBackwardWeight(convolutionBackwardWeight(shape, bias: bias, engine.ofProducts, .float32), shape)
        case .bfloat16 where engine == .gemm: RoundedBackwardWeight(GEMMBackwardWeight(shape), shape)
        case .float32 where engine == .gemm: GEMMBackwardWeight(shape)
        case .float32:
            (usesWinograd(shape, engine) ? WinogradBackwardWeight(shape) : nil)
                ?? directBackwardWeight(shape, bias, precision)
        case .bfloat16: directBackwardWeight(shape, bias, precision)
        }
    }

    private func directBackwardWeight(
        _ shape: ConvolutionShape, _ bias: Bool, _ precision: Precision
    ) -> any BackwardWeightConvolution {
        if precision == .float32, let depthwise = DepthwiseBackwardWeight(shape) { return depthwise }
        if let direct = OneDNNBackwardWeight(shape, bias: bias, precision) { return direct }
        let gemm = GEMMBackwardWeight(shape)
        return precision == .bfloat16 ? RoundedBackwardWeight(gemm, shape) : gemm
    }

    private func usesWinograd(_ shape: ConvolutionShape, _ engine: ConvolutionEngine) -> Bool {
        engine == .winograd || engine == .fast && shape.isFasterByWinograd
    }
}

extension ConvolutionEngine {
    /// One that multiplies the operands themselves, not sums of them: sums of bf16 numbers are none.
    fileprivate var ofProducts: ConvolutionEngine { self == .gemm ? .gemm : .direct }
}

extension WeightReading {
    /// For those that read OIHW itself.
    var packedWeights: Int? { nil }
    var packedLayout: UInt64 { 0 }
    func pack(_ weights: Floats, into packed: MutableFloats) {}
}
