import Devices

extension Tape {
    /// Cross-correlation, as deep learning calls convolution. `x` [N, C, H, W], `weight` [O, C / groups, kH, kW],
    /// `bias` [O]; the result is [N, O, (H + 2·padding − kH) / stride + 1, …], in the preferred block of O.
    ///
    /// What follows runs with it, in one pass over the result: a frozen `norm` (folded into weight and bias), the sum
    /// with a `residual` of the result's shape, and max(0, ·) with `relu`.
    ///
    /// `isShared` says that others on this tape have the same weight: what it was reordered to is then kept for them.
    public func convolution(
        _ x: Variable, weight: Variable, bias: Variable? = nil, norm: FrozenNorm? = nil, residual: Variable? = nil,
        stride: Int = 1, padding: Int = 0, groups: Int = 1, relu: Bool = false, isShared: Bool = false
    ) -> Variable {
        let shape = ConvolutionShape(
            input: x.value, weight: weight.value, stride: stride, padding: padding, groups: groups)
        precondition(bias.map { $0.shape == [shape.outputs] } ?? true, "a bias has one element for each output")
        precondition(residual.map { $0.shape == shape.resultShape } ?? true, "a residual has the result's shape")
        let passes = ConvolutionPasses(shape: shape, engine: engine, precision: precision)
        let input = x.value.blocked(shape.inputBlock)
        let folded = norm?.folded(weight.value, bias?.value) ?? (weight: weight.value, bias: bias?.value)
        let block = x.value.block
        let residualBlock = residual?.value.block
        // Until the weights change nobody reads them in this pass' order again: it would only take memory.
        let endsOrder = weight.isTracked && !isShared
        let result = Tensor(unwritten: shape.resultShape, block: shape.outputBlock)
        if result.count > 0 {
            passes.forward(
                input, folded.weight, bias: folded.bias, residual: residual?.value.blocked(shape.outputBlock),
                relu: relu, into: result)
            count(shape.multiplyAccumulates)
            if recording, endsOrder { weight.value.storage.dropDerived() }
        }

        // Only what a gradient will read is kept alive.
        let keptInput = weight.isTracked ? input : nil
        let keptWeight = x.isTracked ? weight.value : nil
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
                defer { if endsOrder { weight.storage.dropDerived() } }
                return passes.backwardInput(gradient, norm?.folded(weight) ?? weight).blocked(block)
            }
            Work.count(shape.multiplyAccumulates * ((keptWeight == nil ? 0 : 1) + (keptInput == nil ? 0 : 1)))
            var forWeight: Tensor?
            var forBias: Tensor?
            if let keptInput {
                (forWeight, forBias) = passes.backwardWeight(keptInput, gradient, bias: wantsBias)
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

extension ConvolutionShape {
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
        let known = input.block == 1 || input.block == x[1] || [4, 8, 16].contains(input.block)
        self.init(
            images: x[0], channels: x[1], height: x[2], width: x[3], outputs: w[0], kernelHeight: w[2],
            kernelWidth: w[3], stride: stride, padding: padding, groups: groups,
            inputBlock: known ? input.block : Layout.preferred(x[1]), outputBlock: Layout.preferred(w[0]))
    }
}
