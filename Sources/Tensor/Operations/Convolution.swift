extension Tape {
    /// Cross-correlation, as deep learning calls convolution. `x` [N, C, H, W], `weight` [O, C / groups, kH, kW],
    /// `bias` [O]; the result is [N, O, (H + 2·padding − kH) / stride + 1, …], in the preferred block of O.
    ///
    /// What follows runs with it, in one pass over the result: a frozen `norm` (folded into weight and bias), the sum
    /// with a `residual` of the result's shape, and max(0, ·) with `relu`.
    public func convolution(
        _ x: Variable, weight: Variable, bias: Variable? = nil, norm: FrozenNorm? = nil, residual: Variable? = nil,
        stride: Int = 1, padding: Int = 0, groups: Int = 1, relu: Bool = false
    ) -> Variable {
        let shape = ConvolutionShape(
            input: x.value, weight: weight.value, stride: stride, padding: padding, groups: groups)
        precondition(bias.map { $0.shape == [shape.outputs] } ?? true, "a bias has one element for each output")
        precondition(residual.map { $0.shape == shape.resultShape } ?? true, "a residual has the result's shape")
        let engine: any ConvolutionBackend = engine == .oneDNN ? OneDNNConvolution() : GEMMConvolution()
        let input = shape.accepted(x.value)
        let folded = norm?.folded(weight.value, bias?.value) ?? (weight: weight.value, bias: bias?.value)
        let block = x.value.block
        let residualBlock = residual?.value.block
        let result = Tensor(unwritten: shape.resultShape, block: shape.outputBlock)
        if result.count > 0 {
            let after = AfterConvolution(
                bias: folded.bias, residual: residual?.value.blocked(shape.outputBlock), relu: relu)
            engine.forward(shape, input, folded.weight, after, result)
            Work.count(shape.multiplyAccumulates)
            if recording, weight.isTracked { reorderedWeights.append(weight.value.storage) }
        }

        // Only what a gradient will read is kept alive.
        let keptInput = weight.isTracked ? input : nil
        let keptWeight = x.isTracked ? weight.value : nil
        let isTrained = weight.isTracked
        let mask = relu ? result : nil
        let wantsBias = bias?.isTracked ?? false
        let wantsResidual = residual?.isTracked ?? false
        let factors = weight.isTracked || wantsBias ? norm?.factors : nil
        return record(result, from: [x, weight, bias ?? constant(Tensor(0)), residual ?? constant(Tensor(0))]) {
            gradient in
            guard gradient.count > 0 else {
                return [
                    keptWeight.map { _ in Tensor(shape.inputShape, block: block) },
                    keptInput.map { _ in Tensor(shape.weightShape) }, wantsBias ? Tensor([shape.outputs]) : nil,
                    wantsResidual ? Tensor(shape.resultShape, block: residualBlock ?? 1) : nil,
                ]
            }
            if let mask { gradient.keep(where: mask) }
            let forResidual = wantsResidual ? gradient.blocked(residualBlock ?? 1) : nil
            let forInput = keptWeight.map { weight in
                // Folded anew: between the passes it would only take memory.
                defer { if norm != nil, isTrained { weight.storage.dropDerived() } }
                return engine.backwardInput(shape, gradient, norm?.folded(weight) ?? weight).blocked(block)
            }
            Work.count(shape.multiplyAccumulates * ((keptWeight == nil ? 0 : 1) + (keptInput == nil ? 0 : 1)))
            var forWeight: Tensor?
            var forBias: Tensor?
            if let keptInput {
                (forWeight, forBias) = engine.backwardWeight(shape, keptInput, gradient, bias: wantsBias)
            } else if wantsBias {
                forBias = gradient.channelSums()
            }
            if let factors {
                forWeight?.scaleRows(by: factors)
                forBias?.scaleRows(by: factors)
            }
            return [forInput, forWeight, forBias, forResidual]
        }
    }
}

/// What a convolution does with its result before it writes it: adds a bias for each output, adds a residual in the
/// result's shape and block, takes max(0, ·); in this order.
struct AfterConvolution {
    var bias: Tensor?
    var residual: Tensor?
    var relu = false
}

/// What computes convolutions. Gradients come and go in the blocks of the values that they belong to.
protocol ConvolutionBackend {
    func forward(
        _ shape: ConvolutionShape, _ input: Tensor, _ weight: Tensor, _ after: AfterConvolution, _ result: Tensor)
    func backwardInput(_ shape: ConvolutionShape, _ gradient: Tensor, _ weight: Tensor) -> Tensor
    func backwardWeight(
        _ shape: ConvolutionShape, _ input: Tensor, _ gradient: Tensor, bias: Bool
    ) -> (weight: Tensor, bias: Tensor?)
}

struct ConvolutionShape: Hashable, Sendable {
    var images, channels, height, width: Int
    var outputs, kernelHeight, kernelWidth, stride, padding, groups: Int
    var inputBlock, outputBlock: Int

    init(input: Tensor, weight: Tensor, stride: Int, padding: Int, groups: Int) {
        let x = input.shape
        let w = weight.shape
        precondition(x.count == 4 && w.count == 4, "a convolution is of images, its weights are OIHW: \(x), \(w)")
        precondition(
            groups > 0 && w[1] * groups == x[1] && w[0] % groups == 0,
            "weights \(w) in \(groups) groups do not fit an input \(x)")
        precondition(
            stride > 0 && padding >= 0 && x[2] + 2 * padding >= w[2] && x[3] + 2 * padding >= w[3],
            "a kernel \(w) does not fit an input \(x) with padding \(padding)")
        (images, channels, height, width) = (x[0], x[1], x[2], x[3])
        (outputs, kernelHeight, kernelWidth) = (w[0], w[2], w[3])
        (self.stride, self.padding, self.groups) = (stride, padding, groups)
        let known = input.block == 1 || input.block == channels || [4, 8, 16].contains(input.block)
        inputBlock = known ? input.block : Layout.preferred(channels)
        outputBlock = Layout.preferred(outputs)
    }

    /// The input in a block that the engines take.
    func accepted(_ input: Tensor) -> Tensor { input.blocked(inputBlock) }

    var outHeight: Int { (height + 2 * padding - kernelHeight) / stride + 1 }
    var outWidth: Int { (width + 2 * padding - kernelWidth) / stride + 1 }
    var multiplyAccumulates: Int {
        images * outHeight * outWidth * outputs * (channels / groups) * kernelHeight * kernelWidth
    }
    var inputShape: [Int] { [images, channels, height, width] }
    var weightShape: [Int] { [outputs, channels / groups, kernelHeight, kernelWidth] }
    var resultShape: [Int] { [images, outputs, outHeight, outWidth] }
}
