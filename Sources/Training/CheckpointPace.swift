/// Says when a checkpoint is due: a lost minute is bearable, and saving costs a second.
public struct CheckpointPace: Sendable {
    public static let interval = Duration.seconds(60)
    private var saved = ContinuousClock.now

    public init() {}

    public var isDue: Bool { ContinuousClock.now - saved > Self.interval }

    /// Starts the next interval.
    public mutating func restart() { saved = .now }
}
