/// Precision at COCO's 101 recall points, and the recall reached, of one category in one area range
/// (`COCOeval.accumulate`).
struct CategoryCurves {
    /// Average precision's raw material at 100 detections an image: `[threshold][recall point]`; empty when nothing
    /// was there to be found.
    private(set) var precision: [[Double]] = []
    /// The score at which each recall point is reached; 0 where it is not.
    private(set) var scores: [[Double]] = []
    /// The largest recall: `[limit of detections][threshold]`.
    private(set) var recall: [[Double]] = []
    let positives: Int
    let detections: Int

    init(_ outcomes: CategoryOutcomes) {
        positives = outcomes.positives
        detections = outcomes.scores.count
        if positives == 0 { return }
        let order = indicesByFallingScore(outcomes.scores)
        for limit in COCOParameters.maxDetections {
            let kept = order.filter { outcomes.ranks[$0] < limit }
            let isLast = limit == COCOParameters.maxDetections.last
            recall.append(
                COCOParameters.thresholds.indices.map { index in
                    let bit = CategoryOutcomes.Bits(1) << CategoryOutcomes.Bits(index)
                    let curve = PrecisionRecall(
                        kept.lazy.filter { outcomes.ignored[$0] & bit == 0 }
                            .map { (outcomes.scores[$0], outcomes.matched[$0] & bit != 0) },
                        positives: positives)
                    if isLast {
                        let points = curve.points()
                        precision.append(points.precision)
                        scores.append(points.scores)
                    }
                    return curve.recall.last ?? 0
                })
        }
    }
}

/// A precision-recall curve: one point for each detection, by falling score.
struct PrecisionRecall {
    private(set) var recall: [Double] = []
    private var precision: [Double] = []
    private var scores: [Double] = []

    /// `detections` come by falling score with whether they are right; ignored ones are left out beforehand, which
    /// changes nothing at the points that are read: they move neither count.
    init(_ detections: some Sequence<(score: Double, isRight: Bool)>, positives: Int) {
        var right = 0.0
        var wrong = 0.0
        for (score, isRight) in detections {
            if isRight { right += 1 } else { wrong += 1 }
            recall.append(right / Double(positives))
            precision.append(right / (wrong + right + Double.ulpOfOne))
            scores.append(score)
        }
        for index in precision.indices.dropFirst().reversed() where precision[index] > precision[index - 1] {
            precision[index - 1] = precision[index]
        }
    }

    /// Precision and score at each recall point: those of the first detection that reaches it, 0 beyond the last.
    func points() -> (precision: [Double], scores: [Double]) {
        var values = [Double](repeating: 0, count: COCOParameters.recalls.count)
        var atScores = values
        var index = 0
        for (point, wanted) in COCOParameters.recalls.enumerated() {
            while index < recall.count && recall[index] < wanted { index += 1 }
            if index == recall.count { break }
            values[point] = precision[index]
            atScores[point] = scores[index]
        }
        return (values, atScores)
    }

    var averagePrecision: Double { points().precision.reduce(0, +) / Double(COCOParameters.recalls.count) }
}
