import CKernels
public import Devices

extension CPUDevice {
    public func softmaxCrossEntropy(
        _ logits: Floats, targets: [Int32], weights: [Float]?, rows: Int, classes: Int, factor: Double,
        gradient: MutableFloats?
    ) -> Double {
        jk_softmax_cross_entropy(logits, targets, weights, rows, classes, factor, gradient)
    }

    public func klDivergence(
        _ logits: Floats, probabilities: Floats, weights: [Float]?, rows: Int, classes: Int, temperature: Double,
        factor: Double, gradient: MutableFloats?
    ) -> Double {
        jk_kl_divergence(logits, probabilities, weights, rows, classes, temperature, factor, gradient)
    }

    public func softmax(_ logits: Floats, into result: MutableFloats, rows: Int, classes: Int, temperature: Float) {
        jk_softmax(logits, result, rows, classes, temperature)
    }

    public func binaryCrossEntropy(
        _ logits: Floats, targets: [Float], weights: [Float]?, count: Int, factor: Double, gradient: MutableFloats?
    ) -> Double {
        jk_binary_cross_entropy(logits, targets, weights, count, factor, gradient)
    }

    public func smoothL1(
        _ x: Floats, targets: [Float], weights: [Float]?, count: Int, beta: Float, factor: Double,
        gradient: MutableFloats?
    ) -> Double {
        jk_smooth_l1(x, targets, weights, count, beta, factor, gradient)
    }

    public func maskedSquares(
        _ x: Floats, targets: Floats, mask: Floats?, _ extent: MaskedExtent, factor: Double, gradient: MutableFloats?
    ) -> Double {
        jk_masked_squares(
            x, targets, mask, extent.planes, extent.planesPerImage, extent.pixels, extent.block, factor, gradient)
    }
}
