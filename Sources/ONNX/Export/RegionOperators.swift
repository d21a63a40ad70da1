import Detection
import DetectorKit

/// The features of regions, level after level.
struct LevelledRegions {
    /// [P, C, 7, 7]
    let features: Wire
    /// Where each of the regions as they were given is in `features`: [P].
    let places: Wire
}

/// Cuts regions [P, 4] (resized pixels) from the pyramid's levels, each from the level of its size.
func alignRegions(_ regions: Wire, levels: [Wire]) -> LevelledRegions {
    let builder = regions.builder
    let sides = regions.slice(2..<4, axis: -1) - regions.slice(0..<2, axis: -1)
    let areas = sides.column(0) * sides.column(1)
    // The level rises with the area: it is the number of areas at which it rises that are reached.
    let level = (1..<levels.count).map { areas.isAtLeast(smallestArea(ofLevel: $0)).cast(to: .int64) }.reduce(nil) {
        (sum: Wire?, next) in sum.map { $0 + next } ?? next
    }
    guard let level else { preconditionFailure("regions are cut from several levels") }
    let parts = levels.indices.map { number -> (order: Wire, features: Wire) in
        let order = level.indices(of: number)
        let features = builder.node(
            "RoiAlign", [levels[number], regions.gather(order), order * 0],
            attributes: [
                // torchvision's aligned=False.
                "coordinate_transformation_mode": .text("output_half_pixel"), "mode": .text("avg"),
                "output_height": .integer(DetectorGraph.regionSize),
                "output_width": .integer(DetectorGraph.regionSize),
                "sampling_ratio": .integer(DetectorPass.samplesPerBin),
                "spatial_scale": .float(1 / DetectorPass.regionStrides[number]),
            ])
        return (order, features)
    }
    let order = builder.concatenate(parts.map(\.order), axis: 0)
    return LevelledRegions(
        features: builder.concatenate(parts.map(\.features), axis: 0),
        places: builder.node("ScatterElements", [order, order, order.shape.range], attributes: ["axis": .integer(0)]))
}

/// The smallest area in pixels of a region of this level or a higher one, by `DetectorPass.regionLevel`: so no rounding of
/// a logarithm can place a region elsewhere.
func smallestArea(ofLevel level: Int) -> Float {
    func reaches(_ bits: UInt32) -> Bool {
        DetectorPass.regionLevel(of: Box(x1: 0, y1: 0, x2: Float(bitPattern: bits), y2: 1)) >= level
    }
    // The bits of positive Floats rise with them.
    var (below, reached) = (Float(1).bitPattern, Float(1 << 24).bitPattern)
    while reached - below > 1 {
        let middle = below + (reached - below) / 2
        if reaches(middle) { reached = middle } else { below = middle }
    }
    return Float(bitPattern: reached)
}

extension DetectorArchitecture.Selection {
    /// `detections` for one image, best first: boxes [D, 4] in resized pixels, scores [D], labels [D].
    ///
    /// - Parameters:
    ///   - classLogits: [R, K + 1], background first.
    ///   - boxDeltas: [R, 4 (K + 1)].
    ///   - regions: [R, 4]
    func detections(
        classLogits: Wire, boxDeltas: Wire, regions: Wire, classes: Int, image: PreparedImage
    ) -> (boxes: Wire, scores: Wire, labels: Wire) {
        let builder = regions.builder
        let (height, width) = (image.resized.height.cast(to: .float), image.resized.width.cast(to: .float))
        let limits = builder.concatenate([width, height, width, height], axis: 0)
        // [R, K, 4] and [R, K], the background left out.
        let offsets = boxDeltas.reshape([-1, classes + 1, 4]).dropping(1, axis: 1)
        let boxes = BoxCoder.regions.decode(offsets, from: regions.unsqueeze(1)).clipped(to: limits)
        let scores = builder.node("Softmax", [classLogits], attributes: ["axis": .integer(1)]).dropping(1, axis: 1)
        let kept = boxes.transpose(1, 0, 2).suppressed(
            scores: scores.forgetting(boxes, smallerThan: Self.smallestSide).transpose(1, 0),
            overlap: detectionOverlap, keepingAtMost: detectionsPerImage, above: Float(scoreThreshold))
        // Of equal scores the one of the earlier region comes first, then the one of the lower label.
        let found = (kept.column(2) * classes + kept.column(0)).sorted
        let best = scores.reshape([-1]).gather(found).largest(found.shape.atMost(builder.scalar(detectionsPerImage)))
        let chosen = found.gather(best.indices)
        return (
            boxes.reshape([-1, 4]).gather(chosen), best.values, chosen - chosen / classes * classes + 1
        )
    }
}
