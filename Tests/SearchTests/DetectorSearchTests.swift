import Basics
import DetectorKit
import Foundation
import Search
import Tensor
import Testing
import Training

@Suite struct DetectorSearchTests {
    @Test func aSearchEndsWithAStudentWithinTheTarget() throws {
        let outcome = try Fixture().search().run()
        let base = outcome.state.baseLatency
        #expect(outcome.student.latency <= 0.7 * base)
        #expect(outcome.state.known.count == 13)
        #expect(Set(outcome.weights.keys) == Set(outcome.graph.network.parameters.map(\.name)))
        for candidate in outcome.state.known.dropFirst() {
            let limit = Fixture.settings.latencyLimit(generation: candidate.generation) * base
            #expect(candidate.latency <= limit, "candidate \(candidate.id) was to be refused")
            let id = try #require(candidate.parent)
            let parent = try #require(outcome.state.candidate(id))
            // Either the student changes or its teacher.
            #expect(candidate.actions.isEmpty == (candidate.architecture == parent.architecture))
            #expect(candidate.actions.isEmpty || candidate.teacher == parent.teacher)
        }
        #expect(outcome.state.journal.count == 14)
        #expect(outcome.state.known.contains { $0.move.hasPrefix("teacher:") })
    }

    /// Each derived student's statistics are estimated before it is trained; one that only has another teacher is its parent.
    @Test func derivedStudentsAreSettled() throws {
        let fixture = Fixture()
        let outcome = try fixture.search().run()
        let derived = outcome.state.known.dropFirst().filter { !$0.actions.isEmpty }
        #expect(!derived.isEmpty && fixture.trainer.settledStudents == derived.map(\.architecture))
    }

    @Test func lineageGivesTheStudentsArchitecture() throws {
        let outcome = try Fixture().search().run()
        var path: [Candidate] = [outcome.student]
        while let parent = path[0].parent { path.insert(try #require(outcome.state.candidate(parent)), at: 0) }
        var graph = try Networks.graph()
        for action in path.flatMap(\.actions) { graph = try action.apply(to: graph, Networks.catalog) }
        #expect(graph.architecture == outcome.graph.architecture)
    }

    /// Going through a lineage trains its candidates alone, and gives the same student, interrupted or not.
    @Test func aLineageGivesTheStudentAgain() throws {
        let outcome = try Fixture().search().run()
        let lineage = try Lineage(of: outcome.student, among: outcome.state.known)
        #expect(lineage.steps.last?.candidate == outcome.student.id && lineage.steps.count < 12)
        #expect(try Lineage(json: JSON(parsing: lineage.json.prettyText), at: "test") == lineage)
        for saves in [Int.max, 2, 5] {
            let fixture = Fixture()
            fixture.replay = lineage
            fixture.savesLeft = saves
            if saves < .max { #expect(throws: Fixture.Killed.self) { _ = try fixture.search().run() } }
            fixture.savesLeft = .max
            let again = try fixture.search().run()
            #expect(again.state.known.map(\.id) == [0] + lineage.steps.map(\.candidate))
            #expect(again.weights == outcome.weights && again.student.precision == outcome.student.precision)
        }
    }

    /// Measured anew, a candidate of the lineage may be off the front: it is trained again all the same.
    @Test func aLineageIsReplayedWhateverLatenciesAreNow() throws {
        let first = Fixture()
        first.changed.finish.epochs = 0
        let outcome = try first.search().run()
        let lineage = try Lineage(of: outcome.student, among: outcome.state.known)
        let fixture = Fixture()
        fixture.changed.finish.epochs = 0
        // The less there is to compute, the longer it takes.
        fixture.slowness = -1
        fixture.replay = lineage
        fixture.savesLeft = 3
        #expect(throws: Fixture.Killed.self) { _ = try fixture.search().run() }
        fixture.savesLeft = .max
        let again = try fixture.search().run()
        #expect(again.weights == outcome.weights && !again.weights.isEmpty)
        #expect(again.state.archive.front.map(\.candidate) != outcome.state.archive.front.map(\.candidate))
    }

    @Test func whatALineageTellsIsChecked() throws {
        let outcome = try Fixture().search().run()
        let lineage = try Lineage(of: outcome.student, among: outcome.state.known)
        func refusal(_ change: (inout Lineage) -> Void) -> String? {
            let fixture = Fixture()
            var changed = lineage
            change(&changed)
            fixture.replay = changed
            return #expect(throws: Failure.self) { _ = try fixture.search().run() }?.what
        }
        let other = Digest(of: "other")
        #expect(refusal { $0.baseWeights = other } == "the lineage starts from another base detector")
        let first = lineage.steps[0].candidate
        #expect(
            refusal { $0.steps[0].weights = other }
                == "candidate \(first) came out with other weights than the lineage tells")
        #expect(refusal { $0.student = other } == "the student came out with other weights than the lineage tells")
        #expect(
            refusal { $0.steps[0].teacher.depths = [9, 9, 9, 9] }?.hasPrefix("the pool has no such teacher") == true)
        #expect(refusal { $0.steps[0].teacher.innerWidths = [1e300] }?.hasPrefix("the pool has no such") == true)
        #expect(refusal { $0.steps[0].candidate = 0 }?.hasPrefix("the lineage names a candidate twice") == true)
        #expect(
            refusal { $0.steps[0].architecture = other }
                == "candidate \(first) of the lineage has other actions than architecture")
    }

    /// Killed at a save: between candidates, in the middle of an epoch, at a training's last step, while evaluating.
    /// Negative numbers count from the last save.
    @Test(arguments: [0, 1, 3, 4, 5, 6, 33, -12, -9, -2, -1])
    func anInterruptedSearchEndsAlike(after saves: Int) throws {
        let uninterrupted = Fixture()
        uninterrupted.savesOften = true
        let whole = try uninterrupted.search().run()
        let fixture = Fixture()
        fixture.savesOften = true
        fixture.savesLeft = saves < 0 ? uninterrupted.count + saves : saves
        #expect(throws: Fixture.Killed.self) { _ = try fixture.search().run() }
        fixture.savesLeft = .max
        let resumed = try fixture.search().run()
        #expect(resumed.state.journal == whole.state.journal)
        #expect(resumed.student == whole.student)
        #expect(resumed.state.archive == whole.state.archive)
        #expect(resumed.weights == whole.weights)
    }

    /// What is done is not done again.
    @Test func aTrialGoesOnWhereItWasStopped() throws {
        let fixture = Fixture()
        fixture.savesOften = true
        fixture.savesLeft = 3
        #expect(throws: Fixture.Killed.self) { _ = try fixture.search().run() }
        let before = fixture.trainer.steps
        #expect(fixture.newest?.appending(path: "candidate-1-training").isFolder == true)
        fixture.savesLeft = .max
        _ = try fixture.search().run()
        let whole = Fixture()
        _ = try whole.search().run()
        // One step was taken and not saved.
        #expect(fixture.trainer.steps == whole.trainer.steps + 1 && before > 1)
    }

    /// The latencies of one device say nothing of another's.
    @Test func aSearchDoesNotGoOnWithAnotherDevicesLatencies() throws {
        let fixture = Fixture()
        fixture.savesLeft = 3
        #expect(throws: Fixture.Killed.self) { _ = try fixture.search().run() }
        fixture.savesLeft = .max
        fixture.device.libraries = "others"
        let failure = #expect(throws: Failure.self) { _ = try fixture.search().run() }
        #expect(failure?.what.hasPrefix("the checkpoint's latencies are another device's") == true)
        fixture.device.libraries = "none"
        #expect(try fixture.search().run().state.known.count == 13)
    }

    /// With block removal for the only cut, there are two children, and every other one is equal to one of them.
    @Test func whatIsRefusedAndWhatIsThereAlreadyAreCountedApart() throws {
        let fixture = Fixture()
        fixture.changed.leastWidth = 1
        fixture.changed.latencyTarget = 0.99
        fixture.changed.latencyMargin = 0
        fixture.changed.descent = 0
        fixture.changed.childrenPerGeneration = 12
        fixture.changed.mode = .random
        let state = try fixture.search().run().state
        #expect(state.duplicates > 0 && state.refused > 0)
        #expect(state.known.count - 1 + state.duplicates + state.refused >= 48)
    }

    /// Where nothing seems to matter every cut is as good as another, not the last one certain.
    @Test func cutsWithoutALossAreDrawnByWhatTheySave() throws {
        let fixture = Fixture()
        fixture.trainer.knowsImportance = false
        fixture.slowness = 1000
        fixture.changed.candidates = 6
        fixture.changed.childrenPerGeneration = 6
        // Were the last cut certain, two children would be all that the base can have: one by widths, one by blocks.
        let known = try fixture.search().run().state.known
        #expect(known.filter { $0.generation == 1 }.count == 6)
    }

    /// A target that no student can reach still gives students, cut as deep as can be.
    @Test func aTargetOutOfReachStillGivesAFasterStudent() throws {
        let fixture = Fixture()
        fixture.changed.latencyTarget = 0.01
        fixture.changed.descent = 0
        let outcome = try fixture.search().run()
        #expect(outcome.state.known.count > 1)
        #expect(outcome.student.id != 0)
        #expect(outcome.student.latency < 0.8 * outcome.state.baseLatency)
    }

    @Test func modesKeepWhatTheyPromise() throws {
        let fixture = Fixture()
        fixture.changed.mode = .fixedTeacher
        let fixed = try fixture.search().run()
        #expect(fixed.state.known.allSatisfy { $0.teacher == fixed.base.teacher })
        let plain = Fixture()
        plain.changed.mode = .noDistillation
        _ = try plain.search().run()
        #expect(plain.trainer.teachers.isEmpty)
    }

    /// Architecture, pruning, distillation: each does what it is for, and all of them have the budget of the other modes.
    @Test(arguments: [nil, 3, -4]) func aPipelineDoesOneThingAfterTheOther(stoppedAfter saves: Int?) throws {
        let fixture = Fixture()
        fixture.changed.mode = .pipeline
        fixture.changed.candidates = 18
        fixture.changed.childrenPerGeneration = 3
        if let saves {
            let whole = Fixture()
            whole.changed = fixture.changed
            let expected = try whole.search().run()
            fixture.savesLeft = saves < 0 ? whole.count + saves : saves
            #expect(throws: Fixture.Killed.self) { _ = try fixture.search().run() }
            fixture.savesLeft = .max
            let again = try fixture.search().run()
            #expect(again.weights == expected.weights && again.state.journal == expected.state.journal)
            return
        }
        let outcome = try fixture.search().run()
        #expect(outcome.state.known.count == 19)
        let base = outcome.state.baseLatency
        var seen: Set<SearchSettings.Phase> = []
        for child in outcome.state.known.dropFirst() {
            let phase = try #require(fixture.changed.phase(generation: child.generation))
            seen.insert(phase)
            #expect(child.latency <= fixture.changed.latencyLimit(generation: child.generation) * base)
            #expect(child.teacher == outcome.base.teacher)
            switch phase {
            case .architecture: #expect(!child.actions.isEmpty)
            case .pruning: #expect(child.move == "prune")
            case .distillation: #expect(child.actions.isEmpty && child.move == "train-on")
            }
        }
        #expect(seen == Set(SearchSettings.Phase.allCases))
        // Six of eighteen students had a teacher, and the last training.
        #expect(fixture.trainer.taught == 7 && fixture.trainer.teachers == [outcome.base.teacher])
    }

    /// No generation begins after the hours, which count over interruptions; the student still has its last training.
    @Test(arguments: [Int.max, 2]) func hoursEndASearch(savedOften saves: Int) throws {
        let fixture = Fixture()
        // Each look at the clock takes two minutes: the first generation may begin, and no other.
        fixture.secondsPerLook = 120
        fixture.changed.hours = 0.1
        fixture.savesLeft = saves
        if saves < .max { #expect(throws: Fixture.Killed.self) { _ = try fixture.search().run() } }
        fixture.savesLeft = .max
        let outcome = try fixture.search().run()
        #expect(outcome.state.known.count == 5, "one generation of four")
        #expect(outcome.state.journal.last?.contains("last-training") == true)
        #expect(outcome.state.spent >= 360)
    }

    /// Where training on makes students worse, a pipeline still trains as many as it may: none of them enters the front.
    @Test func aPipelineKeepsItsBudgetWhateverComesOfIt() throws {
        let fixture = Fixture()
        fixture.changed.mode = .pipeline
        fixture.changed.candidates = 18
        fixture.changed.childrenPerGeneration = 3
        fixture.trainer.spoils = true
        let outcome = try fixture.search().run()
        #expect(outcome.state.known.count == 19)
        let last = outcome.state.known.filter { $0.move == "train-on" }
        #expect(
            last.count == 6
                && last.allSatisfy { child in !outcome.state.archive.front.contains { $0.candidate == child.id } })
    }

    /// Every strategy ends within the target and the budget; they do not choose alike.
    @Test func strategiesDiffer() throws {
        var journals: Set<[String]> = []
        for strategy in SearchSettings.Strategy.allCases {
            let fixture = Fixture()
            fixture.changed.strategy = strategy
            let outcome = try fixture.search().run()
            #expect(outcome.state.known.count == 13 && outcome.student.latency <= 0.7 * outcome.state.baseLatency)
            #expect(!outcome.state.parents.arms.isEmpty)
            journals.insert(outcome.state.journal)
        }
        #expect(journals.count == 3)
    }

    /// The search moves blocks and changes the input's size, and what it did can be replayed.
    @Test func everyKindOfActionIsTried() throws {
        let fixture = Fixture()
        fixture.changed.candidates = 80
        fixture.changed.strategy = .random
        let outcome = try fixture.search().run()
        var kinds: Set<StudentAction.Kind> = []
        for child in outcome.state.known.dropFirst() {
            let parent = try #require(outcome.state.candidate(child.parent ?? 0))
            for action in child.actions { kinds.insert(action.kind(on: parent.architecture)) }
        }
        #expect(kinds == Set(StudentAction.Kind.allCases))
    }
}

/// A search over a small detector with a trainer that only pretends, and checkpoints in a scratch folder.
private final class Fixture {
    struct Killed: Error {}

    static let plan = TrainingPlan(
        epochs: 1, batchSize: 1, schedule: LearningRateSchedule(base: 0.01), momentum: 0.9, weightDecay: 0,
        clipNorm: nil, mirrors: [])
    static var settings: SearchSettings {
        var finish = plan
        finish.epochs = 4
        return SearchSettings(
            latencyTarget: 0.7, candidates: 12, childrenPerGeneration: 4, trial: plan, finish: finish)
    }

    var changed = Fixture.settings
    var replay: Lineage?
    var savesLeft = Int.max
    /// Whether a state is to be saved whenever that is asked.
    var savesOften = false
    var secondsPerLook = 0.0
    private var time = 0.0
    /// How much longer operators take than `LatencyTests.ideal` says.
    var slowness = 1.0
    var device = DeviceIdentity(processor: "test", instructionSet: "none", libraries: "none", threads: 1)
    let trainer = PretendingTrainer()
    let folder = FileManager.default.temporaryDirectory.appending(path: "search-\(UUID().uuidString)")
    private(set) var newest: URL?
    private(set) var count = 0

    deinit { try? FileManager.default.removeItem(at: folder) }

    func search() throws -> DetectorSearch {
        let graph = try Networks.graph()
        let space = SearchSpace.below(graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1])
        return try DetectorSearch(
            base: (graph, Networks.weights(graph)), space: space, trainer: trainer,
            model: LatencyModel(LatencyTable(device: device)) { [slowness] in
                // Below 0: the other way round.
                slowness < 0 ? 1 / LatencyTests.ideal($0) : slowness * LatencyTests.ideal($0)
            },
            calibrate: { model in
                let milliseconds = 2 + model.operatorTime(graph, regions: 50)
                try model.calibrate([(graph, milliseconds)], regions: 50)
                return milliseconds
            }, settings: changed, catalog: Networks.catalog, random: RandomStream(seed: 11),
            hooks: SearchHooks(
                resume: { [self] in newest }, save: save, isSaveDue: { [self] in savesOften },
                clock: { [self] in
                    time += secondsPerLook
                    return time
                }),
            replay: replay)
    }

    private func save(_ name: String, _ write: (URL) throws -> Void) throws {
        guard savesLeft > 0 else { throw Killed() }
        savesLeft -= 1
        count += 1
        let next = folder.appending(path: "\(count)-\(name)")
        try FileManager.default.createDirectory(at: next, withIntermediateDirectories: true)
        try write(next)
        if let newest { try FileManager.default.removeItem(at: newest) }
        newest = next
    }
}

extension URL {
    fileprivate var isFolder: Bool { (try? resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true }
}

/// Precision falls as weights get fewer and rises with training; weights move a little, by the stream given.
private final class PretendingTrainer: StudentTrainer {
    var teachers: Set<TeacherChoice> = []
    /// Trainings under a teacher.
    private(set) var taught = 0
    var knowsImportance = true
    /// Whether training makes students worse.
    var spoils = false
    /// The architectures whose statistics were asked for.
    private(set) var settledStudents: [DetectorArchitecture] = []
    private(set) var steps = 0
    private static let stepsPerEpoch = 2

    func importance(_ graph: DetectorGraph, _ weights: NamedTensors, _ random: RandomStream) throws -> Importance {
        Importance(
            .l1, graph, weights: knowsImportance ? weights : weights.mapValues { Tensor(repeating: 0, $0.shape) })
    }

    func settled(_ graph: DetectorGraph, _ weights: NamedTensors) throws -> NamedTensors {
        settledStudents.append(graph.architecture)
        return weights
    }

    func train(
        _ graph: DetectorGraph, _ weights: NamedTensors, neckOrigins: [Int], teacher: TeacherChoice?,
        plan: TrainingPlan, data: RandomStream, random: RandomStream, resume: StudentState?,
        observe: (StepReport, StudentState) throws -> Void
    ) throws -> StudentState {
        #expect(neckOrigins.count == graph.architecture.neck.outputWidth)
        if let teacher {
            teachers.insert(teacher)
            if resume == nil { taught += 1 }
        }
        var state =
            resume ?? StudentState(TrainingState(weights: weights, optimiser: SGD(momentum: 0.9, weightDecay: 0)))
        let total = plan.epochs * Self.stepsPerEpoch
        while state.training.step < total {
            var draw = random.stream("step", state.training.step)
            state.training.weights["rpn.head.cls_logits.bias"]?.add(
                Tensor([3], (0..<3).map { _ in Float(draw.uniform()) }))
            state.training.step += 1
            steps += 1
            let loss = draw.uniform()
            let report = StepReport(
                step: state.training.step, totalSteps: total, stepsPerEpoch: Self.stepsPerEpoch, learningRate: 0.1,
                losses: ["loss": loss], loss: loss)
            state.losses.add(report)
            try observe(report, state)
        }
        return state
    }

    func evaluate(
        _ graph: DetectorGraph, _ weights: NamedTensors, progress: (Double) throws -> Void
    ) throws -> Double {
        try progress(0.5)
        let bias = weights["rpn.head.cls_logits.bias"]?.array.reduce(0, +) ?? 0
        return 0.5 * (1 - exp(-Double(graph.cost.parameters) / 4e5)) + 0.005 * Double(bias) * (spoils ? -1 : 1)
    }
}
