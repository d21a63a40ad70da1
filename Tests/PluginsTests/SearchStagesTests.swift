import Basics
import Dataset
import DatasetPack
import Detection
import DetectorKit
import Evaluate
import ExtractTeacher
import Foundation
import Images
import JointSearch
import Models
import Search
import StageKit
import Synchronization
import TeacherPool
import Tensor
import TestSupport
import Testing
import Train
import Training

/// From drawn pictures over a base and its teachers to a derived student, stage after stage in this process.
@Suite(.serialized) struct SearchStagesTests {
    private let stages: Stages
    private let teacherPool: TeacherPool
    private let jointSearch: JointSearch

    init() throws {
        stages = try Stages()
        teacherPool = TeacherPool(backbones: stages.backbones)
        jointSearch = JointSearch(backbones: stages.backbones)
    }

    private func data(_ more: String = "search_fraction: 0.25", in attempt: String = "data") throws -> Artifact {
        try stages.run(
            DatasetPack(), "format: synth\ntrain: 8\nval: 2\nwidth: 96\nheight: 64\n\(more)", in: attempt)
    }

    private func base(_ data: Artifact) throws -> Artifact {
        try stages.run(
            Train(backbones: stages.backbones), "detector: detector.yaml\nepochs: 1\nbatch_size: 2\nwarm_up: 1",
            on: [data], in: "base")
    }

    /// What `jdnas show` prints while it runs, and what TensorBoard draws.
    private func expectLiveView(of attempt: String) throws {
        let progress = try JSON(parsing: Data(contentsOf: stages.folder["\(attempt)/progress.json"]))
        // One or two finalists: by the latencies that were measured, one candidate only may be within the target.
        let title = progress["table"]?["title"]?.string ?? ""
        #expect(
            title.hasPrefix("last training, target ") || title.hasPrefix("last trainings of 2 finalists"), "\(title)")
        #expect(progress["table"]?["rows"]?.array?.isEmpty == false && progress["eta"]?.number == 0)
        let events = stages.folder["\(attempt)/events"]
        let files = try FileManager.default.contentsOfDirectory(at: events, includingPropertiesForKeys: nil)
        let recorded = try files.map { try Data(contentsOf: $0) }.reduce(Data(), +)
        for tag in ["candidates/ap", "candidates/latency_ms", "candidate-1/loss", "student/ap"] {
            #expect(recorded.range(of: Data(tag.utf8)) != nil, "\(tag)")
        }
    }

    /// Hours without candidates are a budget; a latency is a share or milliseconds.
    @Test func budgetsAndTargetsAreRead() throws {
        let standard = try stages.options(jointSearch, "{}").settings
        #expect(standard.candidates == 16 && standard.latencyTarget == 0.7 && standard.latencyMilliseconds == nil)
        let hours = try stages.options(jointSearch, "hours: 2").settings
        #expect(hours.candidates == SearchSettings.unlimitedCandidates && hours.hours == 2)
        #expect(try stages.options(jointSearch, "hours: 2\ncandidates: 30").settings.candidates == 30)
        #expect(try stages.options(jointSearch, "latency_ms: 25").settings.latencyMilliseconds == 25)
        let taken = try stages.problems(jointSearch, "latency: 25")
        #expect(taken.count == 1 && taken.first?.contains("or milliseconds as 'latency_ms'") == true)
        let both = try stages.problems(jointSearch, "latency_ms: 25\nlatency: 0.5")
        #expect(both.count == 1 && both.first?.contains("there is a 'latency' already") == true)
    }

    private static let pool = """
        epochs: 1
        batch_size: 2
        warm_up: 1
        card_samples: 1
        latency_images: 1
        latency_rounds: 1
        opening: 0
        """
    // A target that a cut reaches even where a busy machine measured little but noise.
    private static let search = """
        latency: 0.95
        candidates: 2
        children: 1
        batch_size: 2
        importance_batches: 1
        latency_images: 1
        latency_rounds: 5
        finish: {epochs: 2}
        finalists: 2
        """

    @Test func aBaseBecomesAStudent() throws {
        let data = try data()
        let base = try base(data)
        let pool = try stages.run(teacherPool, Self.pool, on: [data, base], in: "teachers")
        #expect(pool.summary["teachers"]?.array?.count == 3)
        #expect(pool.summary["teachers"]?[0]?["latency_ms"]?.number ?? 0 > 0)
        let inputs = [data, base, pool]
        // All that it tells; `progress.json` passes over what lasts no half second.
        let said = Mutex<(titles: [String], messages: [String])>(([], []))
        let found = try stages.run(
            jointSearch, Self.search, on: inputs, in: "search",
            watch: { moment in
                said.withLock { said in
                    switch moment {
                    case .table(let title): said.titles.append(title)
                    case .report(_, let message, _): said.messages.append(message)
                    default: break
                    }
                }
            })
        let (titles, messages) = said.withLock { $0 }
        #expect(titles.contains { $0.hasPrefix("the front after 1 candidates, target ") }, "\(titles)")
        #expect(messages.contains { $0.hasPrefix("generation 1, candidate 1 of 2 (") }, "\(messages)")
        for member in [
            "student/architecture.json", "student/weights.safetensors", "base/architecture.json",
            "base/weights.safetensors", "teacher.json", "history.jsonl", "front.json", "lineage.json",
            "latency-table.json",
        ] {
            let path = found.directory.appending(path: member).path
            #expect(FileManager.default.fileExists(atPath: path), "\(member)")
        }
        let history = try String(contentsOf: found.directory.appending(path: "history.jsonl"), encoding: .utf8)
        let lines = try history.split(separator: "\n").map { try JSON(parsing: String($0)) }
        // The base and two candidates, one or both of them finalists; a student that was better before has a line of its own.
        #expect((4...6).contains(lines.count) && lines.last?["move"] == "last-training")
        let finalists = try #require(found.summary["finalists"]?.array)
        #expect(finalists.last?["share"]?.number == 1 && (1...2).contains(finalists.count))
        #expect(lines.count == 3 + finalists.count + (lines.last?["taken"] == true ? 0 : 1))
        #expect(lines.last?["losses"]?["classification"]?.number != nil)
        // On a busy machine it also says that latencies are doubtful.
        let notes = found.summary["notes"]?.array?.count ?? 0
        #expect(found.summary["headline"]?.array?.count == 3 + finalists.count + notes)
        try expectCosts(found, history: lines, base: base, pool: pool)
        #expect(found.summary["meets_target"] == true && found.summary["mode"] == "joint")
        let pulls = found.summary["moves"]?.object?.values.compactMap { $0["pulls"]?.integer }
        #expect(pulls?.reduce(0, +) == 2)

        try expectLiveView(of: "search")

        // The student's folder, as bundles have it, is a detector like others: imported, it finds the same.
        let imported = try stages.run(
            Train(backbones: stages.backbones), "from: \(found.directory.path)/student\nepochs: 0", on: [data],
            in: "imported")
        let report = try stages.run(
            Evaluate(backbones: stages.backbones),
            "latency_images: 1\nlatency_rounds: 1\nimages_in_report: 0\nbootstrap: 20",
            on: inputs + [imported, found], in: "report")
        try expectSameDetections("student", "imported", in: report)

        // Given the latency table, everything is decided again as it was, bit for bit, interrupted or not.
        try folder.write(
            Data(contentsOf: found.directory.appending(path: "latency-table.json")), to: "table.json")
        let repeating = Self.search + "\nlatency_table: table.json"
        let again = try stages.run(jointSearch, repeating, on: inputs, in: "again")
        let trial = try stages.runInTwo(jointSearch, repeating, on: inputs, in: "trial", stoppedAt: "candidate 1")
        let last = try stages.runInTwo(jointSearch, repeating, on: inputs, in: "last", stoppedAt: "last training")
        // So does an earlier search among the inputs.
        let after = try stages.run(jointSearch, Self.search, on: inputs + [found], in: "after")
        for other in [again, trial, last, after] {
            for member in [
                "student/weights.safetensors", "student/architecture.json", "history.jsonl", "front.json",
                "teacher.json", "latency-table.json",
            ] { try stages.expectSame(member, found, other) }
            #expect(other.summary == found.summary)
        }

        // Its lineage gives the student again, whatever the latencies are now.
        let lineage = try Data(contentsOf: found.directory.appending(path: "lineage.json"))
        try folder.write(lineage, to: "lineage.json")
        let replayed = try stages.run(
            jointSearch, Self.search + "\nreplay: lineage.json", on: inputs, in: "replayed")
        try stages.expectSame("student/weights.safetensors", found, replayed)
        try stages.expectSame("student/architecture.json", found, replayed)
        let others = #expect(throws: Failure.self) {
            _ = try stages.run(
                jointSearch, Self.search + "\nreplay: lineage.json\nregions_per_image: 8", on: inputs, in: "others")
        }
        #expect(others?.what.hasSuffix("came out with other weights than the lineage tells") == true)

        // A last training that harms is not taken, and that is said where everybody looks.
        let harmful = repeating.replacing("{epochs: 2}", with: "{epochs: 8, learning_rate: 10, warm_up: 0}")
        let harmed = try stages.run(jointSearch, harmful + "\nclip_norm: 1e9", on: inputs, in: "harmed")
        let told = harmed.summary["headline"]?.array?.compactMap(\.string) ?? []
        let loss = "the last training diverged, and the student goes without: lower 'learning_rate' under 'finish'"
        #expect(told.contains(loss), "\(told)")

        // Another device's table says nothing here, and neither does one without a fit.
        let table = try String(contentsOf: folder["table.json"], encoding: .utf8)
        try folder.write(table.replacing("\"threads\": \(Threads.count)", with: "\"threads\": 99"), to: "table.json")
        let elsewhere = #expect(throws: Failure.self) {
            _ = try stages.run(jointSearch, repeating, on: inputs, in: "elsewhere")
        }
        #expect(elsewhere?.what.hasPrefix("the latency table is another device's: ") == true)
        // Of one that was never fitted, or on another base, the operators serve, and the base is measured.
        try folder.write(table.replacing("\"fit\": {", with: "\"not\": {"), to: "table.json")
        let unfitted = try stages.run(jointSearch, repeating, on: inputs, in: "unfitted")
        let kept = try Data(contentsOf: unfitted.directory.appending(path: "latency-table.json"))
        #expect(try JSON(parsing: kept, at: "kept")["fit"]?["base"]?.string != nil)
        // An earlier search's that ran elsewhere does not stop a night's work: latencies are measured anew.
        let own = found.directory.appending(path: "latency-table.json")
        let foreign = table.replacing("\"threads\": \(Threads.count)", with: "\"threads\": 99")
        #expect(foreign != table)
        try Data(foreign.utf8).write(to: own)
        let anew = try stages.run(jointSearch, Self.search, on: inputs + [found], in: "anew")
        let measured = try Data(contentsOf: anew.directory.appending(path: "latency-table.json"))
        #expect(try JSON(parsing: measured, at: "anew")["device"]?["threads"]?.integer == Threads.count)
    }

    private func expectSameDetections(_ one: String, _ other: String, in report: Artifact) throws {
        func detections(_ name: String) throws -> Data {
            try Data(contentsOf: report.directory.appending(path: "detections/\(name).json"))
        }
        #expect(try detections(one) == detections(other) && detections(one).count > 100)
    }

    /// Latencies of an earlier search are taken over where it was one of the same base: regions, and with them the time, depend on
    /// weights.
    @Test func onlyTheSameBasesLatenciesAreTaken() throws {
        let data = try data()
        let bases = try ["first", "second"].enumerated().map { number, name in
            try stages.run(
                Train(backbones: stages.backbones),
                "detector: detector.yaml\nepochs: 1\nbatch_size: \(number + 1)\nwarm_up: 1", on: [data], in: name)
        }
        let pools = try bases.enumerated().map { number, base in
            try stages.run(teacherPool, Self.pool, on: [data, base], in: "teachers-\(number)")
        }
        let first = try stages.run(jointSearch, Self.search, on: [data, bases[0], pools[0]], in: "search")
        for (number, name) in ["same", "other"].enumerated() {
            let log = Mutex<[String]>([])
            _ = try stages.run(jointSearch, Self.search, on: [data, bases[number], pools[number], first], in: name) {
                line in log.withLock { $0.append(line) }
            }
            let lines = log.withLock { $0 }
            #expect(lines.contains("latencies are those of search") == (number == 0))
            #expect(lines.contains { $0.contains("search searched from another base") } == (number == 1))
            #expect(lines.contains { $0.hasPrefix("the base takes ") } == (number == 1))
        }
        // Teachers of a base with another neck serve, and it is said.
        try folder.write(Stages.detector.replacing("neck_width: 32", with: "neck_width: 48"), to: "detector.yaml")
        let wide = try base(data)
        let strange = try stages.run(jointSearch, Self.search, on: [data, wide, pools[0]], in: "strange")
        for (search, isSaid) in [(first, false), (strange, true)] {
            let headline = search.summary["headline"]?.array?.compactMap(\.string) ?? []
            let said = headline.contains { $0.hasPrefix("the teachers of teachers-0 were not trained from this base") }
            #expect(said == isSaid, "\(headline)")
        }
    }

    /// What trainings computed: three passes an image and network, and one of its teacher's, on the regions that a step draws.
    private func expectCosts(_ found: Artifact, history: [JSON], base: Artifact, pool: Artifact) throws {
        // One epoch each.
        let (images, regions) = (6.0, 128)
        func macs(_ graph: DetectorGraph) -> Double { Double(graph.cost(regions: regions).multiplyAccumulates) }
        let start = try DetectorFiles.read(from: base.directory, stages.backbones).graph
        let own = 3 * macs(start) * images
        #expect(base.summary["training_macs"]?.number == own)
        // Everything is open from the start: the largest, the smallest, and two drawn, which may be one of these.
        let supernet = try ElasticPool(from: pool.directory, stages.backbones).supernet
        let (largest, smallest) = (
            macs(supernet.graph), try macs(supernet.subnet(supernet.space.smallest).graph)
        )
        let teachers = try #require(pool.summary["training_macs"]?.number)
        #expect(
            teachers >= 3 * images * (largest + smallest) * 0.999 && teachers <= 3 * images * (3 * largest + smallest))

        var graphs = [0: start]
        var search = 0.0
        for line in history {
            guard let id = line["candidate"]?.integer, id != 0 else { continue }
            let isLast = line["move"] == "last-training"
            if !isLast {
                var graph = try #require(graphs[line["parent"]?.integer ?? 0])
                for action in line["actions"]?.array ?? [] {
                    graph = try StudentAction(parsing: action.string ?? "").apply(to: graph, stages.backbones)
                }
                graphs[id] = graph
            }
            let choice = try #require(line["teacher"]).decode(TeacherChoice.self, at: "history")
            // Last trainings have two epochs.
            let passes =
                try isLast
                ? 2 * images * #require(line["last_training_share"]?.number) : images * #require(line["share"]?.number)
            let (student, teacher) = (try #require(graphs[id]), try supernet.subnet(choice).graph)
            search += passes * (3 * macs(student) + macs(teacher))
        }
        let cost = try #require(found.summary["cost"])
        #expect(try abs(#require(cost["search_macs"]?.number) / search - 1) < 1e-9)
        #expect(cost["teachers_macs"]?.number == teachers && cost["base_macs"]?.number == own)
        #expect(try abs(#require(cost["base_trainings"]?.number) - (search + teachers) / own) < 1e-9)
        let headline = found.summary["headline"]?.array?.compactMap(\.string) ?? []
        #expect(headline.contains { $0.hasPrefix("search and teachers computed as much as ") })
    }

    /// Teachers and students with batch norm: each has its statistics estimated before it is used.
    @Test func aBaseWithBatchNormBecomesAStudent() throws {
        try folder.write(Stages.detector + "\nnorm: batch", to: "detector.yaml")
        let data = try data()
        let base = try base(data)
        let pool = try stages.run(teacherPool, Self.pool, on: [data, base], in: "teachers")
        #expect(pool.summary["teachers"]?.array?.count == 3)
        let student = try stages.run(jointSearch, Self.search, on: [data, base, pool], in: "student")
        let text = try Data(contentsOf: student.directory.appending(path: "student/architecture.json"))
        #expect(try JSON(parsing: text, at: "student")["backbone"]?["norm"]?.string == "batch")
    }

    /// What is taken out of a pool finds what the pool's card says, with batch norm too.
    @Test(arguments: ["group", "batch"]) func aTeacherStandsAlone(norm: String) throws {
        // So low a threshold that a detector of one epoch finds something.
        try folder.write(Stages.detector + "\nnorm: \(norm)\nscore_threshold: 0.001", to: "detector.yaml")
        let data = try data()
        let base = try base(data)
        let pool = try stages.run(teacherPool, Self.pool, on: [data, base], in: "teachers")
        let extract = ExtractTeacher(backbones: stages.backbones)
        let card = try #require(pool.summary["teachers"]?.array)
        #expect(card.compactMap { $0["name"]?.string } == ["largest", "smallest", "drawn1"])
        let members = Set(try FileManager.default.contentsOfDirectory(atPath: pool.directory.path))
        #expect(members.contains("statistics.safetensors") == (norm == "batch"))
        let inPool = try ElasticPool(from: pool.directory, stages.backbones)
        let picture = try PackedDataset(data.directory).split("val").image(0)
        let images = [ImagePlanes(width: picture.width, height: picture.height, pixels: picture.pixels)]
        for (place, entry) in card.enumerated() {
            let name = try #require(entry["name"]?.string)
            let teacher = try stages.run(extract, "teacher: \(name)", on: [data, pool], in: name)
            #expect(teacher.summary["ap"] == entry["ap"] && teacher.summary["digest"] == entry["digest"])
            // Alone it finds the pool's boxes.
            let found = try DetectorFiles.read(from: teacher.directory, stages.backbones).detect(images)
            #expect(try inPool.detector(inPool.card[place].choice)?.detect(images) == found && !found[0].isEmpty)
        }
        // By its choice, without the pool's statistics: they are estimated to the same bits.
        if norm == "batch" {
            try FileManager.default.removeItem(at: pool.directory.appending(path: "statistics.safetensors"))
        }
        let text = try #require(card[2]["teacher"]?.string)
        let again = try stages.run(
            extract, "teacher: '\(text)'\nevaluate_on: none", on: [data, pool], in: "again")
        func weights(_ name: String) throws -> NamedTensors {
            try SafeTensors.read(folder[name].appending(path: "output/weights.safetensors")).tensors
        }
        #expect(again.summary["ap"] == .null)
        #expect(try weights("again") == weights("drawn1"))
        #expect(throws: Failure.self) {
            _ = try stages.run(extract, "teacher: depth 9-9-9-9", on: [data, pool], in: "none")
        }
        #expect(try stages.problems(extract, "evaluate_on: val").joined().contains("teacher"))
    }

    /// Without an epoch the pool is the grown base: what to compare a training with.
    @Test func aPoolWithoutTrainingIsTheBase() throws {
        let data = try data()
        let base = try base(data)
        let pool = try stages.run(
            teacherPool, Self.pool.replacing("epochs: 1", with: "epochs: 0") + "\nevaluate_on: val", on: [data, base],
            in: "start")
        let teacher = try stages.run(
            ExtractTeacher(backbones: stages.backbones), "teacher: largest\nevaluate_on: val", on: [data, pool],
            in: "largest")
        let same = try stages.run(
            Train(backbones: stages.backbones), "epochs: 0\nevaluate_on: val", on: [data, base], in: "same")
        #expect(teacher.summary["ap"]?.number == same.summary["ap"]?.number)
        let before = try SafeTensors.read(base.directory.appending(path: "weights.safetensors")).tensors
        let after = try SafeTensors.read(teacher.directory.appending(path: "weights.safetensors")).tensors
        // Blocks were added, and channels sorted.
        #expect(before.keys.allSatisfy { after[$0]?.shape == before[$0]?.shape } && after.count > before.count)
    }

    /// Teachers may see larger images than the base and its students; its own size is one of theirs as it is.
    @Test func teachersMaySeeMoreThanTheBase() throws {
        try folder.write(Stages.detector.replacing("longer: 96", with: "longer: 95"), to: "detector.yaml")
        let data = try data()
        let base = try base(data)
        let yaml = Self.pool + "\ngrow: {input: 80}\nspace: {inputs: [48, 64]}"
        let pool = try stages.run(teacherPool, yaml, on: [data, base], in: "teachers")
        let space = try ElasticPool(from: pool.directory, stages.backbones).supernet.space
        let own = try DetectorFiles.read(from: base.directory, stages.backbones).architecture.input
        #expect(space.inputs == [own.with(shorter: 48), own, .init(shorter: 80, longer: 118)])
        #expect(pool.summary["teachers"]?[0]?["teacher"]?.string?.contains("input 80") == true)
        let found = try stages.run(
            jointSearch, Self.search + "\nmode: fixed-teacher", on: [data, base, pool], in: "search")
        let teacher = try JSON(parsing: Data(contentsOf: found.directory.appending(path: "teacher.json")))
        #expect(teacher["choice"]?["input"]?["shorter"]?.integer == 80, "\(teacher)")
        let refusal = #expect(throws: Failure.self) {
            try stages.run(teacherPool, Self.pool + "\ngrow: {input: 64}", on: [data, base], in: "none")
        }
        #expect(refusal?.place == "grow.input")
    }

    private var folder: TemporaryFolder { stages.folder }

    /// Equal trainings make equal pools: what was measured is not among the files.
    @Test(arguments: [("group", 1), ("batch", 1), ("batch", 0)])
    func aPoolIsTheSameInterruptedOrNot(norm: String, epochs: Int) throws {
        try folder.write(Stages.detector + "\nnorm: \(norm)", to: "detector.yaml")
        let data = try data()
        let base = try base(data)
        // What opens when is part of what an interruption must not change.
        let yaml = Self.pool.replacing("opening: 0", with: "opening: 1")
            .replacing("epochs: 1", with: "epochs: \(epochs)")
        let whole = try stages.run(teacherPool, yaml, on: [data, base], in: "whole")
        let stops = [
            ("training", "epoch 1"), ("card", "card: largest"), ("half", "card: drawn1"),
        ]
        for (attempt, word) in stops where epochs > 0 || attempt == "half" {
            let other = try stages.runInTwo(teacherPool, yaml, on: [data, base], in: attempt, stoppedAt: word)
            let members = try FileManager.default.contentsOfDirectory(atPath: other.directory.path).sorted()
            let statistics = norm == "batch" ? ["statistics.safetensors"] : []
            #expect(members == ["categories.json", "pool.json"] + statistics + ["weights.safetensors"])
            for member in members { try stages.expectSame(member, whole, other) }
        }
    }

    /// The number of classes decides the shape of everything: another data set's labels would be out of range.
    @Test func otherClassesAndEmptySplitsAreRefusedBeforeAnyWork() throws {
        let data = try data()
        let base = try base(data)
        let fewer = try self.data("search_fraction: 0.25\nclasses: [red-cell, white-cell]", in: "fewer")
        let unheld = try self.data("search_fraction: 0", in: "unheld")
        func refusal(_ plugin: some StagePlugin, _ yaml: String, _ inputs: [Artifact]) -> Failure? {
            #expect(throws: Failure.self) {
                _ = try stages.run(plugin, yaml, on: inputs, in: "refused") { Issue.record("it started: \($0)") }
            }
        }
        for inputs in [[fewer, base], [unheld, base]] {
            let pool = refusal(teacherPool, Self.pool, inputs)
            #expect(pool?.place == (inputs[0].reference == "fewer" ? "base" : "unheld"), "\(pool?.what ?? "nothing")")
        }
        let pool = try stages.run(teacherPool, Self.pool, on: [data, base], in: "teachers")
        #expect(
            refusal(jointSearch, Self.search, [fewer, base, pool])?.what
                == "the base knows 4 classes, the data set has 2")
        #expect(
            refusal(jointSearch, Self.search, [unheld, base, pool])?.what
                == "the split 'search' has no images to compare detectors by")
    }

    @Test func whatCannotBeSearchedIsRefused() throws {
        #expect(throws: Failure.self) { _ = try stages.run(jointSearch, "candidates: 1", in: "nothing") }
        let text = try stages.problems(jointSearch, "candidats: 3\nlatency: 7").joined(separator: "\n")
        #expect(text.contains("'candidates'") && text.contains("'latency' must be"), "\(text)")
    }
}
