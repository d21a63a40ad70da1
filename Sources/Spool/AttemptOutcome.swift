/// How an attempt's process ended: `outcome.json` in the attempt's folder, written by the runner.
public struct AttemptOutcome: Codable, Sendable, Hashable {
    public enum Result: String, Codable, Sendable {
        case done
        /// The user's input is wrong: another attempt would fail the same way.
        case input
        /// The machine or the program failed, or something killed the process: worth another attempt.
        case failed
        /// Stopped on request; does not count as an attempt.
        case cancelled
    }

    public var result: Result
    /// One line for people.
    public var reason: String
    public var started: Timestamp
    public var ended: Timestamp
    public var exitCode: Int?
    public var signal: Int?
    public var userSeconds: Double
    public var systemSeconds: Double
    /// Largest resident set of the stage's process.
    public var peakBytes: Int

    public init(
        result: Result, reason: String, started: Timestamp, ended: Timestamp = .now, exitCode: Int? = nil,
        signal: Int? = nil, userSeconds: Double = 0, systemSeconds: Double = 0, peakBytes: Int = 0
    ) {
        self.result = result
        self.reason = reason
        self.started = started
        self.ended = ended
        self.exitCode = exitCode
        self.signal = signal
        self.userSeconds = userSeconds
        self.systemSeconds = systemSeconds
        self.peakBytes = peakBytes
    }
}
