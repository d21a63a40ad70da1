import Foundation

/// Says when a checkpoint is due: a lost minute is bearable, and saving costs a second.
public struct CheckpointPace: Sendable {
    /// The environment variable that sets how many seconds pass between two checkpoints, where a minute is too much to lose, or
    /// where saving is to be tried out; 0 saves after each step.
    public static let variable = "JDNAS_CHECKPOINT_SECONDS"

    private static let interval: Duration = {
        let told = ProcessInfo.processInfo.environment[variable].flatMap(Double.init)
        return told.flatMap { (0...86_400).contains($0) ? .seconds($0) : nil } ?? .seconds(60)
    }()
    private var saved = ContinuousClock.now

    public init() {}

    public var isDue: Bool { ContinuousClock.now - saved > Self.interval }

    /// Starts the next interval.
    public mutating func restart() { saved = .now }
}
