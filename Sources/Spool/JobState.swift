/// Where a job stands, with exactly what that state knows.
public enum JobState: Codable, Sendable, Hashable {
    /// Handed in by `submit`; the runner has not looked at it yet. Folder `inbox/`.
    case submitted
    /// Checked and accepted.
    case queued(accepted: Timestamp)
    /// A runner works on it. `started`: when the first one began.
    case running(owner: Owner, started: Timestamp)
    case done(started: Timestamp, finished: Timestamp, bundle: String)
    /// `bundle` lies in `outbox/`; a failed job leaves one too.
    case failed(reason: String, stage: String?, finished: Timestamp, bundle: String)
    /// The manifest was refused; the diagnostics lie beside it.
    case rejected(reason: String)

    public var folder: StateFolder {
        switch self {
        case .submitted: .inbox
        case .queued: .queued
        case .running: .running
        case .done: .done
        case .failed: .failed
        case .rejected: .rejected
        }
    }
}

/// The folders that tokens live in. The folder that holds a token *is* the job's state.
public enum StateFolder: String, Codable, Sendable, CaseIterable, Comparable {
    case inbox, queued, running, done, failed, rejected

    /// Whether nothing more will happen to a job there.
    public var isFinal: Bool { self > .running }

    /// Later states win when a token is found twice after a crash.
    private var rank: Int {
        switch self {
        case .inbox: 0
        case .queued: 1
        case .running: 2
        case .rejected: 3
        case .failed: 4
        case .done: 5
        }
    }

    public static func < (a: StateFolder, b: StateFolder) -> Bool { a.rank < b.rank }
}

extension StateFolder {
    /// The state as people read it.
    public var word: String { self == .inbox ? "submitted" : rawValue }
}
