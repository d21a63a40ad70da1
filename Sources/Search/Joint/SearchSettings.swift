public import Training

/// How a joint search is run.
public struct SearchSettings: Sendable, Hashable, Codable {
    /// What the search may change.
    public enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
        /// Student and teacher.
        case joint
        /// The student; its teacher is the pool's largest network.
        case fixedTeacher = "fixed-teacher"
        /// The student, which is trained without a teacher.
        case noDistillation = "no-distillation"
        /// Student and teacher, with parents and moves drawn evenly.
        case random
    }

    public var mode: Mode
    /// The latency to reach, as a share of the base's.
    public var latencyTarget: Double
    /// Predictions aim this share below the target, since they are not exact.
    public var latencyMargin: Double
    /// Students that are trained, the base apart.
    public var candidates: Int
    public var childrenPerGeneration: Int
    /// The share of the generations after which children must meet the target; before, the limit falls evenly.
    public var descent: Double
    /// The share of a width that one cut takes, and the share of the base's width that must stay.
    public var cutStep: Double
    public var leastWidth: Double
    public var importance: Importance.Measure
    public var importanceBatches: Int
    /// A candidate's training, and the chosen student's last one.
    public var trial: TrainingPlan
    public var finish: TrainingPlan
    public var distillation: DistillationSettings

    public init(
        mode: Mode = .joint, latencyTarget: Double, latencyMargin: Double = 0.02, candidates: Int,
        childrenPerGeneration: Int, descent: Double = 0.6, cutStep: Double = 0.25, leastWidth: Double = 0.25,
        importance: Importance.Measure = .taylor, importanceBatches: Int = 8, trial: TrainingPlan,
        finish: TrainingPlan, distillation: DistillationSettings = DistillationSettings()
    ) {
        self.mode = mode
        self.latencyTarget = latencyTarget
        self.latencyMargin = latencyMargin
        self.candidates = candidates
        self.childrenPerGeneration = childrenPerGeneration
        self.descent = descent
        self.cutStep = cutStep
        self.leastWidth = leastWidth
        self.importance = importance
        self.importanceBatches = importanceBatches
        self.trial = trial
        self.finish = finish
        self.distillation = distillation
    }

    public var generations: Int {
        max(1, (candidates + childrenPerGeneration - 1) / max(1, childrenPerGeneration))
    }

    /// The share of the base's latency that the children of a generation (from 1) may take.
    public func latencyLimit(generation: Int) -> Double {
        let aim = latencyTarget * (1 - latencyMargin)
        let steps = max(1, Int((descent * Double(generations)).rounded()))
        return max(aim, 1 - (1 - aim) * Double(generation) / Double(steps))
    }
}
