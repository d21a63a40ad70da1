public import Basics
public import Foundation
public import Tensor
public import Training

/// The losses of the epoch at work.
public struct EpochLosses: Sendable, Hashable, Codable {
    /// Over the epoch's steps so far, by the loss's name.
    public private(set) var sums: [String: Double] = [:]
    /// Steps that are in the sums.
    public private(set) var steps = 0

    public init() {}

    /// Takes in a step's losses; an epoch's first step starts anew.
    public mutating func add(_ report: StepReport) {
        if (report.step - 1) % report.stepsPerEpoch == 0 { self = EpochLosses() }
        steps += 1
        sums.merge(report.losses, uniquingKeysWith: +)
    }

    public var means: [String: Double] { sums.mapValues { $0 / Double(max(1, steps)) } }
}

/// A student's training up to a step. All that its result depends on is in it, the losses that the journal tells too.
public struct StudentState: Sendable {
    public var training: TrainingState
    public var losses: EpochLosses
    /// Why it ended before it was to: its next step diverges. It is not in a checkpoint: going on from there comes to the same.
    public var divergence: Failure?

    public init(_ training: TrainingState, losses: EpochLosses = EpochLosses()) {
        self.training = training
        self.losses = losses
    }

    /// The student's own weights, without the parameters that serve its distillation only.
    public var weights: NamedTensors {
        training.weights.filter { !$0.key.hasPrefix(DistilledStep.adapterPrefix) }
    }
}

extension StudentState {
    private static let lossesIn = "losses.json"

    /// Writes the state, bit for bit, into a folder of a checkpoint, which is made.
    public func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try training.write(to: folder)
        try DurableFile.write(JSON(encoding: losses).canonicalText, to: folder.appending(path: Self.lossesIn))
    }

    /// Whether all that `write` writes is in a folder.
    public static func isThere(_ folder: URL) -> Bool {
        (TrainingState.files + [lossesIn]).allSatisfy {
            FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
        }
    }

    /// Reads what `write` wrote.
    public init(from folder: URL, _ plan: TrainingPlan) throws {
        let file = folder.appending(path: Self.lossesIn)
        let losses = try JSON(parsing: Data(contentsOf: file), at: file.path).decode(EpochLosses.self, at: file.path)
        self.init(try TrainingState(from: folder, plan), losses: losses)
    }
}
