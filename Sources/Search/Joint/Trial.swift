public import Basics
public import DetectorKit
public import Foundation
public import Tensor
public import Training

/// A part of a student's training: from where the student stands to a share of its plan, and its precision there. Its
/// result depends on nothing else: whoever does it, wherever, comes to the same bits at the same number of threads.
public struct Trial {
    /// What its state is called in a checkpoint.
    public let name: String
    /// For people.
    public let title: String
    public let graph: DetectorGraph
    /// The weights that it starts from.
    public let start: NamedTensors
    /// Where an earlier part of it, or an interrupted attempt, left off; nil: at the start.
    public let state: StudentState?
    /// See `Candidate.neckOrigins`.
    public let neckOrigins: [Int]
    /// nil: it learns from the data alone.
    public let teacher: TeacherChoice?
    public let plan: TrainingPlan
    /// The share of the plan's steps after which it ends.
    public let share: Double
    /// Names the batches, which all students of a generation share, and the steps' own draws.
    public let data: RandomStream
    public let random: RandomStream

    public init(
        name: String, title: String, graph: DetectorGraph, start: NamedTensors, state: StudentState?,
        neckOrigins: [Int], teacher: TeacherChoice?, plan: TrainingPlan, share: Double, data: RandomStream,
        random: RandomStream
    ) {
        self.name = name
        self.title = title
        self.graph = graph
        self.start = start
        self.state = state
        self.neckOrigins = neckOrigins
        self.teacher = teacher
        self.plan = plan
        self.share = share
        self.data = data
        self.random = random
    }
}

/// What a trial came to.
public struct TrialOutcome {
    public let state: StudentState
    /// Average precision on the search split; 0 where the training diverged.
    public let precision: Double

    public init(state: StudentState, precision: Double) {
        self.state = state
        self.precision = precision
    }
}

/// How far a trial is.
public enum TrialProgress: Sendable {
    case step(StepReport)
    /// The share of the images that were looked at.
    case evaluating(Double)

    /// The share of the plan that is done, as far as people care.
    public func fraction(share: Double) -> Double {
        switch self {
        case .step(let report): 0.9 * report.fraction
        case .evaluating(let done): (0.9 + 0.1 * done) * share
        }
    }
}

/// Does trials: in this process one after the other, or several at a time elsewhere.
public protocol TrialExecutor: AnyObject {
    /// Does all trials, whichever first.
    ///
    /// - Parameters:
    ///   - trial: makes a trial, when there is somebody to do it.
    ///   - observe: told how far they are; throws to stop.
    ///   - finished: told what a trial came to, in whatever order they end.
    ///   - interrupted: told that the trials at work have been stopped, before an error is thrown: their states may be saved now.
    func run(
        _ count: Int, trial: (Int) throws -> Trial, observe: (Int, TrialProgress) throws -> Void,
        finished: (Int, TrialOutcome) throws -> Void, interrupted: () throws -> Void
    ) throws

    /// Puts what the trials at work have reached into a checkpoint's folder: a folder of a trial's name for each.
    func writeStates(to folder: URL) throws
}

/// One trial after the other, in this process.
final class SequentialTrials: TrialExecutor {
    private let trainer: any StudentTrainer
    /// While it may be looked at: nobody else may hold the weights when they are changed.
    private var reached: (name: String, state: StudentState)?

    init(_ trainer: any StudentTrainer) { self.trainer = trainer }

    func run(
        _ count: Int, trial: (Int) throws -> Trial, observe: (Int, TrialProgress) throws -> Void,
        finished: (Int, TrialOutcome) throws -> Void, interrupted: () throws -> Void
    ) throws {
        for index in 0..<count {
            try finished(index, try run(try trial(index)) { try observe(index, $0) })
        }
    }

    func run(_ trial: Trial, observe: (TrialProgress) throws -> Void) throws -> TrialOutcome {
        func tell(_ state: StudentState, _ progress: TrialProgress) throws {
            reached = (trial.name, state)
            defer { reached = nil }
            try observe(progress)
        }
        return try trainer.outcome(of: trial, observe: tell)
    }

    func writeStates(to folder: URL) throws {
        if let reached { try reached.state.write(to: folder.appending(path: reached.name)) }
    }
}

extension StudentTrainer {
    /// Does a trial: trains and evaluates.
    ///
    /// - Parameter observe: told often, with the state as it then is; may save it, or throw to stop.
    public func outcome(
        of trial: Trial, observe: (StudentState, TrialProgress) throws -> Void
    ) throws -> TrialOutcome {
        let trained = try train(
            trial.graph, trial.start, neckOrigins: trial.neckOrigins, teacher: trial.teacher, plan: trial.plan,
            share: trial.share, data: trial.data, random: trial.random, resume: trial.state
        ) { try observe($1, .step($0)) }
        guard trained.divergence == nil else { return TrialOutcome(state: trained, precision: 0) }
        let precision = try evaluate(trial.graph, trained.weights) { try observe(trained, .evaluating($0)) }
        return TrialOutcome(state: trained, precision: precision)
    }
}
