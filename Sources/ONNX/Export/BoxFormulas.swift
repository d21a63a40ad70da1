import Detection
import DetectorKit

// What `Detection` does with boxes, in a model's operators. Boxes are [..., 4]: x1, y1, x2, y2.

extension BoxCoder {
    /// The logarithm of 1000 ÷ 16, by which sides grow at most.
    private static let largestGrowth: Float = 4.135166556742356

    /// `decode`: offsets and references may have any leading sides that broadcast.
    func decode(_ offsets: Wire, from references: Wire) -> Wire {
        let builder = offsets.builder
        func moves(_ range: Range<Int>, _ a: Float, _ b: Float) -> Wire {
            let part = offsets.slice(range, axis: -1)
            return a == 1 && b == 1 ? part : part / builder.constant([a, b])
        }
        let low = references.slice(0..<2, axis: -1)
        let sides = references.slice(2..<4, axis: -1) - low
        let centre = moves(0..<2, weights[0], weights[1]) * sides + (low + sides * 0.5)
        let growth = moves(2..<4, weights[2], weights[3]).atMost(builder.scalar(BoxCoder.largestGrowth))
        let half = builder.node("Exp", [growth]) * sides * 0.5
        return builder.concatenate([centre - half, centre + half], axis: -1)
    }
}

extension Wire {
    /// Boxes within an image of this size: [4] of width, height, width, height.
    func clipped(to limits: Wire) -> Wire { atLeast(builder.scalar(0 as Float)).atMost(limits) }

    /// The scores of boxes, but −1 where a side of the box is shorter than this.
    func forgetting(_ boxes: Wire, smallerThan side: Float) -> Wire {
        let sides = boxes.slice(2..<4, axis: -1) - boxes.slice(0..<2, axis: -1)
        let large = builder.node(
            "ReduceMin", [sides.isAtLeast(side).cast(to: .float)],
            attributes: ["axes": .integers([-1]), "keepdims": .integer(0)])
        return builder.node("Where", [large.cast(to: .bool), self, builder.scalar(-1 as Float)])
    }

    /// Non-maximum suppression within each group: boxes [G, N, 4], `scores` [G, N].
    ///
    /// Returns a row for each kept box, group after group, each by falling score: the group, 0, and the index. Only
    /// scores above `floor` count.
    func suppressed(scores: Wire, overlap: Double, keepingAtMost limit: Int, above floor: Float) -> Wire {
        // An IoU is a Float: it is above the threshold where it is above the largest Float that is not.
        var bound = Float(overlap)
        if Double(bound) > overlap { bound = bound.nextDown }
        return builder.node(
            "NonMaxSuppression",
            [
                self, scores.unsqueeze(1), builder.constant([limit]), builder.constant([bound]),
                builder.constant([floor]),
            ], attributes: ["center_point_box": .integer(0)])
    }
}
