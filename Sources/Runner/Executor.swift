public import Spool

/// How a stage's process ended.
public struct StageEnd: Sendable, Hashable {
    /// Nil if a signal ended it.
    public var exitCode: Int?
    public var signal: Int?
    public var userSeconds: Double
    public var systemSeconds: Double
    public var peakBytes: Int
    /// Whether the machine had too little memory and ended it.
    public var wasOutOfMemory: Bool

    public init(
        exitCode: Int?, signal: Int? = nil, userSeconds: Double = 0, systemSeconds: Double = 0, peakBytes: Int = 0,
        wasOutOfMemory: Bool = false
    ) {
        self.exitCode = exitCode
        self.signal = signal
        self.userSeconds = userSeconds
        self.systemSeconds = systemSeconds
        self.peakBytes = peakBytes
        self.wasOutOfMemory = wasOutOfMemory
    }
}

/// Where stages run: on this machine (`LocalExecutor`), or under a batch system.
public protocol StageExecutor {
    /// Starts the stage that the attempt's `request.json` describes.
    func start(_ attempt: AttemptFolder, threads: Int) throws -> any StageExecution
}

/// A stage that was started.
public protocol StageExecution: AnyObject {
    /// How it ended; nil while it runs.
    func ended() throws -> StageEnd?
    /// A descriptor that becomes readable when it ends; nil where there is none and it has to be asked.
    var descriptor: Int32? { get }
    /// Bytes that all of its processes hold in memory; nil where that is not known.
    func memory() -> Int?
    /// Asks it to save a checkpoint and end.
    func terminate()
    /// Ends it.
    func kill()
}
