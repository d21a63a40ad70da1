public import Basics
public import DetectorKit
public import Tensor
public import Training

/// What the search needs done to a student; the search itself knows nothing of images.
public protocol StudentTrainer {
    /// How much each of a student's channels matters.
    ///
    /// - Parameter progress: called after each batch; may throw to stop.
    func importance(
        _ graph: DetectorGraph, _ weights: NamedTensors, _ random: RandomStream, progress: () throws -> Void
    ) throws -> Importance

    /// A derived student's weights as its training starts from them: with batch norm's statistics estimated anew, since those
    /// that it inherited are its parent's.
    func settled(_ graph: DetectorGraph, _ weights: NamedTensors) throws -> NamedTensors

    /// The mean loss of a student as it stands, over some training images: the same ones for all that are given one stream.
    ///
    /// - Parameter progress: called after each batch; may throw to stop.
    func loss(
        _ graph: DetectorGraph, _ weights: NamedTensors, _ random: RandomStream, progress: () throws -> Void
    ) throws -> Double

    /// Trains a student, under a teacher unless it is nil.
    ///
    /// - Parameters:
    ///   - neckOrigins: see `Candidate.neckOrigins`.
    ///   - share: the share of the plan's steps after which it ends.
    ///   - data: names the stream of batches, which all candidates of a generation share.
    ///   - resume: a state to go on from.
    ///   - observe: called after each step; may save the state, or throw to stop.
    /// - Returns: the state after the last step, or the one before it diverges, with the student's weights (in `training` those
    ///   of adapters too) and their losses over the last epoch.
    func train(
        _ graph: DetectorGraph, _ weights: NamedTensors, neckOrigins: [Int], teacher: TeacherChoice?,
        plan: TrainingPlan, share: Double, data: RandomStream, random: RandomStream, resume: StudentState?,
        observe: (StepReport, StudentState) throws -> Void
    ) throws -> StudentState

    /// Average precision on the search split.
    func evaluate(
        _ graph: DetectorGraph, _ weights: NamedTensors, progress: (Double) throws -> Void
    ) throws -> Double
}
