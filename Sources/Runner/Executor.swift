public import Spool

/// How a stage's process ended.
public struct StageEnd: Sendable, Hashable {
    /// Nil if a signal ended it.
    public var exitCode: Int?
    public var signal: Int?
    public var userSeconds: Double
    public var systemSeconds: Double
    public var peakBytes: Int

    public init(
        exitCode: Int?, signal: Int? = nil, userSeconds: Double = 0, systemSeconds: Double = 0, peakBytes: Int = 0
    ) {
        self.exitCode = exitCode
        self.signal = signal
        self.userSeconds = userSeconds
        self.systemSeconds = systemSeconds
        self.peakBytes = peakBytes
    }
}

/// Where stages run: on this machine (`LocalExecutor`), or under a batch system.
public protocol StageExecutor {
    /// Starts the stage that the attempt's `request.json` describes.
    func start(_ attempt: AttemptFolder, threads: Int) throws -> any StageExecution
}

/// A stage that was started.
public protocol StageExecution: AnyObject {
    /// Waits until it ends or the descriptor `wakeUp` becomes readable, `seconds` at most.
    func wait(seconds: Double, wakeUp: Int32?) throws -> StageEnd?
    /// Asks it to save a checkpoint and end.
    func terminate()
    /// Ends it.
    func kill()
}
