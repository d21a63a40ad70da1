import Devices

// Boxes are flat arrays of x1, y1, x2, y2.

/// The indices by falling score, at most `limit`; of equal scores the earlier index comes first.
public func indicesByFallingScore(_ scores: [Float], limit: Int = .max) -> [Int] {
    sortedIndices(scores, limit: limit).map { Int($0) }
}

/// Non-maximum suppression as torchvision's `nms`: by falling score, a box is dropped if its IoU with a kept one is
/// above `threshold`. Returns the kept indices by falling score, at most `limit`.
public func nonMaximumSuppression(
    boxes: [Float], scores: [Float], threshold: Double, limit: Int = .max
) -> [Int] {
    precondition(boxes.count == 4 * scores.count, "a box has four numbers")
    return suppress(boxes, sortedIndices(scores), threshold: threshold, limit: limit).map { Int($0) }
}

/// Non-maximum suppression within each group (class or level), as torchvision's `batched_nms`, but without moving boxes
/// apart by an offset, which would round them. Returns the kept indices of all groups by falling score.
public func nonMaximumSuppression(
    boxes: [Float], scores: [Float], groups: [Int], threshold: Double, limit: Int = .max
) -> [Int] {
    precondition(boxes.count == 4 * scores.count, "a box has four numbers")
    precondition(groups.count == scores.count, "a box has a group")
    var members: [Int: [Int32]] = [:]
    let order = sortedIndices(scores)
    for index in order { members[groups[Int(index)], default: []].append(index) }
    var isKept = [Bool](repeating: false, count: scores.count)
    for member in members.values {
        // No group can give more than are wanted of all.
        for index in suppress(boxes, member, threshold: threshold, limit: limit) { isKept[Int(index)] = true }
    }
    return Array(order.lazy.filter { isKept[Int($0)] }.map { Int($0) }.prefix(max(limit, 0)))
}

private func sortedIndices(_ scores: [Float], limit: Int = .max) -> [Int32] {
    var order = Compute.device.indicesByFallingScore(scores)
    if limit < order.count { order.removeLast(order.count - max(limit, 0)) }
    return order
}

private func suppress(_ boxes: [Float], _ order: [Int32], threshold: Double, limit: Int) -> [Int32] {
    guard !order.isEmpty, limit > 0 else { return [] }
    // IoUs are floats: one is above the threshold where it is above the largest float that is not.
    var bound = Float(threshold)
    if Double(bound) > threshold { bound = bound.nextDown }
    return Compute.device.suppress(boxes, order: order, threshold: bound, limit: limit)
}

/// Intersection over union of each of `a` (rows) with each of `b` (columns), row-major; 0 where both are empty.
public func intersectionOverUnion(_ a: [Float], _ b: [Float]) -> [Float] {
    precondition(a.count % 4 == 0 && b.count % 4 == 0, "a box has four numbers")
    return Compute.device.intersectionOverUnion(a, b)
}
