import Basics
import COCOMetrics
import Testing

@Suite struct ErrorBreakdownTests {
    /// One image with a cell, a plate and an object that nothing finds; one detection of every kind.
    private let truth = GroundTruth(
        images: [1], categories: [.init(id: 1, name: "cell"), .init(id: 2, name: "plate")],
        annotations: [
            .init(id: 1, imageID: 1, categoryID: 1, box: COCOBox(x: 0, y: 0, width: 10, height: 10)),
            .init(id: 2, imageID: 1, categoryID: 1, box: COCOBox(x: 100, y: 0, width: 10, height: 10)),
            .init(id: 3, imageID: 1, categoryID: 2, box: COCOBox(x: 200, y: 0, width: 10, height: 10)),
            .init(id: 4, imageID: 1, categoryID: 2, box: COCOBox(x: 300, y: 0, width: 10, height: 10)),
        ])

    private func detection(_ category: Int, _ x: Double, _ score: Double) -> DetectionRecord {
        DetectionRecord(
            imageID: 1, categoryID: category, box: COCOBox(x: x, y: 0, width: 10, height: 10), score: score)
    }

    @Test func everyKindIsTold() throws {
        let breakdown = try errorBreakdown(
            truth,
            [
                detection(1, 0, 0.9),  // right
                detection(1, 1, 0.8),  // duplicate
                detection(1, 106, 0.7),  // IoU .25: localisation
                detection(1, 200, 0.6),  // on a plate: classification
                detection(1, 206, 0.5),  // loosely on a plate: both
                detection(1, 500, 0.4),  // background
            ])
        for kind in ErrorBreakdown.Kind.allCases { #expect(breakdown.counts[kind] == 1, "\(kind)") }
        #expect(breakdown.perCategory[1]?[.missed] == nil)
        #expect(breakdown.perCategory[2] == [.missed: 1])
        // Mending the localisation error finds the second cell at precision 2/3; only that recall is worth something.
        #expect((breakdown.cost[.localisation] ?? 0) > 0.1)
        #expect((breakdown.cost[.classification] ?? 0) > 0.2)
        #expect(breakdown.cost[.background] == 0)
    }

    @Test func baseAgreesWithTheEvaluation() throws {
        var generator = RandomStream(seed: 5)
        let detections = (0..<200).map { _ in
            detection(
                Int.random(in: 1...2, using: &generator), Double(Int.random(in: 0...310, using: &generator)),
                Double(Int.random(in: 0...10, using: &generator)) / 10)
        }
        let result = try evaluate(truth, detections)
        let breakdown = try errorBreakdown(truth, detections)
        #expect(abs(breakdown.averagePrecision50 - result.averagePrecision50) < 1e-12)
        #expect(breakdown.cost.values.allSatisfy { $0 >= 0 && $0 <= 1 })
    }
}
