/// What one sees of a job without a runner: read from its token and its work folder.
public struct JobStatus: Codable, Sendable, Hashable {
    /// The job's id; for a drop that was rejected, its file name in `rejected/`.
    public var id: String
    public var name: String
    public var state: StateFolder
    public var submitted: Timestamp?
    public var started: Timestamp?
    public var finished: Timestamp?
    /// In the manifest's order.
    public var stages: [StageStatus]
    /// What is wished for it, while it has not ended.
    public var priority = 0
    public var isHeld = false
    public var isCancelled = false
    /// It failed, and is to be tried again.
    public var isToBeRetried = false
    /// The whole spool is paused, and this job has not ended.
    public var isPaused = false
    /// Why it failed or was rejected.
    public var reason: String?
    /// The bundle's path, when it is there.
    public var bundle: String?
}

/// What one sees of a stage.
public struct StageStatus: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable {
        case waiting, running, done, failed
        /// Its runner ended; the next one goes on from the last checkpoint.
        case interrupted
    }

    public var name: String
    public var state: State
    /// 0…1.
    public var fraction: Double
    public var message: String
    /// Seconds to go, while it runs.
    public var eta: Double?
    /// What it has found so far, while it runs.
    public var table: ProgressFile.Table?
    /// What its newest attempt used, once that has ended.
    public var used: ResourceUse?
    /// The newest attempt's name, `<epoch>-<n>`.
    public var attempt: String?
    public var attempts: Int
}

/// A log of one attempt at a stage.
public struct StageLog: Sendable, Hashable {
    public var stage: String
    public var attempt: AttemptFolder
}
