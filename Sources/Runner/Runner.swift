import Basics
import CLinux
public import Foundation
import Glibc
public import Spool

/// Takes jobs from a spool and runs their stages, one after the other: `jdnas run`.
///
/// Everything it knows lies in the spool, so it can be killed at any moment; the next one recovers (`Spool.recover`),
/// claims what was running with a new epoch, and goes on from the stages' receipts and checkpoints. `run` must be called
/// on a thread that lives until it returns: the stages die with that thread.
public final class Runner {
    let spool: Spool
    let options: RunnerOptions
    let executor: any StageExecutor
    let checker: ManifestChecker
    let stop: StopFlag
    var summary = RunnerSummary()
    private let program: URL
    private let reporter: any RunnerReporter
    private var watcher = InboxWatcher()
    private var lastLook = -Double.infinity
    private var lastBeat = -Double.infinity
    private var lock: SchedulerLock?

    /// - Parameters:
    ///   - stageProgram: `jdnas-stage`; it also checks manifests.
    ///   - executor: where stages run; on this machine by default.
    ///   - stop: what asks the runner to stop; nothing by default.
    public init(
        spool: Spool, stageProgram: URL, options: RunnerOptions = RunnerOptions(),
        reporter: any RunnerReporter = SilentReporter(), executor: (any StageExecutor)? = nil, stop: StopFlag? = nil
    ) throws {
        self.spool = spool
        self.options = options
        self.reporter = reporter
        self.executor = executor ?? LocalExecutor(program: stageProgram)
        self.stop = try stop ?? StopFlag()
        program = stageProgram
        checker = ManifestChecker(program: stageProgram, spool: spool)
    }

    /// Works until nothing is left (`drain`), or until it is asked to stop. Throws when the spool is another runner's, or
    /// can't be written to.
    public func run() throws -> RunnerSummary {
        guard access(program.path, X_OK) == 0 else {
            throw Failure(
                "the stage program is not there, or cannot be executed", at: program.path,
                remedy: "install jdnas-stage beside jdnas, or set JDNAS_STAGE", cause: .system)
        }
        let lock = try SchedulerLock.acquire(spool, takeOver: options.takeOver)
        self.lock = lock
        defer { lock.release() }
        report(.started(spool: spool.root, owner: lock.owner))
        for note in try spool.recover() { report(.note(note)) }
        try loop()
        if stop.count > 0 {
            summary.stopped = true
            report(.stopped)
        }
        return summary
    }

    private func loop() throws {
        var troubles = 0
        while stop.count == 0 {
            try beat()
            do {
                try intake()
                if try step() {
                    troubles = 0
                    continue
                }
                if options.drain, try isDrained() { return }
                troubles = 0
            } catch let failure as Failure {
                // A full disk may be emptied, a server may come back. The spool is consistent at every moment.
                troubles += 1
                if troubles >= 5 { throw failure }
                report(.note("\(failure); trying again"))
            }
            try pause()
        }
    }

    /// Makes the next step of the first job that can go on; false when there is none.
    private func step() throws -> Bool {
        var live: [(StateFolder, Token)] = []
        for folder in [StateFolder.queued, .running] { live += try spool.tokens(in: folder).map { (folder, $0) } }
        for (folder, token) in live.sorted(by: { Token.isEarlier($0.1, $1.1) }) {
            switch try plan(token, in: folder) {
            case .wait: continue
            case .run(let job, let stage, let inputs):
                try run(stage, of: job, inputs: inputs, for: claim(token, in: folder))
            case .finish(let state):
                try conclude(try spool.prepare(token, in: folder, for: state), in: folder)
            case .conclude: try conclude(token, in: folder)
            }
            return true
        }
        return false
    }

    private func claim(_ token: Token, in folder: StateFolder) throws -> Token {
        let owner = lock?.owner ?? .current
        if folder == .running, case .running(owner, _) = token.state { return token }
        return try spool.claim(token, from: folder, for: owner)
    }

    private func isDrained() throws -> Bool {
        for folder in [StateFolder.queued, .running] where try !spool.tokens(in: folder).isEmpty { return false }
        lastLook = -.infinity
        try intake()
        return try !watcher.isWaiting && spool.tokens(in: .queued).isEmpty && spool.tokens(in: .inbox).isEmpty
    }

    private func pause() throws {
        let seconds = watcher.isWaiting ? min(options.poll, Runner.shortestLook) : options.poll
        var ready: Int32 = -1
        let code = withUnsafePointer(to: stop.descriptor) { jd_poll($0, 1, Int32(seconds * 1000), &ready) }
        if code != 0 { throw Failure.system("poll", at: spool.root.path, errno: code) }
    }

    /// Seconds between two looks at a file that has just appeared.
    private static let shortestLook = 0.3

    // MARK: What also goes on while a stage runs

    func report(_ event: RunnerEvent) { reporter.report(event) }

    /// Shows every few seconds that this runner lives; throws when another one has taken the spool over.
    func beat() throws {
        let now = ProcessInfo.processInfo.systemUptime
        guard now - lastBeat >= 5 else { return }
        try lock?.beat()
        lastBeat = now
    }

    /// Looks into the inbox when it is time, and takes in or rejects what is there.
    func intake() throws {
        let now = ProcessInfo.processInfo.systemUptime
        guard now - lastLook >= min(options.poll, Runner.shortestLook) else { return }
        lastLook = now
        for item in try watcher.look(at: spool) { try take(item) }
    }
}
