import Basics
import DatasetPack
import DetectorKit
import Evaluate
import ExtractTeacher
import Forecasts
import Foundation
import JointSearch
import Morph
import Search
import StageKit
import TeacherPool
import TestSupport
import Testing
import Train

/// What stages are reckoned to cost, against what the same detectors' graphs say and against what is made of them.
@Suite struct ForecastTests {
    private let stages: Stages
    private let data = Prospect(
        kind: .dataset,
        summary: ["splits": ["train": ["images": 100], "search": ["images": 20], "val": ["images": 50]]])

    init() throws { stages = try Stages() }

    private func base() throws -> (prospect: Prospect, cost: Double) {
        let forecast = try #require(
            try stages.forecast(
                Train(backbones: stages.backbones), "detector: detector.yaml\nepochs: 1", on: [data]))
        let architecture = try DetectorArchitecture(json: #require(forecast.summary["architecture"]), at: "here")
        let cost = try DetectorGraph(architecture, stages.backbones).cost
        return (Prospect(kind: .detector, summary: forecast.summary), Double(cost.multiplyAccumulates))
    }

    private func products(_ forecast: Forecast?) throws -> Double {
        try #require(forecast).phases.reduce(0) { $0 + $1.multiplyAccumulates }
    }

    @Test func trainingIsThreePassesOverEveryImage() throws {
        let train = Train(backbones: stages.backbones)
        let (_, cost) = try base()
        func work(_ more: String) throws -> Double {
            try products(stages.forecast(train, "detector: detector.yaml\nevaluate_on: none\n\(more)", on: [data]))
        }
        #expect(try work("epochs: 4") == 3 * cost * 400)
        #expect(try work("epochs: 4\nsteps: 10\nbatch_size: 2") == 3 * cost * 20)
        #expect(try work("epochs: 4\ntrain_on: val") == 3 * cost * 200)
        let looked = try stages.forecast(
            train, "detector: detector.yaml\nevaluate_on: search\nevaluate_every: 2\nepochs: 4", on: [data])
        #expect(try products(looked) == 3 * cost * 400 + 2 * 20 * cost)
    }

    /// The largest teacher at every step, others beside it, and their cards.
    @Test func poolsCostMoreThanTheirBases() throws {
        let (detector, cost) = try base()
        let pool = TeacherPool(backbones: stages.backbones)
        func work(_ yaml: String) throws -> Forecast? { try stages.forecast(pool, yaml, on: [data, detector]) }
        let plain = try work("epochs: 2")
        #expect(try products(plain) > 3 * cost * 200 * 2)
        #expect(try products(plain) < 3 * cost * 200 * 6)
        #expect(try products(work("epochs: 4")) > 1.8 * products(plain))
        #expect(try products(work("epochs: 2\nsampled: 1")) < products(plain))
        let told = Prospect(kind: .teacherPool, summary: plain?.summary ?? .null).teachers
        let teachers = try #require(told)
        #expect(Double(teachers.largest) > cost && teachers.mean < teachers.largest)
    }

    @Test func searchesGoByTheirBudget() throws {
        let (detector, cost) = try base()
        let pool = Prospect(kind: .teacherPool, summary: ["teachers": [["macs": 2000], ["macs": 1000]]])
        func work(_ yaml: String) throws -> Forecast {
            try #require(
                try stages.forecast(JointSearch(backbones: stages.backbones), yaml, on: [data, detector, pool]))
        }
        let common = "latency: 0.5\nlatency_images: 1\nlatency_rounds: 1\nfinish: {epochs: 2}\ntrial: {epochs: 1}\n"
        let plain = try work(common + "candidates: 8")
        // Students of three quarters of the base, looked at on the search split; the base once, and its latency.
        let teacher = 1500.0
        let expected = 8 * 100 * (3 * 0.75 * cost + teacher) + 8 * 20 * 0.75 * cost + 21 * cost
        for one in ["draws: 1", "mode: random"] {
            let drawn = try work(common + "candidates: 8\n" + one)
            #expect(abs(drawn.phases[0].multiplyAccumulates / expected - 1) < 1e-3)
        }
        // Of four that are drawn for each, the losses on 8 batches of 4 images.
        let looks = 8 * 4 * 8 * 4 * 0.75 * cost
        #expect(abs(plain.phases[0].multiplyAccumulates / (expected + looks) - 1) < 1e-3)
        // Four finalists have two whole last trainings together, and are looked at four, two and one times.
        for (count, trainings, looks) in [(1, 1.0, 1.0), (4, 2, 7)] {
            let finish = trainings * 200 * (3 * 0.5 * cost + teacher) + looks * 20 * 0.5 * cost
            let told = try work(common + "candidates: 8\nfinalists: \(count)")
            #expect(abs(told.phases[1].multiplyAccumulates / finish - 1) < 1e-3)
        }
        // Of four, two stop at a half: three quarters of the training are left.
        let halved = try work(common + "candidates: 8\nhalvings: 1")
        #expect(
            abs(
                (plain.phases[0].multiplyAccumulates - halved.phases[0].multiplyAccumulates)
                    / (200 * (3 * 0.75 * cost + teacher)) - 1) < 1e-3)
        #expect(try work(common + "candidates: 8\nhours: 2").phases.map(\.limit) == [7200, nil])
        let alone = try work(common + "candidates: 8\nmode: no-distillation")
        #expect(alone.phases[1].multiplyAccumulates < plain.phases[1].multiplyAccumulates)
        // A teacher that is never changed is the largest one; a pipeline has it in its last part.
        for (mode, taught) in [("fixed-teacher", 1.0), ("pipeline", 1.0 / 3)] {
            let told = try work(common + "candidates: 9\nchildren: 3\ndraws: 1\nmode: \(mode)").phases[0]
            let wanted = 9 * 100 * (3 * 0.75 * cost + taught * 2000) + 9 * 20 * 0.75 * cost + 21 * cost
            #expect(abs(told.multiplyAccumulates - wanted) < 100, "\(mode)")
        }
        // A replay trains what its lineage names.
        let digest = JSON.string(Digest(of: Data()).hex)
        let choice: JSON = [
            "depths": [2, 2, 2, 2], "innerWidths": [1, 1, 1, 1], "trunkWidths": [1, 1, 1, 1],
            "input": ["shorter": 64, "longer": 96],
        ]
        let steps = (1...2).map { number -> JSON in
            [
                "candidate": .integer(number), "generation": .integer(number), "move": "prune", "actions": [],
                "teacher": choice, "latency_ms": 1, "architecture_digest": digest,
            ]
        }
        let lineage: JSON = [
            "format": .string(Lineage.format), "base_architecture_digest": digest, "steps": .array(steps),
        ]
        try stages.folder.write(lineage.canonicalText, to: "lineage.json")
        let again = try work(common + "candidates: 8\nreplay: lineage.json")
        let two = try work(common + "candidates: 2\ndraws: 1\nfinalists: 1")
        #expect(again.phases == two.phases)
        try stages.folder.write(
            lineage.canonicalText.replacing("\"candidate\":1,", with: "\"candidate\":1,\"share\":0.5,"), to: "half.json"
        )
        let half = try work(common + "candidates: 8\nreplay: half.json")
        let saved = 0.5 * 100 * (3 * 0.75 * cost + teacher)
        let less = again.phases[0].multiplyAccumulates - half.phases[0].multiplyAccumulates
        #expect(abs(less / saved - 1) < 1e-3)
        let result = Prospect(kind: .searchResult, summary: plain.summary)
        let student = try #require(try result.search(stages.backbones)).student
        #expect(abs(Double(student.multiplyAccumulates) / cost - 0.5) < 1e-3)
        // And what the report then costs: base and student, on val and for their latencies, a round to warm up among them.
        let report = try stages.forecast(
            Evaluate(backbones: stages.backbones), "latency_images: 10\nlatency_rounds: 3",
            on: [data, detector, result])
        #expect(abs(try products(report) / (90 * 1.5 * cost) - 1) < 1e-3)
        // An earlier evaluation has measured the base, but for its latency.
        let second = try stages.forecast(
            Evaluate(backbones: stages.backbones), "latency_images: 10\nlatency_rounds: 3",
            on: [data, detector, result, Prospect(kind: .evaluation)])
        #expect(abs(try products(second) / ((40 + 90 * 0.5) * cost) - 1) < 1e-3)
    }

    /// Without images to choose by, pools and searches would fail when the base has been trained.
    @Test(arguments: [0, nil] as [Int?])
    func dataSetsWithoutASearchSplitAreRefused(_ images: Int?) throws {
        let (detector, _) = try base()
        let pool = Prospect(kind: .teacherPool, summary: ["teachers": [["macs": 2000]]])
        var splits: [String: JSON] = ["train": ["images": 100], "val": ["images": 50]]
        if let images { splits["search"] = ["images": .integer(images)] }
        let bare = Prospect(kind: .dataset, summary: ["splits": .object(splits)])
        #expect(throws: Failure.self) {
            try stages.forecast(JointSearch(backbones: stages.backbones), "{}", on: [bare, detector, pool])
        }
        let failure = #expect(throws: Failure.self) {
            try stages.forecast(TeacherPool(backbones: stages.backbones), "{}", on: [bare, detector])
        }
        #expect(failure?.remedy?.contains("search_fraction") == true)
    }

    @Test func smallStages() throws {
        let (detector, cost) = try base()
        let half = try #require(
            try stages.forecast(
                Morph(backbones: stages.backbones), "macs: 0.5\nevaluate_on: val", on: [data, detector]))
        let child = try #require(try Prospect(kind: .detector, summary: half.summary).cost(stages.backbones))
        #expect(abs(Double(child.multiplyAccumulates) / cost - 0.5) < 1e-3)
        let pool = Prospect(kind: .teacherPool, summary: ["teachers": [["macs": 2000], ["macs": 1000]]])
        let taken = try stages.forecast(
            ExtractTeacher(backbones: stages.backbones), "teacher: largest\nevaluate_on: val", on: [data, pool])
        #expect(try products(taken) == 50 * 1500)
    }

    @Test func picturesAreCountedWithoutParsing() throws {
        let pack = DatasetPack()
        let drawn = try #require(
            try stages.forecast(pack, "{format: synth, train: 100, val: 30, search_fraction: 0.2}", on: []))
        let split = Prospect(kind: .dataset, summary: drawn.summary)
        #expect(split.images("train") == 80 && split.images("search") == 20 && split.images("val") == 30)
        for (name, count) in [("train", 7), ("val", 3)] {
            let images = (0..<count).map { #"{"id": \#($0), "file_name": "\#($0).jpg"}"# }
            try stages.folder.write(
                #"{"images": [\#(images.joined(separator: ", "))], "annotations": []}"#,
                to: "coco/annotations/instances_\(name).json")
            try stages.folder.write("", to: "coco/\(name)/0.jpg")
        }
        let counted = try #require(
            try stages.forecast(pack, "{format: coco, root: coco, search_fraction: 0}", on: []))
        let found = Prospect(kind: .dataset, summary: counted.summary)
        #expect(found.images("train") == 7 && found.images("val") == 3)
    }

    /// Bytes on the disk at most: by the weights, and by the pictures.
    @Test func roomIsToldWithTheCosts() throws {
        let (detector, _) = try base()
        let cost = try #require(try detector.cost(stages.backbones))
        let weights = 4 * cost.parameters
        func disk(_ plugin: some StagePlugin, _ yaml: String, _ inputs: [Prospect]) throws -> Int {
            try #require(try stages.forecast(plugin, yaml, on: inputs)?.disk)
        }
        // Weights and momentum twice, while one checkpoint replaces another, and the result.
        #expect(try disk(Train(backbones: stages.backbones), "epochs: 1", [data, detector]) == 5 * weights)
        #expect(try disk(Morph(backbones: stages.backbones), "macs: 0.5", [data, detector]) == 2 * weights)
        let pool = Prospect(kind: .teacherPool, summary: ["teachers": [["macs": 2000], ["macs": 1000]]])
        let search = JointSearch(backbones: stages.backbones)
        #expect(try disk(search, "candidates: 4\nchildren: 2\nfinalists: 1", [data, detector, pool]) == 11 * weights)
        #expect(try disk(search, "candidates: 4\nchildren: 4", [data, detector, pool]) == 20 * weights)
        // No more than there are to be trained.
        let one = try disk(search, "candidates: 1\nchildren: 1000\nfinalists: 64", [data, detector, pool])
        #expect(one == 10 * weights)
        #expect(try disk(TeacherPool(backbones: stages.backbones), "epochs: 1", [data, detector]) > 5 * weights)
        #expect(
            try disk(DatasetPack(), "{format: synth, train: 100, val: 30, width: 64, height: 48}", [])
                == 2 * 3 * 64 * 48 * 130)
        for (name, size) in [("train", 1000), ("val", 3000)] {
            try stages.folder.write(
                #"{"images": [{"file_name": "0"}, {"file_name": "1"}], "annotations": []}"#,
                to: "large/annotations/instances_\(name).json")
            for number in 0..<2 {
                try stages.folder.write(
                    String(repeating: "x", count: size + 100 * number), to: "large/\(name)/\(number).jpg")
            }
        }
        #expect(try disk(DatasetPack(), "{format: coco, root: large}", []) == 2 * 1050 + 2 * 3050)
        // A receipt that somebody wrote by hand, and a search of as many children as it may have.
        let told: JSON = ["macs": 1000, "parameters": .integer(1 << 50)]
        let huge = Prospect(kind: .detector, summary: told)
        #expect(try disk(search, "candidates: 1000\nchildren: 1000", [data, huge, pool]) == Int(1e18))
    }

    @Test func nothingIsSaidWithoutInputs() throws {
        #expect(try stages.forecast(Train(backbones: stages.backbones), "epochs: 2", on: [data]) == nil)
        #expect(try stages.forecast(TeacherPool(backbones: stages.backbones), "epochs: 2", on: [data]) == nil)
        #expect(try stages.forecast(JointSearch(backbones: stages.backbones), "candidates: 8", on: [data]) == nil)
    }
}
