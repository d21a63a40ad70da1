import Basics
import COCOMetrics
import Evaluate
import Foundation
import Report
import Search
import TestSupport
import Testing

@Suite struct MarkedImageTests {
    private let names = [1: "cell", 2: "plate"]

    private func object(_ id: Int, _ category: Int, x: Double, isCrowd: Bool = false) -> GroundTruth.Annotation {
        .init(
            id: id, imageID: 1, categoryID: category, box: COCOBox(x: x, y: 0, width: 10, height: 10),
            isCrowd: isCrowd)
    }

    private func detection(_ category: Int, x: Double, _ score: Double) -> DetectionRecord {
        DetectionRecord(
            imageID: 1, categoryID: category, box: COCOBox(x: x, y: 0, width: 10, height: 10), score: score)
    }

    @Test func pairsBestScoresFirst() {
        let image = MarkedImage(
            [object(1, 1, x: 0), object(2, 1, x: 100), object(3, 2, x: 200), object(4, 1, x: 300, isCrowd: true)],
            [
                detection(1, x: 1, 0.6),  // a second one on the first object
                detection(1, x: 0, 0.9),
                detection(1, x: 200, 0.8),  // of the wrong class
                detection(2, x: 200, 0.4),  // below the threshold
                detection(1, x: 304, 0.7),  // in a crowd
            ], names: names, threshold: 0.5)
        #expect(image.found == 1)
        #expect(image.wrong == 2)
        #expect(image.missed == 2)
        #expect(image.boxes.map(\.kind) == [.missed, .missed, .wrong, .wrong, .hit])
        #expect(image.boxes.last?.label == "cell" && image.boxes.last?.score == 0.9)
    }

    @Test func nothingThere() {
        let image = MarkedImage([], [], names: names, threshold: 0.5)
        #expect(image.boxes.isEmpty && image.found == 0 && image.missed == 0)
    }
}

@Suite struct PairedBootstrapTests {
    private let truth: GroundTruth
    private let perfect: [DetectionRecord]

    init() {
        let objects = (0..<60).map { number in
            GroundTruth.Annotation(
                id: number + 1, imageID: number / 3, categoryID: 1,
                box: COCOBox(x: Double(number % 3) * 40, y: 0, width: 30, height: 30))
        }
        truth = GroundTruth(
            images: Array(0..<20), categories: [.init(id: 1, name: "cell")], annotations: objects)
        perfect = objects.map {
            DetectionRecord(imageID: $0.imageID, categoryID: 1, box: $0.box, score: 0.9)
        }
    }

    @Test func equalDetectorsDoNotDiffer() throws {
        #expect(try PairedBootstrap(truth, perfect, perfect).changes(resamples: 40).interval == 0...0)
    }

    @Test func aBetterStudentIsBetterOnAllDraws() throws {
        let poor = perfect.enumerated().filter { $0.offset % 3 != 0 }.map(\.element)
        let bootstrap = PairedBootstrap(truth, poor, perfect)
        let changes = try bootstrap.changes(resamples: 40)
        let interval = try #require(changes.interval)
        #expect(interval.lowerBound > 0.2 && interval.upperBound < 0.5)
        #expect(try bootstrap.changes(resamples: 40) == changes)
        // The first drawings are the same however many are wanted, and whatever is compared on them.
        #expect(try bootstrap.changes(resamples: 25).values == Array(changes.values.prefix(25)))
        let turned = try PairedBootstrap(truth, perfect, poor).changes(resamples: 40)
        #expect(turned.values == changes.values.map { $0.map { -$0 } })
        // So they are where time allows for some of them only.
        let size = poor.count + perfect.count
        #expect(try bootstrap.changes(resamples: 40, most: 25 * size).values == Array(changes.values.prefix(25)))
        #expect(try bootstrap.changes(resamples: 40, most: 19 * size).values.isEmpty)
    }

    @Test func tooFewResamplingsSayNothing() throws {
        #expect(try PairedBootstrap(truth, perfect, perfect).changes(resamples: 0).interval == nil)
        #expect(try PairedBootstrap(truth, perfect, perfect).changes(resamples: 19).interval == nil)
    }
}

@Suite struct SearchRecordTests {
    @Test func readsWhatASearchLeaves() throws {
        let folder = try TemporaryFolder()
        try folder.write(Samples.history, to: "history.jsonl")
        try folder.write(Samples.front, to: "front.json")
        try folder.write(Samples.teacher, to: "teacher.json")
        let record = try SearchRecord(
            folder.url,
            summary: [
                "target_ms": 30, "refused": 2, "duplicates": 1, "notes": ["it rained"], "mode": "fixed-teacher",
                "cost": ["base_trainings": 2.5],
                "moves": ["remove-block": ["pulls": 3, "reward": 0.5]],
                "teacher_moves": ["draw": ["pulls": 1, "reward": 0]],
                "finalists": [
                    ["candidate": 1, "ap": 0.37, "share": 0.5],
                    ["candidate": 3, "ap": 0.41, "share": 1, "student": true],
                ],
            ])
        let figures = record.figures
        #expect(figures.candidates.map(\.action) == ["remove block", "teacher", "prune"])
        #expect(figures.candidates.map(\.outcome) == [.accepted, .rejected, .accepted])
        #expect(figures.candidates.map(\.onFront) == [false, false, true])
        #expect(figures.lineage.map(\.id) == ["1", "3"])
        #expect(figures.base == SearchPoint(averagePrecision: 0.4, latency: 40))
        #expect(figures.finished == SearchPoint(averagePrecision: 0.41, latency: 29))
        #expect(figures.latencyTarget == 30 && figures.refused == 2 && figures.duplicates == 1)
        #expect(figures.notes == ["it rained"])
        #expect(figures.baseTrainings == 2.5 && record.metrics["cost"]?["base_trainings"]?.number == 2.5)
        #expect(figures.mode == "fixed-teacher")
        #expect(
            figures.finalists == [
                FinalistFigures(id: "3", before: 0.4, after: 0.41, share: 1, isStudent: true),
                FinalistFigures(id: "1", before: 0.39, after: 0.37, share: 0.5, isStudent: false),
            ])
        #expect(
            figures.moves == [
                MoveFigures(name: "remove block", pulls: 3, reward: 0.5),
                MoveFigures(name: "teacher: draw", pulls: 1, reward: 0),
            ])
        #expect(record.predictedLatency(3) == 29)
        #expect(record.predictedLatency(7) == nil)
    }

    @Test func notASearchResult() throws {
        let failure = #expect(throws: Failure.self) { try SearchRecord(TemporaryFolder().url, summary: [:]) }
        #expect(failure?.remedy == "name the output of a joint-search stage")
    }
}
