import Basics
import COCOMetrics
import Foundation
import Testing

@Suite struct BadInputTests {
    private let truth = GroundTruth(images: [1], categories: [.init(id: 1, name: "cell")], annotations: [])
    private let box = COCOBox(x: 0, y: 0, width: 4, height: 4)

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func detectionsThatCannotBeUsedAreNamedByIndex() {
        let good = DetectionRecord(imageID: 1, categoryID: 1, box: box, score: 0.5)
        var unknown = good
        unknown.imageID = 7
        var unscored = good
        unscored.score = .nan
        var inverted = good
        inverted.box.width = -1
        for (bad, text) in [
            (unknown, "dt.json[1]: error: image id 7 is not in the ground truth"),
            (unscored, "dt.json[1]: error: the score is not finite"),
            (inverted, "dt.json[1]: error: the box has a negative width or height"),
        ] {
            #expect(message { _ = try evaluate(truth, [good, bad], place: "dt.json") }.hasPrefix(text))
        }
    }

    @Test(arguments: [
        ("[{\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,3],\"score\":1}]", "dt[0]: error: 'bbox' has 3 numbers"),
        ("[{\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,3,4]}]", "dt[0]: error: lacks 'score'"),
        ("[{\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,3,4],\"score\":\"high\"}]", "dt[0].score: error: "),
        ("[{\"image_id\":1,", "dt: error: not valid JSON"),
        ("{}", "dt: error: "),
    ])
    func detectionFilesAreRefusedWithTheirPlace(text: String, expected: String) {
        let actual = message { _ = try DetectionRecord.read(parsing: Data(text.utf8), at: "dt") }
        #expect(actual.hasPrefix(expected), "\(actual)")
    }

    @Test(arguments: [
        ("[{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,3]}]", "gt: annotations[0]: error: 'bbox' has 3"),
        ("[{\"id\":1,\"image_id\":1,\"category_id\":1}]", "gt: annotations[0]: error: lacks 'bbox'"),
        (
            "[{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,3,4]},"
                + "{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,3,4]}]",
            "gt: annotations[1]: error: id 1 is that of annotations[0] too"
        ),
    ])
    func groundTruthFilesAreRefusedWithTheirPlace(annotations: String, expected: String) {
        let text = "{\"images\":[{\"id\":1}],\"categories\":[{\"id\":1,\"name\":\"a\"}],\"annotations\":\(annotations)}"
        let actual = message { _ = try GroundTruth(parsing: Data(text.utf8), at: "gt") }
        #expect(actual.hasPrefix(expected), "\(actual)")
    }

    @Test func detectionsSurviveWritingAndReading() throws {
        let records = [
            DetectionRecord(
                imageID: 3, categoryID: 2, box: COCOBox(x: 0.1, y: 1e-7, width: 3, height: 1e9), score: 0.1 + 0.2)
        ]
        #expect(try DetectionRecord.read(parsing: DetectionRecord.write(records)) == records)
        #expect(try DetectionRecord.read(parsing: DetectionRecord.write([])) == [])
    }
}
