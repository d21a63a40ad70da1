public import Basics
public import DetectorKit
import Foundation
public import Tensor
import Training

/// The joint search: student morphism and dynamic distillation, interleaved (Joint-DetNAS, Yao et al., CVPR 2021; how
/// the two are interleaved is our design).
///
/// Generation by generation, parents from the Pareto front get children by a change of the student's architecture or of
/// its teacher, and cuts to the latency limit; each child inherits its parent's weights, is trained for a short time under its
/// teacher, and is evaluated on the search split. The latency that children may take falls from the base's to the target. At the end
/// the most precise students within the target are trained on, each under its teacher, and the best of them is the derived
/// detector.
public final class DetectorSearch {
    let base: (graph: DetectorGraph, weights: NamedTensors)
    let space: SearchSpace
    let trainer: any StudentTrainer
    let model: LatencyModel
    let sharesNeck: Bool
    let settings: SearchSettings
    let catalog: BackboneCatalog
    let random: RandomStream
    let hooks: SearchHooks
    /// When this attempt began, by the hooks' clock, and the seconds that earlier ones had spent.
    private let begun: Double
    private let spentBefore: Double
    /// Instead of searching: the candidates to train again.
    let replay: Lineage?

    var state: SearchState
    var weights: [Int: NamedTensors]
    /// Of the parents at work; computed anew after an interruption, to the same bits.
    var importances: [Int: Importance] = [:]
    var graphs: [Int: DetectorGraph] = [:]
    /// Students of this generation, or finalists, that wait for the next part of their training.
    var halted: [Int: StudentState] = [:]
    /// While a generation's children are proposed: how many had been refused before, and how many were duplicates.
    var countsBefore: (refused: Int, duplicates: Int)?
    /// The largest share of the work that was told to be done.
    var mostTold = 0.0
    /// Does what one process does alone, and the candidates' trainings.
    let local: SequentialTrials
    let executor: any TrialExecutor

    /// What a search leaves.
    public struct Outcome {
        public let graph: DetectorGraph
        public let weights: NamedTensors
        /// The student as it was chosen, with its precision after its last training.
        public let student: Candidate
        /// Whether the student has had one; it is not taken where it diverges, or only harms.
        public let isLastTrainingTaken: Bool
        public let base: Candidate
        public let state: SearchState
        public let table: LatencyTable
    }

    /// - Parameters:
    ///   - space: the teachers there are.
    ///   - sharesNeck: whether their necks are the base's, channel for channel.
    ///   - model: predicts latencies.
    ///   - calibrate: fits the model and gives the base's latency in milliseconds; not called where a checkpoint brings
    ///     both.
    ///   - executor: who trains the candidates; nil for this process, one after the other.
    ///   - replay: a lineage to go through again instead of searching; its candidates must come out with the same weights.
    public init(
        base: (graph: DetectorGraph, weights: NamedTensors), space: SearchSpace, sharesNeck: Bool = true,
        trainer: any StudentTrainer,
        model: LatencyModel, calibrate: (LatencyModel) throws -> Double, settings: SearchSettings,
        catalog: BackboneCatalog, random: RandomStream, hooks: SearchHooks = SearchHooks(),
        executor: (any TrialExecutor)? = nil, replay: Lineage? = nil
    ) throws {
        self.replay = replay
        self.base = base
        self.space = space
        self.sharesNeck = sharesNeck
        self.trainer = trainer
        local = SequentialTrials(trainer)
        self.executor = executor ?? local
        self.model = model
        self.catalog = catalog
        self.random = random
        self.hooks = hooks
        if let folder = hooks.resume() {
            let kept = try SearchState.read(from: folder, base: base.weights)
            guard kept.table.device == model.table.device else {
                throw Failure(
                    "the checkpoint's latencies are another device's: \(kept.table.device), not \(model.table.device)",
                    at: folder.path,
                    remedy:
                        "go on with that device, libraries and threads, or submit the job again: the search starts anew"
                )
            }
            (state, weights) = (kept.state, kept.weights)
            model.adopt(kept.table)
            model.refer(to: base.graph)
        } else {
            let baseLatency = try calibrate(model)
            model.refer(to: base.graph)
            state = SearchState(baseLatency: baseLatency)
            weights = [0: base.weights]
        }
        // Going through a lineage needs no target that can be met.
        self.settings =
            try replay == nil
            ? settings.meeting(baseLatency: state.baseLatency) : settings.aiming(baseLatency: state.baseLatency)
        begun = hooks.clock()
        spentBefore = state.spent
    }

    public func run() throws -> Outcome {
        try evaluateBase()
        hooks.look(state)
        // A generation that was trained before an interruption still has to be learnt from.
        while state.finals == nil, !state.proposals.isEmpty || (trained < budget && hasTime) {
            if state.proposals.isEmpty { try beginGeneration() }
            if state.proposals.isEmpty {
                if let barren = state.barren.last { hooks.log("\(barren)") }
                // Nothing to try in this generation; a later one has another limit, another draw, another part of a pipeline.
                guard replay == nil, state.generation < 2 * settings.generations, !isExhausted else { break }
                state.generation += 1
                continue
            }
            try trainGeneration()
            try learn()
            hooks.look(state)
        }
        return try finish()
    }

    /// Whether so many generations in a row had nothing to try that others will have nothing either; in a pipeline its next part may.
    private var isExhausted: Bool {
        let last = state.generation - 7...state.generation
        return settings.mode != .pipeline && state.barren.suffix(last.count).map(\.generation).elementsEqual(last)
    }

    /// Settles what the generation trains: nothing, where nothing is left to try.
    private func beginGeneration() throws {
        // That was found out before an interruption.
        guard state.barren.last?.generation != state.generation else { return }
        var before = (refused: state.refused, duplicates: state.duplicates)
        countsBefore = before
        state.proposals = try replay.map { try replayed($0) } ?? propose()
        // A target below what widths can reach must not cost the night: the fastest students are tried.
        if state.proposals.isEmpty, trained == 0, replay == nil {
            before = (state.refused, state.duplicates)
            state.proposals = try propose(orDeepest: true)
        }
        if state.proposals.isEmpty, replay == nil {
            state.barren.append(
                BarrenGeneration(
                    generation: state.generation,
                    limit: state.limits[state.generation, default: 1] * state.baseLatency,
                    refused: state.refused - before.refused, duplicates: state.duplicates - before.duplicates))
        }
        // The decisions rest on measured operators: table and decisions are durable before anything follows.
        countsBefore = nil
        try save("generation-\(state.generation)")
    }

    /// The latency that the derived student must meet, in milliseconds.
    public var target: Double { settings.latencyTarget * state.baseLatency }

    /// Students that were trained.
    var trained: Int { max(0, state.known.count - 1) + state.evaluated.count }

    /// Whether another generation may begin.
    private var hasTime: Bool {
        guard let hours = settings.hours, replay == nil, spent >= hours * 3600 else { return true }
        hooks.log("the search has had its \(hours) hours: \(trained)\(outOf) candidates were trained")
        state.isOutOfTime = true
        return false
    }

    /// Seconds of work that the state rests on, and of this attempt.
    var spent: Double { spentBefore + hooks.clock() - begun }

    /// The budget, for people; nothing where hours alone end the search.
    var outOf: String {
        if budget == SearchSettings.unlimitedCandidates { return "" }
        return settings.hours == nil || replay != nil ? " of \(budget)" : " of at most \(budget)"
    }

    /// Students that are to be trained.
    var budget: Int { replay?.steps.count ?? settings.candidates }

    private func evaluateBase() throws {
        guard state.known.isEmpty else { return }
        try hooks.report(0, "the base on the search split", [:])
        let precision = try trainer.evaluate(base.graph, base.weights) { _ in
            if hooks.isSaveDue() { try save("measured") }
            try hooks.report(0, "the base on the search split", [:])
        }
        let architecture = base.graph.architecture
        let candidate = Candidate(
            id: 0, generation: 0, parent: nil, move: "base", actions: [], architecture: architecture,
            teacher: space.largest, latency: model.predict(base.graph), cost: base.graph.cost,
            neckOrigins: (0..<architecture.neck.outputWidth).map { sharesNeck ? $0 : -1 }, share: 1,
            precision: precision, losses: [:],
            weights: try digest(base.weights))
        state.known = [candidate]
        state.archive.insert(point(candidate))
        state.journal.append(try candidate.journalLine(seed: "base", isOnFront: true, isTaught: false).canonicalText)
    }

    /// The generation's end: everyone enters the archive, in order, and the bandits learn what each move brought.
    private func learn() throws {
        // Whoever was done first: what follows must not know.
        state.evaluated.sort { $0.id < $1.id }
        try requireSomethingLearnt()
        let limit = state.known[0].latency * 1.05
        let gains = state.evaluated.map { child in
            child.divergence == nil ? state.archive.gain(of: point(child), asked: asked, latencyLimit: limit) : nil
        }
        for (child, reward) in zip(state.evaluated, Bandit.rewards(gains)) {
            let parts = child.move.split(separator: ":", maxSplits: 1).map(String.init)
            state.moves.reward(parts[0], reward)
            if parts.count > 1 { state.teacherMoves.reward(parts[1], reward) }
            if let parent = child.parent { state.parents.reward("\(parent)", reward) }
            // A student that diverged may be the fastest; nothing shall come of it.
            if child.divergence == nil { state.archive.insert(point(child)) }
        }
        state.journal += try journalLines(of: state.evaluated, front: state.archive.front)
        state.known += state.evaluated
        state.evaluated = []
        state.proposals = []
        state.rung = 0
        state.generation += 1
        state.contenders = contenders()
        // A replay's next candidate comes from the last one, wherever that stands by the latencies of now.
        if replay != nil { state.kept = state.known.last?.id }
        let living = state.living
        weights = weights.filter { living.contains($0.key) || $0.key == 0 }
        importances = importances.filter { living.contains($0.key) }
    }

    /// A student that diverges is worth nothing, and the search goes on; where all of them do, the options are to blame.
    private func requireSomethingLearnt() throws {
        let students = state.known.dropFirst() + state.evaluated
        guard replay == nil, students.count >= min(4, budget), let divergence = students.last?.divergence,
            students.allSatisfy({ $0.divergence != nil })
        else { return }
        throw Failure(
            "none of \(students.count) candidates could be trained: \(divergence)", at: "trial",
            remedy: "lower its learning_rate, or lengthen its warm_up; check the annotations for wrong boxes")
    }

    func point(_ candidate: Candidate) -> ParetoArchive.Point {
        ParetoArchive.Point(
            candidate: candidate.id, precision: candidate.precision ?? 0, latency: candidate.latency)
    }

    /// The latency that this generation asks for: being faster counts as nothing. A replay asks for none.
    var asked: Double { state.limits[state.generation].map { $0 * state.baseLatency } ?? 0 }
}
