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
}

extension Tensor {
    /// Bilinear samples of maps [N, C, H, W]: of image i at `rows[i]` × `columns[i]`, in its pixels, 0 at the first one's centre, held
    /// at the edges. All images want as many.
    public func sampled(rows: [[Float]], columns: [[Float]]) -> Tensor {
        let (height, width) = (rows.first?.count ?? 0, columns.first?.count ?? 0)
        precondition(
            rows.count == shape[0] && columns.count == shape[0] && rows.allSatisfy { $0.count == height }
                && columns.allSatisfy { $0.count == width }, "as many places for each image")
        let result = Tensor(unwritten: [shape[0], shape[1], height, width], block: block)
        for image in 0..<shape[0] {
            let grid = PixelGrid(
                rows: rows[image].map { Tap(at: $0, of: shape[2]) },
                columns: columns[image].map { Tap(at: $0, of: shape[3]) },
                planes: shape[1] / block, block: block, height: shape[2], width: shape[3])
            Compute.device.bilinear(
                pointer + image * shape[1] * shape[2] * shape[3],
                into: result.freshPointer + image * shape[1] * height * width, grid)
        }
        return result
    }
}

private func sources(_ count: Int, of size: Int) -> [Int] {
    let ratio = Float(size) / Float(max(count, 1))
    return (0..<count).map { min(size - 1, Int(Float($0) * ratio)) }
}

/// Where each of `count` pixels reads on an axis of `size`, pixel centres at halves.
func taps(_ count: Int, of size: Int) -> [Tap] {
    let ratio = Float(size) / Float(max(count, 1))
    return (0..<count).map { Tap(at: (Float($0) + 0.5) * ratio - 0.5, of: size) }
}

extension Tap {
    /// Between the pixels of an axis of `size`; below the first it is the first, above the last the last.
    fileprivate init(at place: Float, of size: Int) {
        let place = max(0, place)
        let low = min(size - 1, Int(place))
        self.init(low: low, high: min(size - 1, low + 1), weight: place - Float(low))
    }
}
