/// What an evaluation says. Every number is -1 where there was nothing to be found, as in pycocotools.
public struct COCOResult: Sendable, Hashable, Codable {
    /// The 12 numbers of `COCOeval.stats`: AP at .50:.95, .50, .75; AP of small, medium, large objects; average recall
    /// with 1, 10, 100 detections an image; average recall of small, medium, large objects.
    public var stats: [Double]
    /// Rising by category id.
    public var perCategory: [CategoryResult]
    /// Detections of categories that the ground truth does not list; they took no part.
    public var foreignDetections: Int

    /// AP averaged over IoU .50:.95.
    public var averagePrecision: Double { stats[0] }
    /// AP at IoU .50.
    public var averagePrecision50: Double { stats[1] }
    /// AP at IoU .75.
    public var averagePrecision75: Double { stats[2] }

    /// What `stats` holds, in words for a table.
    public static let statNames = [
        "AP", "AP50", "AP75", "AP small", "AP medium", "AP large", "AR 1", "AR 10", "AR 100", "AR small", "AR medium",
        "AR large",
    ]
}

/// An evaluation's numbers for one category.
public struct CategoryResult: Sendable, Hashable, Codable {
    public var id: Int
    public var name: String
    /// Averaged over IoU .50:.95, all areas, 100 detections an image.
    public var averagePrecision: Double
    public var averagePrecision50: Double
    public var averagePrecision75: Double
    /// By area: small, medium, large.
    public var averagePrecisionByArea: [Double]
    public var averageRecall: Double
    /// Objects to be found: neither crowds nor outside COCO's range of areas.
    public var objects: Int
    /// Detections that were looked at: at most 100 an image.
    public var detections: Int
    /// Precision at recall 0, .01 … 1: `[IoU threshold][recall point]`; empty without objects.
    public var precision: [[Double]]
    /// The score at which each of those points is reached; 0 where it is not.
    public var scores: [[Double]]
    /// The largest recall at each IoU threshold.
    public var recall: [Double]
}

extension COCOResult {
    /// `curves[category][area range]`.
    init(_ set: EvaluationSet, _ curves: [[CategoryCurves]]) {
        func precision(area: Int, threshold: Int? = nil) -> Double {
            mean(curves.flatMap { CategoryResult.values($0[area].precision, threshold).joined() })
        }
        func recall(area: Int, limit: Int) -> Double {
            mean(curves.flatMap { $0[area].positives == 0 ? [] : $0[area].recall[limit] })
        }
        let at75 = COCOParameters.thresholds.firstIndex(of: 0.75)
        stats =
            [precision(area: 0), precision(area: 0, threshold: 0), precision(area: 0, threshold: at75)]
            + (1...3).map { precision(area: $0) }
            + (0...2).map { recall(area: 0, limit: $0) }
            + (1...3).map { recall(area: $0, limit: 2) }
        perCategory = zip(set.categories, curves).map { category, curves in
            let all = curves[0]
            func precision(area: Int, threshold: Int? = nil) -> Double {
                mean(CategoryResult.values(curves[area].precision, threshold).joined())
            }
            return CategoryResult(
                id: category.id, name: category.name, averagePrecision: precision(area: 0),
                averagePrecision50: precision(area: 0, threshold: 0),
                averagePrecision75: precision(area: 0, threshold: at75),
                averagePrecisionByArea: (1...3).map { precision(area: $0) },
                averageRecall: mean(all.recall.last ?? []), objects: all.positives, detections: all.detections,
                precision: all.precision, scores: all.scores, recall: all.recall.last ?? [])
        }
        foreignDetections = set.foreignDetections
    }
}

extension CategoryResult {
    /// One threshold's row, or all rows.
    fileprivate static func values(_ rows: [[Double]], _ threshold: Int?) -> ArraySlice<[Double]> {
        guard let threshold, !rows.isEmpty else { return rows[...] }
        return rows[threshold...threshold]
    }
}

/// The mean, or -1 of nothing.
private func mean(_ values: some Sequence<Double>) -> Double {
    var sum = 0.0
    var count = 0
    for value in values {
        sum += value
        count += 1
    }
    return count == 0 ? -1 : sum / Double(count)
}
