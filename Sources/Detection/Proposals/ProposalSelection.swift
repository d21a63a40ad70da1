public import DetectorKit
import Glibc
public import Tensor

/// Turns the proposal head's answers into proposals: the best of each level, moved, clipped to the image, thinned by
/// non-maximum suppression within the level, and the best of all levels.
public struct ProposalSelection: Sendable {
    public let counts: DetectorArchitecture.Selection.Counts
    public let overlap: Double
    /// Boxes with a shorter side are dropped.
    static let smallestSide: Float = 1e-3

    public init(counts: DetectorArchitecture.Selection.Counts, overlap: Double) {
        self.counts = counts
        self.overlap = overlap
    }

    /// The proposals of each image, in its resized pixels, best first.
    ///
    /// - Parameters:
    ///   - objectness: logits of each level, [N, A, h, w].
    ///   - deltas: offsets of each level, [N, 4A, h, w].
    public func proposals(
        objectness: [Tensor], deltas: [Tensor], anchors: AnchorGrid, sizes: [ImageSize]
    ) -> [[ScoredBox]] {
        // Channels innermost: then the elements come in the anchors' order.
        let objectness = objectness.map { $0.blocked($0.shape[1]) }
        let deltas = deltas.map { $0.blocked($0.shape[1]) }
        return sizes.enumerated().map { image, size in
            var found: [ScoredBox] = []
            for (level, range) in anchors.levels.enumerated() {
                objectness[level].withUnsafeFloats { logits in
                    deltas[level].withUnsafeFloats { deltas in
                        let part = image * range.count..<(image + 1) * range.count
                        found += proposals(
                            UnsafeBufferPointer(rebasing: logits[part]),
                            UnsafeBufferPointer(rebasing: deltas[part.lowerBound * 4..<part.upperBound * 4]),
                            anchors.boxes[range], size)
                    }
                }
            }
            return best(counts.afterNMS, of: found)
        }
    }

    private func proposals(
        _ logits: UnsafeBufferPointer<Float>, _ deltas: UnsafeBufferPointer<Float>, _ anchors: ArraySlice<BoundingBox>,
        _ size: ImageSize
    ) -> [ScoredBox] {
        var boxes: [BoundingBox] = []
        var scores: [Float] = []
        for index in indicesOfLargest(counts.beforeNMS, of: logits) {
            let offsets = SIMD4(deltas[4 * index], deltas[4 * index + 1], deltas[4 * index + 2], deltas[4 * index + 3])
            let box = BoxCoder.anchors.decode(offsets, from: anchors[anchors.startIndex + index]).clipped(to: size)
            guard box.isAtLeast(Self.smallestSide) else { continue }
            boxes.append(box)
            scores.append(1 / (1 + expf(-logits[index])))
        }
        return suppressOverlaps(boxes, above: overlap, keepingAtMost: counts.afterNMS).map {
            ScoredBox(box: boxes[$0], score: scores[$0])
        }
    }
}

/// The `count` boxes of the highest scores, highest first; of equal ones the earlier comes first.
private func best(_ count: Int, of boxes: [ScoredBox]) -> [ScoredBox] {
    boxes.map(\.score).withUnsafeBufferPointer { indicesOfLargest(count, of: $0) }.map { boxes[$0] }
}
