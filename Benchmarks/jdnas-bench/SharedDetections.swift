import Basics
import COCOMetrics
import Foundation

/// Annotations and detections that all sides of the metrics case read, in COCO's JSON.
struct SharedDetections {
    let groundTruth: GroundTruth
    let detections: [DetectionRecord]

    static let names = (groundTruth: "ground-truth.json", detections: "detections.json")

    /// Reads what `write` or `copy` left.
    init(from folder: URL) throws {
        groundTruth = try GroundTruth(contentsOf: folder.appending(path: Self.names.groundTruth))
        detections = try DetectionRecord.read(contentsOf: folder.appending(path: Self.names.detections))
    }

    /// Takes files of the user's.
    static func copy(groundTruth: URL, detections: URL, to folder: URL) throws {
        for (file, name) in [(groundTruth, names.groundTruth), (detections, names.detections)] {
            try DurableFile.write(Data(contentsOf: file), to: folder.appending(path: name))
        }
    }

    /// Draws 300 images of three classes, with about 14 objects and 60 detections each, always the same.
    static func write(to folder: URL) throws {
        var random = RandomStream(seed: 31)
        var annotations: [JSON] = []
        var found: [JSON] = []
        for image in 1...300 {
            for _ in 0..<14 {
                let side = random.uniform(10, 120)
                let box = [random.uniform(0, 500), random.uniform(0, 360), side, side * random.uniform(0.7, 1.4)]
                let category = 1 + random.index(below: 3)
                annotations.append([
                    "id": .integer(annotations.count + 1), "image_id": .integer(image),
                    "category_id": .integer(category), "bbox": .array(box.map { .number($0) }),
                    "area": .number(box[2] * box[3]), "iscrowd": 0,
                ])
                for _ in 0..<4 {
                    let moved = box.map { $0 + random.normal() * 0.15 * side }
                    let taken = random.uniform() < 0.8 ? category : 1 + random.index(below: 3)
                    found.append([
                        "image_id": .integer(image), "category_id": .integer(taken),
                        "bbox": .array([moved[0], moved[1], abs(moved[2]) + 1, abs(moved[3]) + 1].map { .number($0) }),
                        "score": .number(random.uniform()),
                    ])
                }
            }
        }
        let truth: JSON = [
            "images": .array((1...300).map { ["id": .integer($0), "width": 640, "height": 480] }),
            "categories": .array((1...3).map { ["id": .integer($0), "name": .string("class \($0)")] }),
            "annotations": .array(annotations),
        ]
        for (json, name) in [(truth, names.groundTruth), (.array(found), names.detections)] {
            try DurableFile.write(Data(json.canonicalText.utf8), to: folder.appending(path: name))
        }
    }
}
