import Basics
import CLinux
public import Foundation
import Glibc
public import Spool
import StageKit

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
    let fileArtifacts: FileArtifacts
    let stop: StopFlag
    var summary = RunnerSummary()
    private let program: URL
    private let reporter: any RunnerReporter
    private var watcher = InboxWatcher()
    private var lastLook = -Double.infinity
    /// What could not be taken from the inbox, by file name.
    var inboxTroubles: Troubles
    /// Jobs that could not go on, by id, though nothing is wrong with them that is known.
    var jobTroubles: Troubles
    /// Set while `run` runs.
    var lock: SchedulerLock?
    var lastBeat = -Double.infinity

    /// - Parameters:
    ///   - stageProgram: `jdnas-stage`; it also checks manifests.
    ///   - executor: where stages run; on this machine by default.
    ///   - stop: what asks the runner to stop; nothing by default.
    public init(
        spool: Spool, stageProgram: URL, options: RunnerOptions = RunnerOptions(),
        reporter: any RunnerReporter = SilentReporter(), executor: (any StageExecutor)? = nil, stop: StopFlag? = nil
    ) throws {
        self.spool = spool
        fileArtifacts = FileArtifacts(imports: spool.imports)
        self.options = options
        self.reporter = reporter
        self.executor = executor ?? LocalExecutor(program: stageProgram)
        self.stop = try stop ?? StopFlag()
        inboxTroubles = Troubles(pause: options.retry)
        jobTroubles = Troubles(pause: options.retry)
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
        try spool.forgetDrain()
        defer { try? spool.forgetDrain() }
        do { try loop() } catch let lost as LostLock { throw lost.failure }
        if stop.count > 0 {
            summary.stop = RunnerSummary.Stop(signal: stop.signal, early: options.drain)
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
                try heedRetries()
                if try step() {
                    troubles = 0
                    continue
                }
                if options.drain || spool.isToDrain, try isDrained() { return }
                troubles = 0
            } catch let failure as Failure {
                // The spool itself cannot be used. A server may come back; the spool is consistent at every moment.
                troubles += 1
                if troubles >= 5 { throw failure }
                report(.note("\(failure); trying again"))
            }
            try pause()
        }
    }

    private func liveTokens() throws -> [(folder: StateFolder, token: Token)] {
        var live: [(folder: StateFolder, token: Token)] = []
        for folder in [StateFolder.queued, .running] { live += try spool.tokens(in: folder).map { (folder, $0) } }
        let wishes = try spool.wishes()
        func priority(_ token: Token) -> Int { wishes[token.id]?.priority ?? 0 }
        return live.sorted { a, b in
            let (first, second) = (priority(a.token), priority(b.token))
            return first != second ? first > second : Token.isEarlier(a.token, b.token)
        }
    }

    /// Makes the next step of the first job that can go on; false when there is none. Trouble with one job holds up no other.
    private func step() throws -> Bool {
        for (folder, token) in try liveTokens() {
            let name = token.id.text
            guard jobTroubles.isDue(name, at: now), !isHeld(token) else { continue }
            do {
                let hasMoved = try step(token, in: folder)
                jobTroubles.settle(name)
                if hasMoved { return true }
            } catch let lost as LostLock {
                throw lost
            } catch {
                let failure = Failure(anything: error, at: name)
                if jobTroubles.note(failure, of: name, at: now).isNews { report(.note("\(name): \(failure)")) }
            }
        }
        return false
    }

    /// False if the job has to wait for another one.
    private func step(_ token: Token, in folder: StateFolder) throws -> Bool {
        switch try plan(token, in: folder) {
        case .wait: return false
        case .run(let job, let stage, let inputs):
            if spool.pauseWish != nil { return false }
            try run(stage, of: job, inputs: inputs, for: claim(token, in: folder))
        case .finish(let state):
            try verifyLock()
            try conclude(try spool.prepare(token, in: folder, for: state), in: folder)
        case .conclude: try conclude(token, in: folder)
        }
        return true
    }

    /// Whether a job is to wait. One whose verdict is written down has nothing to wait for, nor has one that is to end.
    private func isHeld(_ token: Token) -> Bool {
        let wishes = spool.wishes(for: token.id)
        return wishes.isHeld && !wishes.isCancelled && !token.state.folder.isFinal
    }

    private func claim(_ token: Token, in folder: StateFolder) throws -> Token {
        let owner = lock?.owner ?? .current
        if folder == .running, case .running(owner, _) = token.state { return token }
        try verifyLock()
        return try spool.claim(token, from: folder, for: owner)
    }

    /// Whether nothing is left that this run could do; what it could not do is left in the summary.
    private func isDrained() throws -> Bool {
        let live = try liveTokens()
        // What waits for a job in trouble waits in vain, too.
        let isPaused = spool.pauseWish != nil
        let held = live.map(\.token).filter { isPaused || isHeld($0) }.map(\.id.text)
        let isStuck = !(jobTroubles.names.isEmpty && held.isEmpty) && !jobTroubles.isHopeful
        guard live.isEmpty || isStuck else { return false }
        lastLook = -.infinity
        try intake()
        guard !watcher.isWaiting, !inboxTroubles.isHopeful, try liveTokens().count == live.count else { return false }
        let passedOver = inboxTroubles.names
        guard try spool.tokens(in: .inbox).allSatisfy({ passedOver.contains("\($0.id).json") }) else { return false }
        summary.left = live.map(\.token.id.text).filter { !held.contains($0) } + passedOver
        if !held.isEmpty { report(.note("\(isPaused ? "paused" : "held"): \(held.joined(separator: ", "))")) }
        if !summary.left.isEmpty { report(.note("left as they are: \(summary.left.joined(separator: ", "))")) }
        return true
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

    /// Seconds of a clock that only goes forward.
    var now: Double { ProcessInfo.processInfo.systemUptime }

    /// Looks into the inbox when it is time, and takes in or rejects what is there. Throws when it cannot be looked into.
    func intake() throws {
        guard now - lastLook >= min(options.poll, Runner.shortestLook) else { return }
        lastLook = now
        let items = try watcher.look(at: spool)
        inboxTroubles.keep(only: Set(items.map(\.name)))
        for item in items {
            try beat()
            try takeOrPassOver(item)
        }
    }
}
