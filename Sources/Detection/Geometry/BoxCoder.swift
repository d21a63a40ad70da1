import Glibc

/// Boxes as offsets from reference boxes (Girshick 2015): the centre moved in units of the reference's sides, and the
/// logarithms of the sides' ratios, each times a weight.
public struct BoxCoder: Sendable, Hashable {
    /// For dx, dy, dw, dh.
    public let weights: SIMD4<Float>

    public init(weights: SIMD4<Float>) { self.weights = weights }

    /// Offsets from anchors.
    public static let anchors = BoxCoder(weights: [1, 1, 1, 1])
    /// Offsets from regions.
    public static let regions = BoxCoder(weights: [10, 10, 5, 5])

    /// Sides grow by a factor of at most 1000 ÷ 16.
    static let largestLogarithm: Float = 4.135166556742356

    /// The offsets dx, dy, dw, dh that turn `reference` into `box`.
    public func encode(_ box: Box, from reference: Box) -> SIMD4<Float> {
        let (width, height) = (reference.width, reference.height)
        let dx = (box.x1 + 0.5 * box.width) - (reference.x1 + 0.5 * width)
        let dy = (box.y1 + 0.5 * box.height) - (reference.y1 + 0.5 * height)
        return [
            weights[0] * dx / width, weights[1] * dy / height, weights[2] * logf(box.width / width),
            weights[3] * logf(box.height / height),
        ]
    }

    /// The box that the offsets turn `reference` into.
    public func decode(_ offsets: SIMD4<Float>, from reference: Box) -> Box {
        let (width, height) = (reference.width, reference.height)
        let scaled = offsets / weights
        let x = scaled[0] * width + (reference.x1 + 0.5 * width)
        let y = scaled[1] * height + (reference.y1 + 0.5 * height)
        let halfWidth = 0.5 * (expf(min(scaled[2], Self.largestLogarithm)) * width)
        let halfHeight = 0.5 * (expf(min(scaled[3], Self.largestLogarithm)) * height)
        return Box(x1: x - halfWidth, y1: y - halfHeight, x2: x + halfWidth, y2: y + halfHeight)
    }
}
