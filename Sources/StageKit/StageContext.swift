public import Basics
public import Foundation
import Glibc
import Manifest

/// All that a running stage sees of the world.
public struct StageContext: Sendable {
    /// The job's name, and the stage's in it.
    public let job: String
    public let stage: String
    /// The stage's own random numbers: the job's seed, split by the stage's name.
    public let seed: RandomStream
    /// Threads to compute with. Part of what determines the result's bits.
    public let threads: Int
    public let inputs: StageInputs
    public let output: StageOutput
    public let progress: StageProgress
    public let checkpoint: CheckpointFolder
    /// The attempt's folder; workers' tasks lie in its `workers/`.
    let attempt: URL
    /// The program that this process runs, for workers.
    let program: URL
    private let cancellation: Cancellation
    private let sink: @Sendable (String) -> Void

    /// A context whose files lie in `attempt`: `output/`, `checkpoint/`, `progress.json`. Tests make theirs in a scratch folder.
    public init(
        job: String = "job", stage: String, seed: UInt64 = 0, threads: Int = 1, inputs: [Artifact] = [], attempt: URL,
        resume: URL? = nil, cancellation: Cancellation = Cancellation(),
        // Not what its name stands for now: the very program that runs, though a new one was built meanwhile.
        program: URL = URL(filePath: "/proc/self/exe"),
        log: @escaping @Sendable (String) -> Void = StageContext.standardLog, watch: StageWatch? = nil
    ) throws {
        self.job = job
        self.stage = stage
        self.seed = RandomStream(seed: seed).stream(stage)
        self.threads = threads
        self.inputs = StageInputs(inputs)
        let folder = attempt.appending(path: "output")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw Failure(
                "cannot make the output folder", at: folder.path, remedy: "check permissions and free space",
                cause: .system)
        }
        output = StageOutput(directory: folder)
        progress = StageProgress(file: attempt.appending(path: "progress.json"), log: log, watch: watch)
        checkpoint = CheckpointFolder(directory: attempt.appending(path: "checkpoint"), resume: resume, watch: watch)
        self.cancellation = cancellation
        self.attempt = attempt
        self.program = program
        sink = log
    }

    /// A folder of the attempt's for what is needed while the stage and its workers run, not made yet.
    public func scratch(_ name: String) -> URL { attempt.appending(path: "scratch/\(name)") }

    /// Writes a line to the stage's log.
    public func log(_ line: String) { sink(line) }

    /// Whether the work is to stop. Save a checkpoint, then call `checkCancelled`.
    public var isCancelled: Bool { cancellation.isCancelled }

    public func checkCancelled() throws {
        if isCancelled {
            throw Failure("stopped on request", at: stage, remedy: "run it again to go on", cause: .cancelled)
        }
    }

    /// One `write(2)` a line to standard output, which is the attempt's log, with the time (UTC) in front.
    @Sendable public static func standardLog(_ line: String) {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let stamp = String(format: "%02d:%02d:%02d ", parts.tm_hour, parts.tm_min, parts.tm_sec)
        let bytes = Array((stamp + line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }
}
