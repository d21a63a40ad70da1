import CKernels

extension Tape {
    /// The nearest pixel, as PyTorch's `interpolate(mode="nearest")`: the source of pixel i is ⌊i · in / out⌋, in Float.
    public func upsampleNearest(_ x: Variable, toHeight height: Int, width: Int) -> Variable {
        let shape = x.shape
        let block = x.value.block
        let planes = shape[0] * (shape[1] / block)
        let rows = sources(height, of: shape[2])
        let columns = sources(width, of: shape[3])
        let result = Tensor(unwritten: [shape[0], shape[1], height, width], block: block)
        jk_pick_pixels(
            x.value.pointer, result.freshPointer, rows, columns, planes, block, shape[2], shape[3], height, width)
        return record(result, from: [x]) { gradient in
            let part = Tensor(unwritten: shape, block: block)
            jk_pick_pixels_backward(
                gradient.pointer, part.freshPointer, rows, columns, planes, block, shape[2], shape[3], height, width)
            return [part]
        }
    }

    /// Bilinear interpolation between pixel centres (PyTorch's `align_corners=False`, without antialiasing).
    public func interpolateBilinear(_ x: Variable, toHeight height: Int, width: Int) -> Variable {
        let shape = x.shape
        let block = x.value.block
        let planes = shape[0] * (shape[1] / block)
        let rows = taps(height, of: shape[2])
        let columns = taps(width, of: shape[3])
        let result = Tensor(unwritten: [shape[0], shape[1], height, width], block: block)
        jk_bilinear(
            x.value.pointer, result.freshPointer, rows, columns, planes, block, shape[2], shape[3], height, width)
        return record(result, from: [x]) { gradient in
            let part = Tensor(unwritten: shape, block: block)
            jk_bilinear_backward(
                gradient.pointer, part.freshPointer, rows, columns, planes, block, shape[2], shape[3], height, width)
            return [part]
        }
    }
}

private func sources(_ count: Int, of size: Int) -> [Int] {
    let ratio = Float(size) / Float(max(count, 1))
    return (0..<count).map { min(size - 1, Int(Float($0) * ratio)) }
}

private func taps(_ count: Int, of size: Int) -> [jk_tap] {
    let ratio = Float(size) / Float(max(count, 1))
    return (0..<count).map { index in
        let place = max(0, (Float(index) + 0.5) * ratio - 0.5)
        let low = min(size - 1, Int(place))
        return jk_tap(low: low, high: min(size - 1, low + 1), weight: place - Float(low))
    }
}
