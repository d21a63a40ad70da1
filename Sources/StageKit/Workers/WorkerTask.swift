public import Basics
public import Foundation
import Glibc

/// A stage whose work can be shared out: the stage's process fills a folder for each task, `work` does it in another process.
public protocol WorkingPlugin: StagePlugin {
    /// Does a task; throws `Failure`.
    func work(_ task: WorkerTask) throws
}

/// A part of a stage's work, as the worker's process sees it. Its folder holds what the stage put there, and
///
/// - `events.jsonl`: what the worker tells, a line of JSON each;
/// - `checkpoint/`: its saved states;
/// - `result/`: what it came to, whole once it is there;
/// - `log.txt`, and `failure.json` where it ended with an error.
public final class WorkerTask {
    public let folder: URL
    /// Threads to compute with.
    public let threads: Int
    /// Its own states: a worker that takes the place of one that died goes on from the newest.
    public let checkpoint: CheckpointFolder
    private let cancellation: Cancellation
    private let events: Int32

    static let request = "task.json"
    static let eventsName = "events.jsonl"
    static let resultName = "result"

    init(folder: URL, threads: Int, cancellation: Cancellation) throws {
        self.folder = folder
        self.threads = threads
        self.cancellation = cancellation
        checkpoint = CheckpointFolder(directory: folder.appending(path: "checkpoint"), resume: nil)
        let file = folder.appending(path: Self.eventsName)
        events = open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard events >= 0 else { throw Failure.system("open", at: file.path, errno: errno) }
    }

    deinit { close(events) }

    /// Tells the stage something: one `write(2)` a line.
    public func tell(_ event: JSON) {
        let bytes = Array((event.canonicalText + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(events, $0.baseAddress, $0.count) }
    }

    public func log(_ line: String) { StageContext.standardLog(line) }

    /// Whether the work is to stop. Save a checkpoint, then call `checkCancelled`.
    public var isCancelled: Bool { cancellation.isCancelled }

    public func checkCancelled() throws {
        if isCancelled { throw Failure("stopped on request", at: folder.path, cause: .cancelled) }
    }

    /// Hands in what the task came to: `write` fills the folder.
    public func finish(_ write: (URL) throws -> Void) throws {
        let temporary = folder.appending(path: ".result.tmp")
        try? FileManager.default.removeItem(at: temporary)
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
        try write(temporary)
        let final = folder.appending(path: Self.resultName)
        // Of one that died before it could end.
        try? FileManager.default.removeItem(at: final)
        guard rename(temporary.path, final.path) == 0 else {
            throw Failure.system("rename", at: final.path, errno: errno)
        }
    }
}

/// What a task's folder says to the worker's process.
struct WorkerRequest: Codable {
    static let current = "jdnas-task/1"
    var format = WorkerRequest.current
    var plugin: String
    var pluginVersion: Int
    var threads: Int
}

/// A worker's process: what `jdnas-stage work FOLDER` does. It exits as a stage does.
public enum WorkerProcess {
    public static func run(_ folder: URL, catalog: StageCatalog) -> Int32 {
        Cancellation.installSignalHandler()
        // proc(5): where memory is out, the kernel ends a worker, which costs one more try of a task, rather than the stage.
        try? Data("500".utf8).write(to: URL(filePath: "/proc/self/oom_score_adj"))
        do {
            let file = folder.appending(path: WorkerTask.request)
            guard let data = try? Data(contentsOf: file) else {
                throw Failure(
                    "cannot read the task", at: file.path, remedy: "workers are started by their stage", cause: .system)
            }
            let request = try JSON(parsing: data, at: file.path).decode(WorkerRequest.self, at: file.path)
            guard request.format == WorkerRequest.current,
                let plugin = catalog.plugin(named: request.plugin) as? any WorkingPlugin,
                plugin.version == request.pluginVersion
            else {
                throw Failure(
                    "no such work is known here: '\(request.plugin)', version \(request.pluginVersion)", at: file.path,
                    remedy: "use jdnas and jdnas-stage of one build", cause: .defect)
            }
            try plugin.work(WorkerTask(folder: folder, threads: request.threads, cancellation: .process))
            return StageProcess.Exit.done
        } catch {
            return StageProcess.end(with: error, in: folder)
        }
    }
}
