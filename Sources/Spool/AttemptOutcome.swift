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

    /// What was at fault when it did not end well.
    public enum Fault: String, Codable, Sendable {
        /// The machine: something killed the process, a call failed.
        case infrastructure
        /// The machine: it had no memory left, and ended the process.
        case memory
        /// The stage: it crashed.
        case stage
        /// The stage: it showed no sign of life any more.
        case hang
        /// The input.
        case invalid
        /// It went over a limit that its manifest sets: another attempt would, too.
        case limit
        /// The disk was full; does not count as an attempt.
        case space

        /// A word of a later version counts as the stage's fault, like all that is not known to be another's.
        public init(from decoder: any Decoder) throws {
            let word = try decoder.singleValueContainer().decode(String.self)
            self = Fault(rawValue: word) ?? .stage
        }

        /// Whether the machine was at fault, which further attempts are counted by.
        public var isMachines: Bool { self == .infrastructure || self == .memory }
    }

    public var result: Result
    /// Nil where nothing was, and in records of earlier versions.
    public var fault: Fault?
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
        result: Result, fault: Fault? = nil, reason: String, started: Timestamp, ended: Timestamp = .now,
        exitCode: Int? = nil,
        signal: Int? = nil, userSeconds: Double = 0, systemSeconds: Double = 0, peakBytes: Int = 0
    ) {
        self.result = result
        self.fault = fault
        self.reason = reason
        // A clock that was put back makes no span of time negative.
        self.started = min(started, ended)
        self.ended = ended
        self.exitCode = exitCode
        self.signal = signal
        self.userSeconds = userSeconds
        self.systemSeconds = systemSeconds
        self.peakBytes = peakBytes
    }
}
