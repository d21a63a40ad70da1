import Devices

/// A picture in memory, and how a network is to see it.
public struct Picture: Sendable {
    public var height, width: Int
    /// Red, green and blue beside each other, row by row: `height · width · 3`.
    public var samples: [UInt8]
    public var newHeight, newWidth: Int
    /// Whether left and right change places; `mirroredVertically`: top and bottom.
    public var mirroredHorizontally = false
    public var mirroredVertically = false

    public init(height: Int, width: Int, samples: [UInt8], newHeight: Int, newWidth: Int) {
        precondition(samples.count == height * width * 3, "the samples do not fill the picture")
        (self.height, self.width, self.samples) = (height, width, samples)
        (self.newHeight, self.newWidth) = (newHeight, newWidth)
    }
}

extension Tensor {
    /// [N, 3, height, width]: pictures resized bilinearly (without antialiasing, pixel centres at halves), each channel
    /// times `factor` plus `offset`, zeros to the right and below.
    ///
    /// - Parameters:
    ///   - onOneThread: whether the calling thread works alone, as one that works beside another's operations should: two
    ///     teams of threads would wait for each other's cores. The result is the same.
    ///   - memory: where the tensor lies, if it fits.
    public init(
        resizing pictures: [Picture], height: Int, width: Int, factor: SIMD3<Float>, offset: SIMD3<Float>,
        onOneThread: Bool, in memory: ReservedMemory? = nil
    ) {
        precondition(pictures.allSatisfy { $0.newHeight <= height && $0.newWidth <= width }, "pictures are cut off")
        // A block of 3 channels: pixels lie as in the picture.
        let shape = [pictures.count, 3, height, width]
        if let storage = memory?.take(shape.reduce(1, *)) {
            self.init(shape: shape, block: 3, storage: storage)
        } else {
            self.init(unwritten: shape, block: 3)
        }
        for (index, picture) in pictures.enumerated() {
            let rows = taps(picture.newHeight, of: picture.height)
            let columns = taps(picture.newWidth, of: picture.width)
            let read = ResizedPicture(
                samples: picture.samples, height: picture.height, width: picture.width,
                rows: picture.mirroredVertically ? rows.map { $0.mirrored(picture.height) } : rows,
                columns: picture.mirroredHorizontally ? columns.map { $0.mirrored(picture.width) } : columns)
            Compute.device.resize(
                read, into: freshPointer + index * height * width * 3, height: height, width: width, factor: factor,
                offset: offset, onOneThread: onOneThread)
        }
    }
}

extension Tap {
    /// The same on an axis of `size` that runs the other way.
    fileprivate func mirrored(_ size: Int) -> Tap { Tap(low: size - 1 - low, high: size - 1 - high, weight: weight) }
}
