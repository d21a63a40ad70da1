import Basics
public import COCOMetrics
public import Dataset
public import Detection

/// What a detector finds on a split, and how good that is.
public struct DetectorEvaluation: Sendable {
    public let result: COCOResult
    public let detections: [DetectionRecord]
    public let groundTruth: GroundTruth

    /// Mean average precision over IoU .50 to .95, from 0 to 1.
    public var averagePrecision: Double { result.stats[0] }
}

/// Runs a detector on every image of a split, one by one, and computes the COCO metrics. The next image is decoded and
/// resized meanwhile.
///
/// - Parameter progress: called after each image with the fraction done; may throw to stop.
public func evaluateDetector(
    _ detector: Detector, on split: DatasetSplit, progress: (Double) throws -> Void = { _ in }
) throws -> DetectorEvaluation {
    let images = Prefetch(end: split.count) { [transform = detector.transform] index in
        let memory = transform.reserve([split.size(index)])
        return { transform.batch([try split.planes(index)], onOneThread: true, in: memory) }
    }
    var records: [DetectionRecord] = []
    for index in 0..<split.count {
        let imageID = split.records[index].imageID
        for object in try detector.detect(images.item(index))[0] {
            let box = object.box
            records.append(
                DetectionRecord(
                    imageID: imageID, categoryID: split.categories[object.label - 1].id,
                    box: COCOBox(
                        x: Double(box.x1), y: Double(box.y1), width: Double(box.width), height: Double(box.height)),
                    score: Double(object.score)))
        }
        try progress(Double(index + 1) / Double(split.count))
    }
    let truth = split.groundTruth
    return DetectorEvaluation(result: try evaluate(truth, records), detections: records, groundTruth: truth)
}

extension DatasetSplit {
    /// The split as the metrics see it: the annotation file's own ids, boxes and areas.
    public var groundTruth: GroundTruth {
        GroundTruth(
            images: records.map(\.imageID), categories: categories.map { .init(id: $0.id, name: $0.name) },
            annotations: records.flatMap { record in
                record.annotations.map { object in
                    let box = object.sourceBox
                    return GroundTruth.Annotation(
                        id: object.id, imageID: record.imageID, categoryID: categories[object.label - 1].id,
                        box: COCOBox(x: box.x, y: box.y, width: box.width, height: box.height), area: object.area,
                        isCrowd: object.isCrowd)
                }
            })
    }
}
