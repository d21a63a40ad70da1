import Basics
import DetectorKit
import Foundation
import Search
import Tensor
import Testing
import Training

/// A search over a small detector with a trainer that only pretends, and checkpoints in a scratch folder.
final class SearchFixture {
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

    var changed = SearchFixture.settings
    var replay: Lineage?
    var executor: (any TrialExecutor)?
    /// What the search showed and told while it ran.
    private(set) var looks: [SearchState] = []
    private(set) var fractions: [Double] = []
    private(set) var log: [String] = []
    private(set) var messages: [String] = []
    /// A base of another backbone.
    var other: (architecture: DetectorArchitecture, catalog: BackboneCatalog)?
    /// A message at which the search is to be stopped.
    var lastMessage: String?
    /// That the base keeps, instead of its own number.
    var proposals: Int?
    /// Both sides of the base's images, instead of its own.
    var input: Int?
    var savesLeft = Int.max
    /// The search is killed at the save after one of this name.
    var lastSave: String?
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
        let catalog = other?.catalog ?? Networks.catalog
        var architecture = try other?.architecture ?? Networks.architecture()
        if let proposals { architecture.selection.inference.afterNMS = proposals }
        if let input { architecture.input = .init(shorter: input, longer: input) }
        let graph = try DetectorGraph(architecture, catalog)
        let space = SearchSpace.below(graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1])
        return try DetectorSearch(
            base: (graph, Networks.weights(graph)), space: space, trainer: trainer,
            model: LatencyModel(LatencyTable(device: device)) { [slowness] in
                // Below 0: the other way round.
                slowness < 0 ? 1 / LatencyTests.ideal($0) : slowness * LatencyTests.ideal($0)
            },
            calibrate: { model in
                let milliseconds = 2 + model.operatorTime(graph, regions: 50)
                try model.fit([(graph, milliseconds)], regions: 50)
                return milliseconds
            }, settings: changed, catalog: catalog, random: RandomStream(seed: 11),
            hooks: SearchHooks(
                resume: { [self] in newest }, save: save, isSaveDue: { [self] in savesOften },
                report: report, log: { [self] in log.append($0) },
                clock: { [self] in
                    time += secondsPerLook
                    return time
                }, look: { [self] in looks.append($0) }),
            executor: executor, replay: replay)
    }

    private func report(_ fraction: Double, _ message: String, _ values: [String: Double]) throws {
        fractions.append(fraction)
        messages.append(message)
        if let lastMessage, message.hasSuffix(lastMessage), trainer.isAmidBatches { throw Killed() }
    }

    private func save(_ name: String, _ write: (URL) throws -> Void) throws {
        if let lastSave, newest?.lastPathComponent.hasSuffix("-\(lastSave)") == true { throw Killed() }
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
    var isFolder: Bool { (try? resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true }
}

/// Precision falls as weights get fewer and rises with training; weights move a little, by the stream given.
final class PretendingTrainer: StudentTrainer {
    var teachers: Set<TeacherChoice> = []
    /// Trainings under a teacher.
    private(set) var taught = 0
    var knowsImportance = true
    /// Whether training makes students worse.
    var spoils = false
    /// What a student has gained by training: by its parameters and what it has learnt, a bit more with every step.
    var gain: (_ parameters: Int, _ learnt: Double) -> Double = { 0.005 * $1 }
    /// Whether a training's step (from 0) comes to no number.
    var diverges: (_ graph: DetectorGraph, _ plan: TrainingPlan, _ step: Int) -> Bool = { _, _, _ in false }
    /// The architectures whose statistics were asked for.
    private(set) var settledStudents: [DetectorArchitecture] = []
    private(set) var steps = 0
    private static let stepsPerEpoch = 2

    /// What parameters' importance is multiplied with.
    var factors: [String: Float] = [:]
    /// Whether it has begun to look at batches and not ended.
    private(set) var isAmidBatches = false

    func importance(
        _ graph: DetectorGraph, _ weights: NamedTensors, _ random: RandomStream, progress: () throws -> Void
    ) throws -> Importance {
        try lookAtBatches(progress)
        var weights = knowsImportance ? weights : weights.mapValues { Tensor(repeating: 0, $0.shape) }
        for (name, factor) in factors {
            if let weight = weights[name] { weights[name] = Tensor(weight.shape, weight.array.map { factor * $0 }) }
        }
        return Importance(.l1, graph, weights: weights)
    }

    private func lookAtBatches(_ progress: () throws -> Void) throws {
        isAmidBatches = true
        defer { isAmidBatches = false }
        for _ in 0..<2 { try progress() }
    }

    struct Look {
        let architecture: DetectorArchitecture
        let weights: NamedTensors
        let random: RandomStream
        let loss: Double
    }
    /// The students whose loss was asked for, and what it was.
    private(set) var looks: [Look] = []
    /// What trainings started from, by architecture.
    private(set) var starts: [DetectorArchitecture: NamedTensors] = [:]
    /// Where the batches of each training came from, in the order in which they began.
    private(set) var batches: [RandomStream] = []
    /// Whether losses are no numbers.
    var isLost = false

    func loss(
        _ graph: DetectorGraph, _ weights: NamedTensors, _ random: RandomStream, progress: () throws -> Void
    ) throws -> Double {
        try lookAtBatches(progress)
        let loss = isLost ? .nan : 1e6 / Double(graph.cost.parameters)
        looks.append(Look(architecture: graph.architecture, weights: weights, random: random, loss: loss))
        return loss
    }

    func settled(_ graph: DetectorGraph, _ weights: NamedTensors) throws -> NamedTensors {
        settledStudents.append(graph.architecture)
        return weights
    }

    func train(
        _ graph: DetectorGraph, _ weights: NamedTensors, neckOrigins: [Int], teacher: TeacherChoice?,
        plan: TrainingPlan, share: Double, data: RandomStream, random: RandomStream, resume: StudentState?,
        observe: (StepReport, StudentState) throws -> Void
    ) throws -> StudentState {
        #expect(neckOrigins.count == graph.architecture.neck.outputWidth)
        if resume == nil {
            starts[graph.architecture] = weights
            batches.append(data)
        }
        if let teacher {
            teachers.insert(teacher)
            if resume == nil { taught += 1 }
        }
        var state =
            resume ?? StudentState(TrainingState(weights: weights, optimiser: SGD(momentum: 0.9, weightDecay: 0)))
        let total = plan.epochs * Self.stepsPerEpoch
        while state.training.step < Int((share * Double(total)).rounded(.up)) {
            guard !diverges(graph, plan, state.training.step) else {
                state.divergence = Failure("the loss is not finite")
                return state
            }
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
        let gain = (spoils ? -1 : 1) * gain(graph.cost.parameters, Double(bias))
        return 0.5 * (1 - exp(-Double(graph.cost.parameters) / 4e5)) + gain
    }
}
