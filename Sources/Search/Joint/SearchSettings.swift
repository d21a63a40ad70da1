import Basics
import Glibc
public import Training

/// How a joint search is run.
public struct SearchSettings: Sendable, Hashable, Codable {
    /// What the search may change.
    public enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
        /// Student and teacher.
        case joint
        /// The student, which may be trained on as it is too; its teacher is the pool's largest network.
        case fixedTeacher = "fixed-teacher"
        /// The same without a teacher.
        case noDistillation = "no-distillation"
        /// Student and teacher, with parents and moves drawn evenly.
        case random
        /// One thing after the other, as toolboxes are put together: architecture, then pruning, both without a teacher, then
        /// distillation from the pool's largest network. Each has a third of the generations, as near as whole ones come; in the
        /// last one every parent is trained on once a generation.
        case pipeline
    }

    /// How parents and moves are chosen.
    public enum Strategy: String, Sendable, Hashable, Codable, CaseIterable {
        /// Parents by crowding distance on the front, moves by a bandit.
        case pareto
        /// All drawn evenly.
        case random
        /// Both by a bandit.
        case upperConfidence = "ucb"
    }

    /// What a generation of a pipeline does.
    public enum Phase: Sendable, Hashable, CaseIterable {
        case architecture, pruning, distillation
    }

    public var mode: Mode
    public var strategy: Strategy
    /// The latency to reach, as a share of the base's; where milliseconds are given, what these come to once the base is measured.
    public var latencyTarget: Double
    public var latencyMilliseconds: Double?
    /// Predictions aim this share below the target, since they are not exact.
    public var latencyMargin: Double
    /// Students that are trained, the base apart.
    public var candidates: Int
    /// As many as the hours allow.
    public static let unlimitedCandidates = 1_000_000
    public var childrenPerGeneration: Int
    /// How many students are drawn for each child that changes the architecture: the one whose loss is the least as it inherits, before any
    /// training, is trained. Not where everything is drawn evenly.
    public var draws: Int
    /// How often the worse half of a generation's children is stopped before the end of their training.
    public var halvings: Int
    /// No generation begins after so many hours of searching, interruptions apart; nil for no limit. What such a search finds
    /// depends on the machine's speed; its student's lineage can be replayed to the same bits.
    public var hours: Double?
    /// The share of the generations after which children must meet the target; before, the limit falls by the same share in each:
    /// what a cut destroys goes by the share that it takes.
    public var descent: Double
    /// The share of a width that one cut takes, and the share of the base's width that must stay.
    public var cutStep: Double
    public var leastWidth: Double
    public var importance: Importance.Measure
    public var importanceBatches: Int
    /// A candidate's training, and a finalist's last one.
    public var trial: TrainingPlan
    public var finish: TrainingPlan
    /// How many students are trained on at the end, the most precise ones within the target; see `Finals`.
    public var finalists: Int
    public var distillation: DistillationSettings

    public init(
        mode: Mode = .joint, strategy: Strategy = .pareto, latencyTarget: Double, latencyMargin: Double = 0.02,
        candidates: Int,
        childrenPerGeneration: Int, draws: Int = 1, halvings: Int = 0, hours: Double? = nil, descent: Double = 0.6,
        cutStep: Double = 0.25,
        leastWidth: Double = 0.25,
        importance: Importance.Measure = .taylor, importanceBatches: Int = 8, trial: TrainingPlan,
        finish: TrainingPlan, finalists: Int = 1, distillation: DistillationSettings = DistillationSettings()
    ) {
        self.mode = mode
        self.strategy = strategy
        self.latencyTarget = latencyTarget
        self.latencyMargin = latencyMargin
        self.candidates = candidates
        self.childrenPerGeneration = childrenPerGeneration
        self.draws = draws
        self.halvings = halvings
        self.hours = hours
        self.descent = descent
        self.cutStep = cutStep
        self.leastWidth = leastWidth
        self.importance = importance
        self.importanceBatches = importanceBatches
        self.trial = trial
        self.finish = finish
        self.finalists = finalists
        self.distillation = distillation
    }

    /// With the target as a share, where it is in milliseconds.
    func aiming(baseLatency: Double) -> SearchSettings {
        var settings = self
        if let latencyMilliseconds { settings.latencyTarget = latencyMilliseconds / baseLatency }
        return settings
    }

    /// The same, if a search can come to it.
    func meeting(baseLatency: Double) throws -> SearchSettings {
        guard let milliseconds = latencyMilliseconds else { return self }
        guard milliseconds < baseLatency else {
            throw Failure(
                "the base takes \(tenths(baseLatency)) ms, which is within the \(tenths(milliseconds)) ms to be reached",
                at: "latency_ms", remedy: "give fewer milliseconds: a search makes detectors faster")
        }
        guard milliseconds >= 0.05 * baseLatency else {
            throw Failure(
                "the base takes \(tenths(baseLatency)) ms; no student of it comes down to \(milliseconds) ms",
                at: "latency_ms", remedy: "give a twentieth of the base's time or more, or begin with a smaller base")
        }
        return aiming(baseLatency: baseLatency)
    }

    public var generations: Int {
        max(1, (candidates + childrenPerGeneration - 1) / max(1, childrenPerGeneration))
    }

    /// The shares of a child's training at which the generation is looked at, rising to 1: each twice the one before, so that
    /// the half that goes on has as much training again as all had.
    public var trialShares: [Double] {
        (0...max(0, halvings)).reversed().map { 1 / Double(1 << $0) }
    }

    /// What a generation (from 1) of a pipeline does; nil in other modes.
    public func phase(generation: Int) -> Phase? {
        guard mode == .pipeline else { return nil }
        let phases = Phase.allCases
        return phases[min(phases.count - 1, max(0, generation - 1) * phases.count / generations)]
    }

    /// How many students are looked at for each that is trained.
    public var drawsPerChild: Int { mode == .random || strategy == .random ? 1 : draws }

    /// Whether there are teachers at all; the last training is under one then.
    public var hasTeachers: Bool { mode != .noDistillation && !distillation.isOff }

    /// Whether a generation's students learn from a teacher.
    public func hasTeachers(generation: Int) -> Bool {
        hasTeachers && [nil, .distillation].contains(phase(generation: generation))
    }

    /// The share of the base's latency that the children of a generation (from 1) may take.
    ///
    /// - Parameter time: the share of the hours that is spent: they may be up long before the candidates are.
    public func latencyLimit(generation: Int, time: Double = 0) -> Double {
        let aim = latencyTarget * (1 - latencyMargin)
        if let phase = phase(generation: generation) {
            // The architecture takes half of the way, pruning the rest, both step by step.
            let part = (1...generations).filter { self.phase(generation: $0) == phase }
            let done = Double(generation - (part.first ?? 1) + 1) / Double(max(1, part.count))
            switch phase {
            case .architecture: return pow(aim, done / 2)
            case .pruning: return done < 1 ? pow(aim, (1 + done) / 2) : aim
            case .distillation: return aim
            }
        }
        let steps = max(1, Int((descent * Double(generations)).rounded()))
        // How many generations the hours hold is not known; the first one cannot go by their time.
        let count =
            candidates == Self.unlimitedCandidates ? min(0.1, Double(generation)) : Double(generation) / Double(steps)
        let way = descent > 0 ? max(count, time / descent) : 1
        return way < 1 ? pow(aim, way) : aim
    }
}
