import Basics
import COCOMetrics
import Dataset
import Detection
import DetectorKit
import Evaluate
import Foundation
import Manifest
import Models
import ResNet
import Search
import StageKit
import Synchronization
import Synth
import Tensor
import TestSupport
import Testing
import Training

@Suite(.serialized) struct EvaluateStageTests {
    private let catalog = BackboneCatalog([ResNet()])
    private let folder: TemporaryFolder
    private let options = EvaluateOptions(imagesInReport: 4, latencyImages: 2, latencyRounds: 1, bootstrap: 20)

    /// A data set of a few scenes, and an untrained base.
    init() throws {
        folder = try TemporaryFolder()
        try writeSyntheticDataset(to: folder["raw"], train: 4, val: 3, size: (96, 64), seed: 5)
        try packDataset(root: folder["raw"], to: folder["data"])
        try DetectorFiles.write(detector(neck: 16, seed: 1), to: folder["base"])
    }

    private func detector(neck: Int, seed: UInt64) throws -> Detector {
        let settings = DetectorSettings(
            backbone: "resnet18", norm: .group, normGroups: 16, neckWidth: neck, headWidth: 32,
            input: .init(shorter: 64, longer: 96), anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [1]),
            selection: .init(
                inference: .init(beforeNMS: 50, afterNMS: 20), scoreThreshold: 0.01, detectionsPerImage: 10))
        let classes = try PackedDataset(folder["data"]).categories.count
        let graph = try DetectorGraph(settings.architecture(classes: classes, catalog), catalog)
        return Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: seed)))
    }

    private func artifact(_ kind: ArtifactKind, _ path: String, summary: JSON = [:]) -> Artifact {
        Artifact(kind: kind, directory: folder[path], digest: Digest(of: path), summary: summary, reference: path)
    }

    private func searchResult() throws -> Artifact {
        try DetectorFiles.write(detector(neck: 16, seed: 1), to: folder["search/base"])
        try DetectorFiles.write(detector(neck: 8, seed: 2), to: folder["search/student"])
        try folder.write(Samples.history, to: "search/history.jsonl")
        try folder.write(Samples.front, to: "search/front.json")
        try folder.write(Samples.teacher, to: "search/teacher.json")
        return artifact(.searchResult, "search", summary: ["target_ms": 30, "meets_target": true, "refused": 2])
    }

    @discardableResult private func run(
        _ inputs: [Artifact], log: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> StageContext {
        let context = try StageContext(
            job: "job <1>", stage: "report", threads: Threads.count, inputs: inputs, attempt: folder["attempt"],
            log: log)
        try Evaluate(backbones: catalog).run(options, context)
        return context
    }

    private func output(_ path: String) throws -> Data { try Data(contentsOf: folder["attempt/output/" + path]) }

    private func missing(_ texts: [String]) throws -> [String] {
        let html = String(decoding: try output("report.html"), as: UTF8.self)
        return texts.filter { !html.contains($0) }
    }

    @Test func baseAndStudent() throws {
        let context = try run([artifact(.dataset, "data"), artifact(.detector, "base"), searchResult()])
        let files = folder.files().filter { $0.hasPrefix("attempt/output/") }.map { $0.dropFirst(15) }
        #expect(
            files == [
                "base/architecture.json", "base/categories.json", "base/weights.safetensors", "detections/base.json",
                "detections/student.json", "history.jsonl", "metrics.json", "report.html",
                "student/architecture.json", "student/categories.json", "student/weights.safetensors",
            ])

        let metrics = try JSON(parsing: output("metrics.json"))
        #expect(metrics["format"] == "jdnas-metrics/1")
        #expect(metrics["split"]?["images"] == 3)
        let (base, student) = (try #require(metrics["base"]), try #require(metrics["student"]))
        #expect(base["stats"]?.array?.count == 12)
        #expect(base["ap"] == base["stats"]?[0])
        #expect(base["per_class"]?.array?.isEmpty == false)
        let before = try #require(base["parameters"]?.number)
        let after = try #require(student["parameters"]?.number)
        let change = try #require(metrics["change"]?["parameters_percent"]?.number)
        #expect(after < before && abs(change - (after / before - 1) * 100) < 1e-9)
        #expect(student["latency_ms"]?["samples"] == 2)
        let drawn = try #require(metrics["change"]?["resampled"].flatMap { ResampledChanges(json: $0) })
        #expect(drawn.values.count == 20 && metrics["split"]?["digest"]?.string?.count == 64)
        #expect(context.output.summary["change"]?["resampled"] == nil)

        // The detections are COCO's, and give the same numbers again.
        let truth = try PackedDataset(folder["data"]).split("val").groundTruth
        let detections = try DetectionRecord.read(parsing: output("detections/base.json"))
        #expect(!detections.isEmpty && Set(detections.map(\.imageID)).isSubset(of: truth.images))
        let again = try evaluate(truth, detections).stats
        #expect(base["stats"]?.array?.compactMap(\.number) == again)

        let lines = context.output.summary["headline"]?.array?.compactMap(\.string) ?? []
        #expect(lines.count == 3 && lines[0].hasPrefix("AP on 'val', ") && lines[0].hasSuffix(" images"))
        #expect(lines[1].hasPrefix("base     AP ") && lines[2].hasPrefix("student  AP "), "\(lines)")
        #expect(try missing(["job &lt;1&gt;", "From base to student", "remove block", "data:image/jpeg"]).isEmpty)
    }

    /// The student is held against further detectors as well: the base trained on, say.
    @Test func rivals() throws {
        try DetectorFiles.write(detector(neck: 16, seed: 1), to: folder["night/continued"])
        try DetectorFiles.write(detector(neck: 32, seed: 3), to: folder["continued"])
        let context = try run([
            artifact(.dataset, "data"), artifact(.detector, "base"), artifact(.detector, "night/continued"),
            artifact(.detector, "continued"), searchResult(),
        ])
        let metrics = try JSON(parsing: output("metrics.json"))
        let (first, second) = (metrics["rivals"]?["continued"], metrics["rivals"]?["continued-2"])
        // The first one is the base again.
        for key in ["ap", "parameters", "macs"] { #expect(first?[key] == metrics["base"]?[key], "\(key)") }
        #expect(first?["change"]?["ap_points"] == metrics["change"]?["ap_points"])
        #expect(first?["change"]?["parameters_percent"] == metrics["change"]?["parameters_percent"])
        let larger = try #require(second?["change"]?["parameters_percent"]?.number)
        #expect(try larger < #require(first?["change"]?["parameters_percent"]?.number))
        #expect(second?["latency_ms"]?["samples"] == 2)
        let lines = context.output.summary["headline"]?.array?.compactMap(\.string) ?? []
        #expect(lines.count == 5 && lines[3].hasPrefix("against continued (AP ") && lines[4].contains("continued-2"))
        #expect(try missing(["Against continued-2 (AP "]).isEmpty)
        #expect(try !output("detections/continued-2.json").isEmpty)
    }

    /// An earlier evaluation's detections are taken for those of the same detector on the same images.
    @Test func whatWasMeasuredIsNotMeasuredAgain() throws {
        let inputs = [artifact(.dataset, "data"), artifact(.detector, "base"), try searchResult()]
        func again(
            _ change: (inout [Artifact]) throws -> Void = { _ in }
        ) throws -> (metrics: JSON, said: [String], notices: [String]) {
            var others = inputs + [artifact(.evaluation, "earlier"), artifact(.evaluation, "comparison")]
            try change(&others)
            let said = Mutex<[String]>([])
            try run(others, log: { line in said.withLock { $0.append(line) } })
            let metrics = try JSON(parsing: output("metrics.json"))
            try FileManager.default.removeItem(at: folder["attempt"])
            let lines = said.withLock { $0 }
            return (
                metrics, lines.filter { $0.hasSuffix("as 'earlier' measured it") },
                lines.filter { $0.contains("what 'earlier' measured cannot be used") }
            )
        }
        try run(inputs)
        let first = try JSON(parsing: output("metrics.json"))
        try FileManager.default.moveItem(at: folder["attempt/output"], to: folder["earlier"])
        try FileManager.default.removeItem(at: folder["attempt"])
        // A comparison is an evaluation as well, and measures nothing.
        try folder.write("{}", to: "comparison/comparison.json")

        let second = try again()
        #expect(second.said.map { $0.prefix { $0 != ":" } } == ["base", "student"] && second.notices == [])
        for name in ["base", "student"] {
            #expect(second.metrics[name]?["stats"] == first[name]?["stats"])
            #expect(second.metrics[name]?["measured"] == first[name]?["measured"])
            #expect(second.metrics[name]?["latency_ms"]?["samples"] == 2)
        }
        #expect(second.metrics["change"]?["resampled"] == first["change"]?["resampled"])

        // It is read: what is not in it is not found.
        try folder.write("[]", to: "earlier/detections/student.json")
        let third = try again()
        #expect(
            third.metrics["student"]?["detections"] == 0 && third.metrics["base"]?["stats"] == first["base"]?["stats"])

        // Other weights, and other images, are measured.
        let other = try again { others in
            try DetectorFiles.write(detector(neck: 16, seed: 9), to: folder["other"])
            others[1] = artifact(.detector, "other")
            try writeSyntheticDataset(to: folder["raw-2"], train: 4, val: 3, size: (96, 64), seed: 6)
            try packDataset(root: folder["raw-2"], to: folder["data-2"])
        }
        #expect(other.said.map { $0.prefix { $0 != ":" } } == ["student"])
        let elsewhere = try again { $0[0] = artifact(.dataset, "data-2") }
        #expect(elsewhere.said == [])
        // So are the same weights where other detections are let through.
        let choosy = try again { others in
            let base = try detector(neck: 16, seed: 1)
            var architecture = base.architecture
            architecture.selection.detectionsPerImage = 3
            try DetectorFiles.write(
                Detector(graph: DetectorGraph(architecture, catalog), weights: base.weights), to: folder["choosy"])
            others[1] = artifact(.detector, "choosy")
        }
        #expect(choosy.said.map { $0.prefix { $0 != ":" } } == ["student"])

        // What is damaged is told and measured.
        try folder.write("[{\"image_id\": 1", to: "earlier/detections/base.json")
        let damaged = try again()
        #expect(damaged.said.count == 1 && damaged.metrics["base"]?["stats"] == first["base"]?["stats"])
        #expect(damaged.notices.count == 1)
        try folder.write("{\"base\"", to: "earlier/metrics.json")
        let broken = try again()
        #expect(broken.said == [] && broken.notices.count == 1)
    }

    /// A base that was trained on is another detector than the base, and a replay tells nothing of other candidates.
    @Test func whatTheStudentIsIsSaid() throws {
        let base = "The search found nothing better: the student is the base."
        let trained = "The search found nothing better than the base trained on: that is the student."
        let replay = "By the latencies of now the lineage&#39;s student misses the search&#39;s target."
        for (taken, front, ended, expected) in [
            ("true", #"{"student": 0}"#, "candidates", trained), ("false", #"{"student": 0}"#, "candidates", base),
            ("true", Samples.front, "replay", replay),
        ] {
            var search = try searchResult()
            search.summary = ["target_ms": 30, "meets_target": .bool(ended != "replay"), "ended_by": .string(ended)]
            let history = Samples.history.replacing("\"ap_before\"", with: "\"taken\": \(taken), \"ap_before\"")
            try folder.write(history, to: "search/history.jsonl")
            try folder.write(front, to: "search/front.json")
            try run([artifact(.dataset, "data"), artifact(.detector, "base"), search])
            let html = String(decoding: try output("report.html"), as: UTF8.self)
            let found = [base, trained, replay, "No candidate met"].filter(html.contains)
            #expect(found == [expected], "\(found)")
            try FileManager.default.removeItem(at: folder["attempt"])
        }
    }

    /// The base is what the search started from, wherever it stands in 'needs'.
    @Test func theSearchKnowsItsBase() throws {
        try DetectorFiles.write(detector(neck: 32, seed: 3), to: folder["continued"])
        let search = try searchResult()
        let digest = try Digest(of: SafeTensors(detector(neck: 16, seed: 1).weights).encoded())
        let first = "{\"candidate\": 0,"
        #expect(Samples.history.hasPrefix(first))
        try folder.write(
            Samples.history.replacing(first, with: "\(first)\"weights_digest\":\"\(digest.hex)\",", maxReplacements: 1),
            to: "search/history.jsonl")
        try folder.write(Samples.curve, to: "continued/curve.jsonl")
        try run([artifact(.dataset, "data"), artifact(.detector, "continued"), artifact(.detector, "base"), search])
        // Nor are curves of another one's training taken for the base's.
        #expect(try missing(["Loss of the base&#39;s training"]).count == 1)
        let metrics = try JSON(parsing: output("metrics.json"))
        let base = try #require(metrics["base"]?["parameters"]?.number)
        #expect(try base < #require(metrics["rivals"]?["continued"]?["parameters"]?.number))
        #expect(metrics["rivals"]?.object?.count == 1)

        let failure = #expect(throws: Failure.self) {
            try run([artifact(.dataset, "data"), artifact(.detector, "base"), artifact(.detector, "continued")])
        }
        #expect(failure?.what == "2 detectors, and no search's result to hold against them")
    }

    @Test func teacherOfTheSearchsPool() throws {
        let base = try detector(neck: 16, seed: 1)
        let space = SearchSpace.below(
            base.architecture, removableBlocks: 1, innerWidths: [1], trunkWidths: [1], smallerInputs: [])
        let pool = ElasticPool(
            supernet: try Supernet(base.graph, space, catalog), weights: base.weights, card: [],
            cardSplit: "search")
        try pool.write(to: folder["pool"])
        let teachers = artifact(.teacherPool, "pool")
        let search = try searchResult()
        let choice = try JSON(encoding: space.smallest)
        let teacher: JSON = ["choice": choice, "name": "smallest", "pool": .string(teachers.digest.hex)]
        try folder.write(teacher.prettyText, to: "search/teacher.json")

        try run([artifact(.dataset, "data"), search, teachers])
        let metrics = try JSON(parsing: output("metrics.json"))
        let parameters = try #require(metrics["teacher"]?["parameters"]?.number)
        #expect(try parameters < #require(metrics["base"]?["parameters"]?.number))
        #expect(metrics["teacher"]?["stats"]?.array?.count == 12)

        // Of a search that asked none, none is measured.
        var untaught = search
        untaught.summary = ["target_ms": 30, "meets_target": true, "mode": "no-distillation"]
        try FileManager.default.removeItem(at: folder["attempt"])
        try run([artifact(.dataset, "data"), untaught, teachers])
        #expect(try JSON(parsing: output("metrics.json"))["teacher"]?.isNull != false)
    }

    @Test func baseAloneWithItsTraining() throws {
        try folder.write(Samples.curve, to: "base/curve.jsonl")
        try run([artifact(.dataset, "data"), artifact(.detector, "base")])
        let metrics = try JSON(parsing: output("metrics.json"))
        #expect(metrics["base"] != nil)
        #expect(metrics["student"] == nil && metrics["change"] == nil)
        #expect(try missing(["The detector reaches AP", "Loss of the base&#39;s training"]).isEmpty)
    }

    @Test func nothingToEvaluate() throws {
        let failure = #expect(throws: Failure.self) { try run([artifact(.dataset, "data")]) }
        #expect(failure?.what == "nothing to evaluate")
    }

    @Test func damagedSearchResult() throws {
        let result = try searchResult()
        try folder.write("{\"candidate\": 0}\n{\"cand", to: "search/history.jsonl")
        let failure = #expect(throws: Failure.self) { try run([artifact(.dataset, "data"), result]) }
        #expect(failure?.place?.hasSuffix("history.jsonl:2") == true)
    }

    @Test func optionsAreDescribed() {
        let keys = Evaluate(backbones: catalog).describedOptions.map(\.key)
        #expect(
            Set(keys) == [
                "split", "images_in_report", "latency_images", "latency_rounds", "score_threshold", "bootstrap",
                "precision",
            ])
    }
}
