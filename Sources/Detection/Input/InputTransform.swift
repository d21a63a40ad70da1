public import DetectorKit
public import Tensor

/// Makes batches of images, as torchvision's `GeneralizedRCNNTransform` does: the shorter side is scaled to
/// `input.shorter`, or less where the longer one would pass `input.longer`; bilinear without antialiasing, pixel
/// centres at halves; channels normalised by ImageNet's mean and deviation; zeros up to a multiple of 32.
public struct InputTransform: Sendable {
    public let input: DetectorArchitecture.InputSize

    public static let mean: SIMD3<Float> = [0.485, 0.456, 0.406]
    public static let deviation: SIMD3<Float> = [0.229, 0.224, 0.225]
    /// The sides of a batch are multiples of this.
    public static let divisor = 32

    public init(_ input: DetectorArchitecture.InputSize) { self.input = input }

    /// The size of an image after resizing.
    public func resized(_ size: ImageSize) -> ImageSize {
        let (shorter, longer) = (Double(min(size.width, size.height)), Double(max(size.width, size.height)))
        let scale = min(Double(input.shorter) / shorter, Double(input.longer) / longer)
        // A strip of an image keeps at least a pixel.
        return ImageSize(
            width: max(Int(Double(size.width) * scale), 1), height: max(Int(Double(size.height) * scale), 1))
    }

    /// What a batch of resized images is padded to.
    private func padded(_ sizes: [ImageSize]) -> ImageSize {
        func padded(_ side: (ImageSize) -> Int) -> Int {
            let most = sizes.map(side).max() ?? 0
            return (most + Self.divisor - 1) / Self.divisor * Self.divisor
        }
        return ImageSize(width: padded(\.width), height: padded(\.height))
    }

    /// Memory for a batch of images of these sizes (before resizing).
    public func reserve(_ sizes: [ImageSize]) -> ReservedMemory {
        let whole = padded(sizes.map(resized))
        return ReservedMemory(count: sizes.count * 3 * whole.height * whole.width)
    }

    /// A batch of images.
    ///
    /// - Parameters:
    ///   - mirrorings: how each image is mirrored; none for none.
    ///   - onOneThread: whether the calling thread works alone, as one that works beside a training step should: two
    ///     teams of threads would wait for each other's cores. The result is the same.
    ///   - memory: what `reserve` gave for the images' sizes.
    public func batch(
        _ images: [ImagePlanes], mirrorings: [Set<Mirroring>]? = nil, onOneThread: Bool = false,
        in memory: ReservedMemory? = nil
    ) -> ImageBatch {
        precondition(mirrorings == nil || mirrorings?.count == images.count, "each image has its mirrorings")
        let sizes = images.map { resized($0.size) }
        let whole = padded(sizes)
        let pictures = images.enumerated().map { index, image in
            var picture = Picture(
                height: image.height, width: image.width, samples: image.pixels, newHeight: sizes[index].height,
                newWidth: sizes[index].width)
            picture.mirroredHorizontally = mirrorings?[index].contains(.horizontal) ?? false
            picture.mirroredVertically = mirrorings?[index].contains(.vertical) ?? false
            return picture
        }
        let pixels = Tensor(
            resizing: pictures, height: whole.height, width: whole.width, factor: 1 / (255 * Self.deviation),
            offset: -Self.mean / Self.deviation, onOneThread: onOneThread, in: memory)
        return ImageBatch(pixels: pixels, sizes: sizes, originalSizes: images.map(\.size))
    }
}
