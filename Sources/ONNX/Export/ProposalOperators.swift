import Detection
import DetectorKit

extension ProposalSelection {
    /// `proposals` for one image, in its resized pixels, best first: [P, 4].
    ///
    /// - Parameters:
    ///   - objectness: logits of each level, [1, A, h, w].
    ///   - deltas: offsets of each level, [1, 4A, h, w].
    func proposals(
        objectness: [Wire], deltas: [Wire], anchors: DetectorArchitecture.Anchors, image: PreparedImage
    ) -> Wire {
        let builder = image.pixels.builder
        let (height, width) = (image.resized.height.cast(to: .float), image.resized.width.cast(to: .float))
        let limits = builder.concatenate([width, height, width, height], axis: 0)
        let levels = objectness.indices.map { level -> (boxes: Wire, scores: Wire) in
            // Channels innermost: then the elements come in the anchors' order.
            let logits = objectness[level].transpose(0, 2, 3, 1).reshape([-1])
            let offsets = deltas[level].transpose(0, 2, 3, 1).reshape([-1, 4])
            let best = logits.largest(logits.shape.atMost(builder.scalar(counts.beforeNMS)))
            let references = anchors.boxes(best.indices, level: level, of: objectness[level], in: image)
            let boxes = BoxCoder.anchors.decode(offsets.gather(best.indices), from: references).clipped(to: limits)
            let scores = 1 / (builder.node("Exp", [builder.node("Neg", [best.values])]) + 1.0)
            let kept = boxes.unsqueeze(0).suppressed(
                scores: scores.forgetting(boxes, smallerThan: Self.smallestSide).unsqueeze(0), overlap: overlap,
                keepingAtMost: counts.afterNMS, above: -0.5
            ).column(2)
            return (boxes.gather(kept), scores.gather(kept))
        }
        let scores = builder.concatenate(levels.map(\.scores), axis: 0)
        let best = scores.largest(scores.shape.atMost(builder.scalar(counts.afterNMS))).indices
        return builder.concatenate(levels.map(\.boxes), axis: 0).gather(best)
    }
}

extension DetectorArchitecture.Anchors {
    /// The anchors of a level with these numbers (row after row, all ratios at each place): [N, 4].
    fileprivate func boxes(_ numbers: Wire, level: Int, of grid: Wire, in image: PreparedImage) -> Wire {
        let builder = numbers.builder
        let shapes = AnchorGrid.shapes(size: sizes[level], ratios: ratios)
        let table = builder.constant(
            .init([shapes.count, 4], shapes.flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] }))
        let (rows, columns) = (grid.side(2), grid.side(3))
        let place = numbers / shapes.count
        let row = place / columns
        let x = (place - row * columns) * (image.padded.width / columns)
        let y = row * (image.padded.height / rows)
        let corner = builder.concatenate([x.unsqueeze(1), y.unsqueeze(1)], axis: 1).cast(to: .float)
        return table.gather(numbers - place * shapes.count) + builder.concatenate([corner, corner], axis: 1)
    }
}
