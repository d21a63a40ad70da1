import Devices

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
        let window = Window(
            height: shape[2], width: shape[3], kernel: kernel, stride: stride, padding: padding, outHeight: height,
            outWidth: width)
        let block = x.value.block
        let planes = shape[0] * (shape[1] / block)
        let result = Tensor(unwritten: [shape[0], shape[1], height, width], block: block)
        // One byte for each element, in memory of the tensors' pool.
        let choice = recording && x.isTracked ? Storage(count: (result.count + 3) / 4) : nil
        Compute.device.maxPool(
            x.value.pointer, into: result.freshPointer, choice: choice?.bytes, planes: planes, block: block, window)
        return record(result, from: [x]) { gradient in
            guard let choice else { return [nil] }
            let part = Tensor(unwritten: shape, block: block)
            Compute.device.maxPoolBackward(
                gradient.pointer, choice: choice.bytes, into: part.freshPointer, planes: planes, block: block, window)
            return [part]
        }
    }

    /// The mean over the pixels: `x` [N, C, H, W] gives [N, C, 1, 1].
    public func globalAveragePool(_ x: Variable) -> Variable {
        let shape = x.shape
        let block = x.value.block
        let pixels = shape[2] * shape[3]
        let means = x.value.channelMoments().map { Float($0.x) }
        let result = Tensor([shape[0], shape[1], 1, 1], means).blocked(Layout.preferred(shape[1]))
        return record(result, from: [x]) { gradient in
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
