public import DetectorKit
import Glibc
public import Tensor

/// Turns the proposal head's answers into proposals: the best of each level, moved, clipped to the image, thinned by
/// non-maximum suppression within the level, and the best of all levels.
public struct ProposalSelection: Sendable {
    public let counts: DetectorArchitecture.Selection.Counts
    public let overlap: Double
    /// Boxes with a shorter side are dropped.
    public static let smallestSide: Float = 1e-3

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
            var found = Candidates()
            for (level, range) in anchors.levels.enumerated() {
                let part = image * range.count..<(image + 1) * range.count
                let logits = objectness[level].withUnsafeFloats { Array($0[part]) }
                let best = indicesByFallingScore(logits, limit: counts.beforeNMS)
                let offsets = deltas[level].withUnsafeFloats { deltas in
                    best.flatMap { deltas[4 * (part.lowerBound + $0)..<4 * (part.lowerBound + $0 + 1)] }
                }
                let boxes = BoxCoder.anchors.decode(offsets, from: best.map { anchors.boxes[range.lowerBound + $0] })
                for (index, box) in zip(best, boxes) {
                    let box = box.clipped(to: size)
                    guard box.isAtLeast(Self.smallestSide) else { continue }
                    found.append(box, score: 1 / (1 + expf(-logits[index])), group: level)
                }
            }
            return found.thinned(above: overlap, keepingAtMost: counts.afterNMS).map {
                ScoredBox(box: found.boxes[$0], score: found.scores[$0])
            }
        }
    }
}

/// Boxes with scores, in groups that do not suppress each other.
struct Candidates {
    private(set) var boxes: [Box] = []
    private(set) var scores: [Float] = []
    private(set) var groups: [Int] = []

    mutating func append(_ box: Box, score: Float, group: Int) {
        boxes.append(box)
        scores.append(score)
        groups.append(group)
    }

    /// The indices that non-maximum suppression keeps, by falling score.
    func thinned(above overlap: Double, keepingAtMost most: Int) -> [Int] {
        var coordinates: [Float] = []
        coordinates.reserveCapacity(4 * boxes.count)
        for box in boxes { coordinates += [box.x1, box.y1, box.x2, box.y2] }
        return nonMaximumSuppression(
            boxes: coordinates, scores: scores, groups: groups, threshold: overlap, limit: most)
    }
}
