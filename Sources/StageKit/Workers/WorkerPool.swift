public import Basics
public import Foundation
import Glibc
import Processes

/// Shares a stage's work out to processes of its own program: each task is a folder under the attempt's `workers/`.
///
/// Workers die with the stage. One that dies by itself is started once more on the same task, and after a second death once more
/// while no other works: two large tasks may want more memory than there is. What it had saved is not lost.
public final class WorkerPool {
    private let context: StageContext
    private let plugin: any WorkingPlugin
    private let limit: Int
    private let threads: Int
    private var started = 0
    private var running: [Running] = []
    /// What went wrong, and was mended by another try; in earlier attempts too, as far as checkpoints tell.
    public private(set) var troubles: [String]

    private final class Running {
        let index: Int
        let folder: URL
        /// For people.
        let title: String
        var child: ChildProcess
        /// Bytes of the events that were read.
        var read: UInt64 = 0
        /// Processes of it that died.
        var deaths = 0
        /// Whether it is to be tried again when nobody else is at work; and whether it is being.
        var waits = false
        var isAlone: Bool { deaths > 1 }

        init(index: Int, folder: URL, title: String, child: ChildProcess) {
            self.index = index
            self.folder = folder
            self.title = title
            self.child = child
        }
    }

    /// Seconds that workers have, when they are to stop, to save what they have reached; less than the stage has itself.
    private static let grace = 40.0

    /// - Parameters:
    ///   - count: workers at a time.
    ///   - threads: that each computes with.
    public init(_ plugin: any WorkingPlugin, count: Int, threads: Int, _ context: StageContext) {
        self.plugin = plugin
        self.limit = count
        self.threads = threads
        self.context = context
        let kept = context.checkpoint.resumeDirectory?.appending(path: Self.troublesName)
        troubles = kept.flatMap { try? JSON(parsing: Data(contentsOf: $0)).decode([String].self) } ?? []
    }

    private static let troublesName = "worker-troubles.json"

    /// Keeps the troubles in a checkpoint's folder.
    public func keepTroubles(in folder: URL) throws {
        guard !troubles.isEmpty else { return }
        try DurableFile.write(
            JSON.array(troubles.map { .string($0) }).prettyText, to: folder.appending(path: Self.troublesName))
    }

    /// Folders of the tasks at work, by the task's number.
    public var tasks: [(index: Int, folder: URL)] { running.map { ($0.index, $0.folder) } }

    /// How many of them have a process.
    package var working: Int { running.count { !$0.waits } }

    /// Does all tasks, so many at a time.
    ///
    /// - Parameters:
    ///   - prepare: fills a task's folder, when there is a worker for it; gives the task's title.
    ///   - event: told what a worker told; throws to stop.
    ///   - done: given the folder of a task's result, which is gone afterwards.
    ///   - interrupted: told that the workers have been stopped, with their states saved, and that `run` will throw.
    public func run(
        _ count: Int, prepare: (Int, URL) throws -> String, event: (Int, JSON) throws -> Void,
        done: (Int, URL) throws -> Void, interrupted: () throws -> Void = {}
    ) throws {
        var next = 0
        // What a failed one leaves is looked at.
        var tidy = false
        defer {
            // Ended with their process objects.
            running = []
            if tidy { try? FileManager.default.removeItem(at: context.attempt.appending(path: "workers")) }
        }
        do {
            while next < count || !running.isEmpty {
                while next < count, running.count < limit, !running.contains(where: \.isAlone), !context.isCancelled {
                    running.append(try start(next, prepare))
                    next += 1
                }
                if let worker = running.first, running.allSatisfy(\.waits) {
                    worker.child = try process(worker.folder)
                    worker.waits = false
                }
                let working = running.filter { !$0.waits }
                try ChildProcess.wait(any: working.map(\.child), seconds: 0.2)
                if context.isCancelled { break }
                for worker in working { try attend(worker, event, done) }
            }
        } catch {
            // Whoever was told something may have been asked to stop in the middle of it.
            if context.isCancelled { try? stop(done, interrupted) }
            throw error
        }
        if context.isCancelled {
            try stop(done, interrupted)
            tidy = true
            try context.checkCancelled()
        }
        tidy = true
    }

    /// Hears what a worker has told, and takes in what it came to when it has ended.
    private func attend(
        _ worker: Running, _ event: (Int, JSON) throws -> Void, _ done: (Int, URL) throws -> Void
    ) throws {
        let end = try worker.child.wait(seconds: 0)
        for line in try newEvents(of: worker) { try event(worker.index, line) }
        guard let end else { return }
        if try takeIn(worker, done) { return }
        try context.checkCancelled()
        try startAgain(worker, signal: end.signal)
    }

    /// Takes a result that is there, however its worker ended afterwards.
    private func takeIn(_ worker: Running, _ done: (Int, URL) throws -> Void) throws -> Bool {
        let result = worker.folder.appending(path: WorkerTask.resultName)
        guard FileManager.default.fileExists(atPath: result.path) else { return false }
        try done(worker.index, result)
        running.removeAll { $0 === worker }
        try? FileManager.default.removeItem(at: worker.folder)
        return true
    }

    /// Stops all workers, takes in what they have finished, and tells of the rest.
    private func stop(_ done: (Int, URL) throws -> Void, _ interrupted: () throws -> Void) throws {
        try stopWorkers()
        for worker in running { _ = try takeIn(worker, done) }
        try interrupted()
    }

    private func start(_ index: Int, _ prepare: (Int, URL) throws -> String) throws -> Running {
        started += 1
        let folder = context.attempt.appending(path: "workers/task-\(started)")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let title = try prepare(index, folder)
        let request = WorkerRequest(plugin: plugin.name, pluginVersion: plugin.version, threads: threads)
        try DurableFile.write(try JSON(encoding: request).prettyText, to: folder.appending(path: WorkerTask.request))
        return Running(index: index, folder: folder, title: title, child: try process(folder))
    }

    private func process(_ folder: URL) throws -> ChildProcess {
        let log = folder.appending(path: "log.txt")
        return try ChildProcess(
            context.program, ["work", folder.path], environment: ChildProcess.environment(threads: threads),
            directory: folder, output: log, error: log)
    }

    /// Another process for a task whose worker died; what would happen again is not tried again.
    private func startAgain(_ worker: Running, signal: Int?) throws {
        let file = worker.folder.appending(path: "failure.json")
        let told = try? JSON(parsing: Data(contentsOf: file)).decode(Failure.self)
        if let told, told.cause == .input || told.cause == .defect { throw told }
        var reason = told?.what ?? "its process ended without a word"
        if let signal {
            reason = "signal \(signal)" + (signal == Int(SIGKILL) ? ": killed, perhaps for want of memory" : "")
        }
        let trouble = "the worker of \(worker.title) died (\(reason))"
        let log = worker.folder.appending(path: "log.txt")
        worker.deaths += 1
        guard worker.deaths < 3 else {
            throw Failure(
                "\(trouble), and the two before it too", at: told?.place ?? log.path,
                remedy: told?.remedy
                    ?? "where memory is short, give the stage fewer workers; then run the job again: it goes on",
                cause: .system)
        }
        let next = worker.isAlone ? "it is tried once more when no other works" : "another one goes on"
        context.log("\(trouble); \(next). Its last words:")
        let words = (try? String(contentsOf: log, encoding: .utf8))?.split(separator: "\n").suffix(10) ?? []
        for line in words { context.log("  \(line)") }
        troubles.append("\(trouble); another one went on")
        try? FileManager.default.removeItem(at: file)
        if worker.isAlone { worker.waits = true } else { worker.child = try process(worker.folder) }
    }

    /// Asks all workers to save and stop, and waits for them.
    private func stopWorkers() throws {
        let working = running.filter { !$0.waits }
        for worker in working { worker.child.signalGroup(SIGTERM) }
        let begin = ContinuousClock.now
        for worker in working {
            let left = Self.grace - (ContinuousClock.now - begin) / .seconds(1)
            if try worker.child.wait(seconds: left) == nil { worker.child.signalGroup(SIGKILL) }
        }
    }

    /// Whole lines that a worker has told since the last look.
    private func newEvents(of worker: Running) throws -> [JSON] {
        let file = worker.folder.appending(path: WorkerTask.eventsName)
        guard let handle = try? FileHandle(forReadingFrom: file) else { return [] }
        defer { try? handle.close() }
        try handle.seek(toOffset: worker.read)
        let data = try handle.readToEnd() ?? Data()
        guard let end = data.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let whole = data[...end]
        worker.read += UInt64(whole.count)
        return whole.split(separator: UInt8(ascii: "\n")).compactMap { try? JSON(parsing: Data($0)) }
    }
}
