import Devices

// Boxes are flat arrays of x1, y1, x2, y2.

/// For each candidate the index of the first target that it overlaps most, where by at least `positiveOverlap`; −1 where
/// it overlaps all by less than `negativeOverlap`, else −2. With `keepsBest`, the candidates that overlap a target as much
/// as any does are taken however little that is, each for the target that it overlaps most itself.
public func matchBoxes(
    _ candidates: UnsafeBufferPointer<Float>, to targets: UnsafeBufferPointer<Float>, positiveOverlap: Float,
    negativeOverlap: Float, keepsBest: Bool
) -> [Int32] {
    precondition(candidates.count % 4 == 0 && targets.count % 4 == 0, "a box has four numbers")
    return Compute.device.matchBoxes(
        candidates, to: targets, positive: positiveOverlap, negative: negativeOverlap, keepsBest: keepsBest)
}

/// Boxes as offsets from as many reference boxes (Girshick 2015): centres moved in units of the reference's sides, and
/// logarithms of the sides' ratios, times the weights.
public func encodeBoxes(
    _ boxes: UnsafeBufferPointer<Float>, from references: UnsafeBufferPointer<Float>, weights: SIMD4<Float>
) -> [Float] {
    precondition(boxes.count == references.count && boxes.count % 4 == 0, "each box has a reference")
    return Compute.device.encodeBoxes(boxes, from: references, weights: weights)
}

/// The boxes that offsets turn as many reference boxes into; sides grow by a factor of at most 1000 ÷ 16.
public func decodeBoxes(
    _ offsets: UnsafeBufferPointer<Float>, from references: UnsafeBufferPointer<Float>, weights: SIMD4<Float>
) -> [Float] {
    precondition(offsets.count == references.count && offsets.count % 4 == 0, "each box has a reference")
    return Compute.device.decodeBoxes(offsets, from: references, weights: weights)
}
