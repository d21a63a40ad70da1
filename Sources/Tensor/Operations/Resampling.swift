import Devices

extension Tape {
    /// The nearest pixel, as PyTorch's `interpolate(mode="nearest")`: the source of pixel i is ⌊i · in / out⌋, in Float.
    public func upsampleNearest(_ x: Variable, toHeight height: Int, width: Int) -> Variable {
        let shape = x.shape
        let block = x.value.block
        let grid = PixelGrid(
            rows: sources(height, of: shape[2]), columns: sources(width, of: shape[3]),
            planes: shape[0] * (shape[1] / block), block: block, height: shape[2], width: shape[3])
        let result = Tensor(unwritten: [shape[0], shape[1], height, width], block: block)
        Compute.device.pickPixels(x.value.pointer, into: result.freshPointer, grid)
        return record(result, from: [x]) { gradient in
            let part = Tensor(unwritten: shape, block: block)
            Compute.device.pickPixelsBackward(gradient.pointer, into: part.freshPointer, grid)
            return [part]
        }
    }

    /// Bilinear interpolation between pixel centres (PyTorch's `align_corners=False`, without antialiasing).
    public func interpolateBilinear(_ x: Variable, toHeight height: Int, width: Int) -> Variable {
        let shape = x.shape
        let block = x.value.block
        let grid = PixelGrid(
            rows: taps(height, of: shape[2]), columns: taps(width, of: shape[3]),
            planes: shape[0] * (shape[1] / block), block: block, height: shape[2], width: shape[3])
        let result = Tensor(unwritten: [shape[0], shape[1], height, width], block: block)
        Compute.device.bilinear(x.value.pointer, into: result.freshPointer, grid)
        return record(result, from: [x]) { gradient in
            let part = Tensor(unwritten: shape, block: block)
            Compute.device.bilinearBackward(gradient.pointer, into: part.freshPointer, grid)
            return [part]
        }
    }
}

private func sources(_ count: Int, of size: Int) -> [Int] {
    let ratio = Float(size) / Float(max(count, 1))
    return (0..<count).map { min(size - 1, Int(Float($0) * ratio)) }
}

/// Where each of `count` pixels reads on an axis of `size`, pixel centres at halves.
func taps(_ count: Int, of size: Int) -> [Tap] {
    let ratio = Float(size) / Float(max(count, 1))
    return (0..<count).map { index in
        let place = max(0, (Float(index) + 0.5) * ratio - 0.5)
        let low = min(size - 1, Int(place))
        return Tap(low: low, high: min(size - 1, low + 1), weight: place - Float(low))
    }
}
