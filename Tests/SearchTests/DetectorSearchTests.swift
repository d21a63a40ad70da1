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

    @Test func lineageGivesTheStudentsArchitecture() throws {
        let outcome = try Fixture().search().run()
        var path: [Candidate] = [outcome.student]
        while let parent = path[0].parent { path.insert(try #require(outcome.state.candidate(parent)), at: 0) }
        var graph = try Networks.graph()
        for action in path.flatMap(\.actions) { graph = try action.apply(to: graph, Networks.catalog) }
        #expect(graph.architecture == outcome.graph.architecture)
    }

    @Test(arguments: [0, 3, 7, 12, 15, 17])
    func anInterruptedSearchEndsAlike(after saves: Int) throws {
        let whole = try Fixture().search().run()
        let fixture = Fixture()
        fixture.savesLeft = saves
        #expect(throws: Fixture.Killed.self) { try fixture.search().run() }
        fixture.savesLeft = .max
        let resumed = try fixture.search().run()
        for (line, other) in zip(resumed.state.journal, whole.state.journal) {
            #expect(line == other)
        }
        #expect(resumed.student.weights == whole.student.weights)
        #expect(resumed.state.archive.front.map(\.candidate) == whole.state.archive.front.map(\.candidate))
        let differing = whole.weights.filter { resumed.weights[$0.key] != $0.value }.keys
        #expect(differing.isEmpty)
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
    var savesLeft = Int.max
    let trainer = PretendingTrainer()
    let folder = FileManager.default.temporaryDirectory.appending(path: "search-\(UUID().uuidString)")
    private var newest: URL?
    private var count = 0

    deinit { try? FileManager.default.removeItem(at: folder) }

    func search() throws -> DetectorSearch {
        let graph = try Networks.graph()
        let space = SearchSpace.below(graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1])
        let device = DeviceIdentity(processor: "test", instructionSet: "none", threads: 1)
        return try DetectorSearch(
            base: (graph, Networks.weights(graph)), space: space, trainer: trainer,
            model: LatencyModel(LatencyTable(device: device), measure: LatencyTests.ideal),
            calibrate: { model in
                let milliseconds = 2 + model.operatorTime(graph, regions: 50)
                model.calibrate([(graph, milliseconds)], regions: 50)
                return milliseconds
            }, settings: changed, catalog: Networks.catalog, random: RandomStream(seed: 11),
            hooks: SearchHooks(resume: { [self] in newest }, save: save))
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

/// Precision falls as weights get fewer and rises with training; weights move a little, by the stream given.
private final class PretendingTrainer: StudentTrainer {
    var teachers: Set<TeacherChoice> = []

    func importance(_ graph: DetectorGraph, _ weights: NamedTensors, _ random: RandomStream) throws -> Importance {
        Importance(.l1, graph, weights: weights)
    }

    func train(
        _ graph: DetectorGraph, _ weights: NamedTensors, neckOrigins: [Int], teacher: TeacherChoice?,
        plan: TrainingPlan, data: RandomStream, random: RandomStream, resume: TrainingState?,
        observe: (StepReport, TrainingState) throws -> Void
    ) throws -> TrainedStudent {
        #expect(neckOrigins.count == graph.architecture.neck.outputWidth)
        if let teacher { teachers.insert(teacher) }
        var state = resume ?? TrainingState(weights: weights, optimiser: SGD(momentum: 0.9, weightDecay: 0))
        let name = "rpn.head.cls_logits.bias"
        while state.step < plan.epochs {
            var draw = random.stream("step", state.step)
            state.weights[name]?.add(Tensor([3], (0..<3).map { _ in Float(draw.uniform()) }))
            state.step += 1
            try observe(
                StepReport(
                    step: state.step, totalSteps: plan.epochs, stepsPerEpoch: 1, learningRate: 0.1,
                    losses: ["loss": 1], loss: 1), state)
        }
        return TrainedStudent(weights: state.weights, losses: ["loss": 1])
    }

    func evaluate(
        _ graph: DetectorGraph, _ weights: NamedTensors, progress: (Double) throws -> Void
    ) throws -> Double {
        let bias = weights["rpn.head.cls_logits.bias"]?.array.reduce(0, +) ?? 0
        return 0.5 * (1 - exp(-Double(graph.cost.parameters) / 4e5)) + 0.01 * Double(bias)
    }
}
