import Detection
import DetectorKit

/// An image as the network takes it.
struct PreparedImage {
    /// [1, 3, H, W]
    let pixels: Wire
    /// Height and width before resizing, after it, and with padding: [1] each, whole numbers.
    let original, resized, padded: (height: Wire, width: Wire)
}

extension InputTransform {
    /// `batch` for one image [1, 3, height, width] of bytes, with the same roundings.
    func prepare(_ image: Wire) -> PreparedImage {
        let builder = image.builder
        let original = (height: image.side(2), width: image.side(3))
        let sides = (original.height.cast(to: .double), original.width.cast(to: .double))
        let scale = (builder.constant([Double(input.shorter)]) / sides.0.atMost(sides.1))
            .atMost(builder.constant([Double(input.longer)]) / sides.0.atLeast(sides.1))
        func scaled(_ side: Wire) -> Wire { (side * scale).cast(to: .int64).atLeast(builder.scalar(1)) }
        let resized = (height: scaled(sides.0), width: scaled(sides.1))
        func padded(_ side: Wire) -> Wire { (side + (Self.divisor - 1)) / Self.divisor * Self.divisor }
        let whole = (height: padded(resized.height), width: padded(resized.width))

        let rows = interpolate(image, axis: 2, from: original.height, to: resized.height)
        let pixels = interpolate(rows, axis: 3, from: original.width, to: resized.width)
        let factor = 1 / (255 * Self.deviation)
        let offset = -Self.mean / Self.deviation
        func channels(_ values: SIMD3<Float>) -> Wire {
            builder.constant(.init([3, 1, 1], [values[0], values[1], values[2]]))
        }
        let normalised = pixels * channels(factor) + channels(offset)
        let pads = builder.concatenate(
            [
                builder.constant([0, 0, 0, 0, 0, 0]), whole.height - resized.height, whole.width - resized.width,
            ], axis: 0)
        return PreparedImage(
            pixels: builder.node("Pad", [normalised, pads]), original: original, resized: resized, padded: whole)
    }

    /// Bilinear along one axis, pixel centres at halves. Each result lies between two pixels, `weight` of the way from the
    /// first to the second.
    private func interpolate(_ image: Wire, axis: Int, from old: Wire, to new: Wire) -> Wire {
        let builder = image.builder
        let scale = old.cast(to: .float) / new.cast(to: .float)
        let source = (scale * (new.range.cast(to: .float) + 0.5) - 0.5).atLeast(builder.scalar(0 as Float))
        let first = source.cast(to: .int64).atMost(old - 1)
        let second = (first + 1).atMost(old - 1)
        let weight = (source - first.cast(to: .float)).atMost(builder.scalar(1 as Float))
        let column = axis == 2 ? weight.unsqueeze(1) : weight
        let (low, high) = (image.gather(first, axis: axis), image.gather(second, axis: axis))
        return low.cast(to: .float) * (1 - column) + high.cast(to: .float) * column
    }
}
