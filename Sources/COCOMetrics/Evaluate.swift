import Basics

/// The fixed parameters of COCO's bounding-box evaluation (`pycocotools.cocoeval.Params`).
public enum COCOParameters {
    /// IoU thresholds: `linspace(0.5, 0.95, 10)`, bit for bit.
    public static let thresholds: [Double] = linspace(0.5, 0.95, 10)
    /// Recall points: `linspace(0, 1, 101)`.
    public static let recalls: [Double] = linspace(0, 1, 101)
    /// Detections kept for each image and category.
    public static let maxDetections = [1, 10, 100]
    /// Square pixels, both ends inclusive: all, small, medium, large.
    public static let areas: [ClosedRange<Double>] = [0...1e10, 0...1024, 1024...9216, 9216...1e10]

    private static func linspace(_ start: Double, _ stop: Double, _ count: Int) -> [Double] {
        let step = (stop - start) / Double(count - 1)
        return (0..<count).map { $0 == count - 1 ? stop : Double($0) * step + start }
    }
}

/// Evaluates detections as `pycocotools.COCOeval(…, "bbox")` does, number for number.
///
/// Throws `Failure` with the detection's index when its image is unknown or its score or box cannot be used; `place`
/// names the detections there. Source: Lin et al., "Microsoft COCO" (2014), and cocoeval.py of pycocotools 2.0.
public func evaluate(
    _ groundTruth: GroundTruth, _ detections: [DetectionRecord], place: String = "detections"
) throws -> COCOResult {
    let set = try EvaluationSet(groundTruth, detections, place: place)
    let curves = set.categories.indices.map { category -> [CategoryCurves] in
        var outcomes = COCOParameters.areas.map { _ in CategoryOutcomes() }
        for image in 0..<set.imageCount {
            guard let cell = set.cell(category: category, image: image, maxDetections: 100) else { continue }
            for (area, range) in COCOParameters.areas.enumerated() {
                outcomes[area].add(cell, of: set, area: range)
            }
        }
        return outcomes.map { CategoryCurves($0) }
    }
    return COCOResult(set, curves)
}

/// What became of each detection of a category within an area range, image after image.
struct CategoryOutcomes {
    /// One bit for each IoU threshold.
    typealias Bits = UInt16

    private(set) var scores: [Double] = []
    /// The detection's rank within its image, from 0.
    private(set) var ranks: [Int] = []
    private(set) var matched: [Bits] = []
    private(set) var ignored: [Bits] = []
    /// Objects to be found.
    private(set) var positives = 0

    mutating func add(_ cell: EvaluationSet.Cell, of set: EvaluationSet, area: ClosedRange<Double>) {
        let annotations = set.groundTruth.annotations
        let isIgnored = cell.truth.map { annotations[$0].isCrowd || !area.contains(annotations[$0].area) }
        let order = isIgnored.indices.filter { !isIgnored[$0] } + isIgnored.indices.filter { isIgnored[$0] }
        positives += isIgnored.count { !$0 }

        let first = scores.count
        for (rank, detection) in cell.detections.enumerated() {
            scores.append(set.detections[detection].score)
            ranks.append(rank)
        }
        matched.append(contentsOf: repeatElement(0, count: cell.detections.count))
        ignored.append(contentsOf: repeatElement(0, count: cell.detections.count))
        let isOutside = cell.detections.map { !area.contains(set.detections[$0].box.area) }
        var assigned = [Int](repeating: -1, count: cell.detections.count)
        for (index, threshold) in COCOParameters.thresholds.enumerated() {
            let bit = Bits(1) << Bits(index)
            match(
                cell.overlaps, threshold: threshold, order: order, isIgnored: isIgnored, isCrowd: cell.isCrowd,
                assigned: &assigned)
            for (detection, truth) in assigned.enumerated() {
                // pycocotools stores the annotation's id as the match, and reads 0 as "none".
                let isMatched = truth >= 0 && annotations[cell.truth[truth]].id != 0
                if isMatched { matched[first + detection] |= bit }
                if truth >= 0 && isIgnored[truth] || !isMatched && isOutside[detection] {
                    ignored[first + detection] |= bit
                }
            }
        }
    }
}
