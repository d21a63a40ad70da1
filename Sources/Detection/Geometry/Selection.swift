/// The indices of the `count` largest scores, largest first; of equal ones the earlier comes first.
func indicesOfLargest(_ count: Int, of scores: UnsafeBufferPointer<Float>) -> [Int] {
    // One integer sorts by score, downwards, and then by index, upwards.
    var keys = [UInt64](unsafeUninitializedCapacity: scores.count) { keys, initialised in
        for index in 0..<scores.count {
            let bits = scores[index].bitPattern
            let ascending = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
            keys[index] = UInt64(~ascending) << 32 | UInt64(truncatingIfNeeded: index)
        }
        initialised = scores.count
    }
    if count < keys.count {
        keys.withUnsafeMutableBufferPointer { moveSmallest(count, of: $0) }
        keys.removeLast(keys.count - max(count, 0))
    }
    keys.sort()
    return keys.map { Int($0 & 0xFFFF_FFFF) }
}

/// Brings the `count` smallest keys to the front, in no order (Hoare's quickselect). All keys differ.
private func moveSmallest(_ count: Int, of keys: UnsafeMutableBufferPointer<UInt64>) {
    var low = 0
    var high = keys.count - 1
    while low < high {
        let (a, b, c) = (keys[low], keys[(low + high) / 2], keys[high])
        let pivot = max(min(a, b), min(max(a, b), c))
        var left = low
        var right = high
        while left <= right {
            while keys[left] < pivot { left += 1 }
            while keys[right] > pivot { right -= 1 }
            if left <= right {
                keys.swapAt(left, right)
                left += 1
                right -= 1
            }
        }
        if count - 1 <= right {
            high = right
        } else if count - 1 >= left {
            low = left
        } else {
            return
        }
    }
}

/// Greedy non-maximum suppression over boxes that are sorted by falling score: a box is dropped when it overlaps a
/// kept one before it by more than `limit`. Returns the indices of the first `most` kept boxes, rising.
func suppressOverlaps(_ boxes: [BoundingBox], above limit: Double, keepingAtMost most: Int = .max) -> [Int] {
    var kept: [Int] = []
    var isDropped = [Bool](repeating: false, count: boxes.count)
    let limit = limitAsFloat(limit)
    boxes.withUnsafeBufferPointer { boxes in
        isDropped.withUnsafeMutableBufferPointer { isDropped in
            for index in 0..<boxes.count where !isDropped[index] {
                kept.append(index)
                if kept.count >= most { return }
                let box = boxes[index]
                for later in index + 1..<boxes.count {
                    isDropped[later] = isDropped[later] || box.overlap(boxes[later]) > limit
                }
            }
        }
    }
    return kept
}

/// The largest float32 that is not above `limit`: comparing a float32 with it says the same as comparing with `limit`.
private func limitAsFloat(_ limit: Double) -> Float {
    let rounded = Float(limit)
    return Double(rounded) > limit ? rounded.nextDown : rounded
}
