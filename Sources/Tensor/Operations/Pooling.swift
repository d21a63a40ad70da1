import CKernels

extension Tape {
    /// The largest element of each window; places beyond the border count as −∞. `x` [N, C, H, W] gives
    /// [N, C, (H + 2·padding − kernel) / stride + 1, …]. Of equal elements the first gets the gradient.
    public func maxPool(_ x: Variable, kernel: Int, stride: Int, padding: Int = 0) -> Variable {
        let shape = x.shape
        precondition(
            kernel > 0 && kernel <= 15 && stride > 0 && 2 * padding <= kernel && padding >= 0,
            "pooling windows are 1 to 15 wide, padding is at most half of that")
        precondition(
            shape[2] + 2 * padding >= kernel && shape[3] + 2 * padding >= kernel,
            "a window of \(kernel) does not fit \(shape)")
        let height = (shape[2] + 2 * padding - kernel) / stride + 1
        let width = (shape[3] + 2 * padding - kernel) / stride + 1
        let window = jk_window(
            channels: shape[1], height: shape[2], width: shape[3], kernelHeight: kernel, kernelWidth: kernel,
            stride: stride, padding: padding, outHeight: height, outWidth: width)
        let block = x.value.block
        let planes = shape[0] * (shape[1] / block)
        let result = Tensor(unwritten: [shape[0], shape[1], height, width], block: block)
        // One byte for each element, in memory of the tensors' pool.
        let choice = recording && x.isTracked ? Storage(count: (result.count + 3) / 4) : nil
        jk_max_pool(x.value.pointer, result.freshPointer, choice?.bytes, planes, block, window)
        return record(result, from: [x]) { gradient in
            guard let choice else { return [nil] }
            let part = Tensor(unwritten: shape, block: block)
            jk_max_pool_backward(gradient.pointer, choice.bytes, part.freshPointer, planes, block, window)
            return [part]
        }
    }

    /// The mean over the pixels: `x` [N, C, H, W] gives [N, C].
    public func globalAveragePool(_ x: Variable) -> Variable {
        let shape = x.shape
        let block = x.value.block
        let pixels = shape[2] * shape[3]
        let means = x.value.channelMoments().map { Float($0.x) }
        return record(Tensor([shape[0], shape[1]], means), from: [x]) { gradient in
            let each = gradient.array.map { $0 / Float(max(pixels, 1)) }
            let zeros = [Float](repeating: 0, count: each.count)
            return [Tensor(shape, block: block).channelAffine(center: zeros, zeros, each, relu: false)]
        }
    }
}

extension Storage {
    var bytes: UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(floats).assumingMemoryBound(to: UInt8.self)
    }
}
