public import Basics
public import DetectorKit
import Models

/// A student that was, or is to be, trained under a teacher, and how it came about.
public struct Candidate: Sendable, Hashable, Codable {
    /// From 0, the base.
    public var id: Int
    /// From 1; 0 for the base.
    public var generation: Int
    public var parent: Int?
    /// What the bandit chose.
    public var move: String
    /// From the parent to this student, in order.
    public var actions: [StudentAction]
    public var architecture: DetectorArchitecture
    public var teacher: TeacherChoice
    /// Predicted, in milliseconds.
    public var latency: Double
    public var cost: Cost
    /// For each channel of the neck's output, the base's channel that it was, or -1: what the features of a teacher,
    /// whose neck is the base's, are compared by. -1 throughout where the teachers' necks are others.
    public var neckOrigins: [Int]
    /// The share of its training that it had before it was stopped: 1, or less where it looked hopeless; a finalist's, of its last
    /// training.
    public var share: Double
    /// Average precision on the search split, once trained.
    public var precision: Double?
    /// Means over the training's last epoch.
    public var losses: [String: Double]
    /// Of the trained weights.
    public var weights: Digest?
    /// Why its training came to nothing: the loss or a gradient was no number.
    public var divergence: String?

    /// Takes over what a training came to.
    mutating func take(_ outcome: TrialOutcome) {
        precision = outcome.precision
        losses = outcome.state.losses.means
        weights = SafeTensors(outcome.state.weights).digest
        divergence = outcome.state.divergence?.what
    }

    /// The journal's line. It holds nothing that differs between a run and its repetition with the same latency table.
    ///
    /// - Parameter isTaught: whether the training was under the teacher.
    public func journalLine(seed: String, isOnFront: Bool, isTaught: Bool) throws -> JSON {
        .object([
            "candidate": .integer(id), "generation": .integer(generation),
            "parent": parent.map { .integer($0) } ?? .null, "move": .string(move),
            "actions": .array(actions.map { .string($0.description) }),
            "teacher": try JSON(encoding: teacher), "teacher_digest": .string(try teacher.digest.hex),
            "taught": .bool(isTaught), "share": .number(share), "stream": .string(seed),
            "losses": .object(losses.mapValues { .number($0) }),
            "ap": precision.map { .number($0) } ?? .null, "latency_ms": .number(latency),
            "macs": .integer(cost.multiplyAccumulates), "parameters": .integer(cost.parameters),
            "architecture_digest": .string(try architecture.digest.hex),
            "weights_digest": weights.map { .string($0.hex) } ?? .null, "on_front": .bool(isOnFront),
            "divergence": divergence.map { .string($0) } ?? .null,
        ])
    }
}
