import Basics
import COCOMetrics
import Foundation
import Testing

/// Tests/Fixtures/coco-evaluation: made with pycocotools (make.py there).
private struct Case: Decodable {
    struct Expected: Decodable {
        var stats: [Double]
        var averagePrecisions: [Double]
        var recall: [[Double]]
        var precision: [String: [[Double]]]

        enum CodingKeys: String, CodingKey {
            case stats, recall, precision
            case averagePrecisions = "per_category_ap"
        }
    }
    var expected: Expected
    let groundTruth: GroundTruth
    let detections: [DetectionRecord]

    enum CodingKeys: String, CodingKey {
        case expected, detections
        case groundTruth = "ground_truth"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        expected = try container.decode(Expected.self, forKey: .expected)
        groundTruth = try GroundTruth(
            parsing: Data(container.decode(JSON.self, forKey: .groundTruth).canonicalText.utf8))
        detections = try DetectionRecord.read(
            parsing: Data(container.decode(JSON.self, forKey: .detections).canonicalText.utf8))
    }

    init(named name: String) throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = tests.appending(path: "Fixtures/coco-evaluation/\(name).json")
        self = try JSONDecoder().decode(Case.self, from: Data(contentsOf: file))
    }
}

func expectClose(
    _ actual: [Double], _ expected: [Double], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, "\(what)", sourceLocation: sourceLocation)
    for (index, pair) in zip(actual, expected).enumerated() {
        #expect(abs(pair.0 - pair.1) < 1e-9, "\(what)[\(index)]", sourceLocation: sourceLocation)
    }
}

@Suite struct EvaluationTests {
    @Test(arguments: ["mixed", "crowded", "many-images", "no-objects"])
    func agreesWithPycocotools(name: String) throws {
        let fixture = try Case(named: name)
        let result = try evaluate(fixture.groundTruth, fixture.detections)
        expectClose(result.stats, fixture.expected.stats, "stats")
        expectClose(result.perCategory.map(\.averagePrecision), fixture.expected.averagePrecisions, "ap")
        for (category, numbers) in result.perCategory.enumerated() {
            let recall = numbers.recall.isEmpty ? [Double](repeating: -1, count: 10) : numbers.recall
            expectClose(recall, fixture.expected.recall[category], "recall of \(numbers.name)")
            for (threshold, rows) in fixture.expected.precision {
                let index = try #require(Int(threshold))
                let row = numbers.precision.isEmpty ? [Double](repeating: -1, count: 101) : numbers.precision[index]
                expectClose(row, rows[category], "precision of \(numbers.name) at \(threshold)")
            }
        }
    }

    @Test func thresholdsAreThoseOfNumpy() {
        #expect(COCOParameters.thresholds.contains(0.75))
        #expect(COCOParameters.thresholds.first == 0.5 && COCOParameters.thresholds.last == 0.95)
        #expect(COCOParameters.recalls[29] == 0.29 && COCOParameters.recalls[57] == 0.5700000000000001)
    }

    @Test func perfectDetectionsScoreOne() throws {
        let fixture = try Case(named: "many-images")
        let detections = fixture.groundTruth.annotations.map {
            DetectionRecord(imageID: $0.imageID, categoryID: $0.categoryID, box: $0.box, score: 0.9)
        }
        var truth = fixture.groundTruth
        truth.annotations = truth.annotations.map { annotation in
            var annotation = annotation
            annotation.id += 1  // pycocotools cannot match annotation 0
            return annotation
        }
        let result = try evaluate(truth, detections)
        #expect(abs(result.averagePrecision - 1) < 1e-9)
        #expect(result.stats[8] == 1)
    }

    @Test func leavesOutForeignCategoriesAndSaysSo() throws {
        let fixture = try Case(named: "mixed")
        let stray = DetectionRecord(
            imageID: fixture.groundTruth.images[0], categoryID: 77, box: COCOBox(x: 0, y: 0, width: 9, height: 9),
            score: 1)
        let result = try evaluate(fixture.groundTruth, fixture.detections + [stray])
        #expect(result.foreignDetections == 1)
        expectClose(result.stats, fixture.expected.stats, "stats")
        #expect(result.table.contains("left out: 1 detections"))
    }

    @Test func emptyInputGivesMinusOne() throws {
        let result = try evaluate(GroundTruth(images: [], categories: [], annotations: []), [])
        #expect(result.stats == [Double](repeating: -1, count: 12))
    }

    @Test func jsonHoldsTheNumbers() throws {
        let fixture = try Case(named: "mixed")
        let result = try evaluate(fixture.groundTruth, fixture.detections)
        let json = result.json(curves: true)
        #expect(json["stats"]?[0]?.number == result.stats[0])
        #expect(json["per_category"]?[0]?["precision"]?[9]?.array?.count == 101)
        #expect(result.json()["per_category"]?[0]?["precision"] == nil)
        #expect(result.table.contains("all categories"))
    }
}
