import Tensor

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

    /// The offsets dx, dy, dw, dh that turn each reference into its box, one after the other.
    public func encode(_ boxes: [Box], from references: [Box]) -> [Float] {
        boxes.withUnsafeCoordinates { boxes in
            references.withUnsafeCoordinates { encodeBoxes(boxes, from: $0, weights: weights) }
        }
    }

    /// The boxes that the offsets turn the references into; sides grow by a factor of at most 1000 ÷ 16.
    public func decode(_ offsets: [Float], from references: [Box]) -> [Box] {
        let coordinates = offsets.withUnsafeBufferPointer { offsets in
            references.withUnsafeCoordinates { decodeBoxes(offsets, from: $0, weights: weights) }
        }
        return stride(from: 0, to: coordinates.count, by: 4).map {
            Box(x1: coordinates[$0], y1: coordinates[$0 + 1], x2: coordinates[$0 + 2], y2: coordinates[$0 + 3])
        }
    }
}

extension [Box] {
    /// The boxes as x1, y1, x2, y2, one after the other: as they lie in memory.
    func withUnsafeCoordinates<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        withUnsafeBytes { body($0.bindMemory(to: Float.self)) }
    }
}
