import Basics
import COCOMetrics
import Foundation
import Testing

/// The reference files beside the checkout, when they are there.
private let sharedEvaluation: URL = {
    let environment = ProcessInfo.processInfo.environment["JDNAS_SHARED"]
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    return (environment.map { URL(filePath: $0) } ?? root.appending(path: "../shared")).appending(path: "eval")
}()

@Suite(
    .enabled("needs ../shared/eval (or JDNAS_SHARED)") {
        FileManager.default.fileExists(atPath: sharedEvaluation.appending(path: "bccd_gt.json").path)
    }
)
struct SharedReferenceTests {
    @Test(arguments: ["bccd", "bccd_large", "coco_by"])
    func equalsPycocotools(name: String) throws {
        func file(_ part: String) -> URL { sharedEvaluation.appending(path: "\(name)_\(part).json") }
        let truth = try GroundTruth(contentsOf: file("gt"))
        let detections = try DetectionRecord.read(contentsOf: file("dt"))
        let expected = try JSON(parsing: Data(contentsOf: file("expected")))
        let result = try evaluate(truth, detections)
        expectClose(result.stats, expected["stats"]?.array?.compactMap(\.number) ?? [], "stats")
        for category in result.perCategory {
            let value = try #require(expected["per_category_ap"]?["\(category.id)"]?.number)
            expectClose([category.averagePrecision], [value], "category \(category.id)")
        }
        let curve = expected["pr50_first_category"]?.array?.compactMap(\.number) ?? []
        expectClose(result.perCategory[0].precision[0], curve, "precision")
        let breakdown = try errorBreakdown(truth, detections)
        expectClose([breakdown.averagePrecision50], [result.averagePrecision50], "base of the breakdown")
    }
}
