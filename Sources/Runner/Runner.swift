import Basics
import CLinux
public import Foundation
import Glibc
public import Spool
import StageKit
import StatusPage

/// Takes jobs from a spool and runs their stages, as many at a time as there is room for: `jdnas run`.
///
/// Everything it knows lies in the spool, so it can be killed at any moment; the next one recovers (`Spool.recover`),
/// claims what was running with a new epoch, and goes on from the stages' receipts and checkpoints. `run` must be called
/// on a thread that lives until it returns: the stages die with that thread.
public final class Runner {
    let spool: Spool
    /// What holds now; `base` is what holds where the configuration and the command line say nothing.
    var options: RunnerOptions
    let base: RunnerOptions
    let configuration: RunnerConfiguration?
    let executor: any StageExecutor
    let checker: ManifestChecker
    let fileArtifacts: FileArtifacts
    let stop: StopFlag
    var summary = RunnerSummary()
    private let program: URL
    private let reporter: any RunnerReporter
    let statusPage: StatusPageWriter
    var watcher = InboxWatcher()
    /// What was found in the inbox and is not looked into yet.
    var pending: [InboxItem] = []
    /// What of it is being checked; one at a time, as a job may name one that was handed in before it.
    var intakeCheck: IntakeCheck?
    /// Whether something was taken in and the jobs were not looked at since.
    var hasTakenIn = false
    /// Since when what came together is taken in, for a while at a time (`RunnerOptions.gathering`).
    var batchBegun = -Double.infinity
    /// Checks of accepted jobs of which the record was damaged.
    var rechecks: [JobID: ManifestCheck] = [:]
    var keys = KeyIndex()
    private var bell: Bell?
    var lastLook = -Double.infinity
    /// The stages that run.
    var active: [ActiveStage] = []
    var agenda = Agenda()
    let notifier: Notifier
    /// What could not be taken from the inbox, by file name.
    var inboxTroubles: Troubles
    /// Jobs that could not go on, by id, though nothing is wrong with them that is known.
    var jobTroubles: Troubles
    /// Why the spool itself could not be used.
    private var spoolTroubles: Troubles
    private var hasToldStop = false
    /// Set while `run` runs.
    var lock: SchedulerLock?
    var lastBeat = -Double.infinity

    /// - Parameters:
    ///   - stageProgram: `jdnas-stage`; it also checks manifests.
    ///   - executor: where stages run; on this machine by default.
    ///   - stop: what asks the runner to stop; nothing by default.
    ///   - configuration: a file whose settings hold in place of the options; what is wrong with it is thrown.
    public init(
        spool: Spool, stageProgram: URL, options: RunnerOptions = RunnerOptions(),
        reporter: any RunnerReporter = SilentReporter(), executor: (any StageExecutor)? = nil, stop: StopFlag? = nil,
        configuration: RunnerConfiguration? = nil
    ) throws {
        self.spool = spool
        statusPage = StatusPageWriter(spool)
        fileArtifacts = FileArtifacts(imports: spool.imports)
        self.options = try configuration?.options(over: options) ?? options
        base = options
        self.configuration = configuration
        self.reporter = reporter
        self.executor = executor ?? LocalExecutor(program: stageProgram)
        self.stop = try stop ?? StopFlag()
        inboxTroubles = Troubles(pause: options.retry)
        jobTroubles = Troubles(pause: options.retry)
        spoolTroubles = Troubles(pause: options.retry)
        program = stageProgram
        checker = ManifestChecker(program: stageProgram, spool: spool, limit: options.checkLimit)
        notifier = Notifier(spool: spool, limit: options.noticeLimit)
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
        // Not in a spool that is another runner's by now.
        defer { if (try? verifyLock()) != nil { statusPage.finish() } }
        report(.started(spool: spool.root, owner: lock.owner))
        for note in try spool.recover() { report(.note(note)) }
        bell = Bell(spool)
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
        defer {
            abandon()
            dropChecks()
        }
        var troubles = 0
        while true {
            try beat()
            if stop.count > 0, !hasToldStop {
                hasToldStop = true
                if !active.isEmpty { report(.stopping) }
            }
            do {
                if stop.count == 0 {
                    heedReload()
                    try intake()
                    attendRechecks()
                } else {
                    dropChecks()
                }
                try attend()
                notifier.attend { report(.note($0)) }
                if stop.count == 0, !isTakingIn {
                    if try advance() {
                        troubles = 0
                        spoolTroubles.settle("spool")
                        continue
                    }
                    // All that could be done is done: the next while is for taking in.
                    batchBegun = now
                }
                if stop.count > 0, active.isEmpty { return }
                let isToEnd = options.drain || spool.isToDrain
                if isToEnd, active.isEmpty, notifier.isIdle, try isDrained() { return }
                troubles = 0
                spoolTroubles.settle("spool")
            } catch let failure as Failure {
                // The spool itself cannot be used. A server may come back; the spool is consistent at every moment.
                troubles += 1
                if troubles >= 5, active.isEmpty { throw failure }
                if spoolTroubles.note(failure, of: "spool", at: now).isNews {
                    report(.note("\(failure); trying again"))
                }
            }
            try pause()
        }
    }

    /// Ends the checks that go on; what they are of stays where it is.
    private func dropChecks() {
        intakeCheck = nil
        rechecks = [:]
    }

    /// Whether nothing is left that this run could do; what it could not do is left in the summary.
    private func isDrained() throws -> Bool {
        guard intakeCheck == nil, pending.isEmpty else { return false }
        let live = try liveTokens(spool.wishes()).map(\.token)
        // What waits for a job in trouble waits in vain, too.
        let isPaused = spool.pauseWish != nil
        let held = live.filter { isPaused || isHeld($0) }.map(\.id.text)
        var times: [String] = []
        for (id, reason) in agenda.waiting {
            switch reason {
            case .retry where !isPaused: return false
            case .check: return false
            case .time(let text): times.append("\(id) (\(text))")
            case .others, .retry: continue
            }
        }
        let isInVain = !(jobTroubles.names.isEmpty && inboxTroubles.names.isEmpty && held.isEmpty && times.isEmpty)
        let isStuck = isInVain && !jobTroubles.isHopeful
        guard live.isEmpty || isStuck else { return false }
        lastLook = -.infinity
        try intake()
        guard intakeCheck == nil, pending.isEmpty, !watcher.isWaiting, !inboxTroubles.isHopeful,
            try liveTokens(spool.wishes()).count == live.count
        else {
            return false
        }
        let passedOver = inboxTroubles.names
        guard try spool.tokens(in: .inbox).allSatisfy({ passedOver.contains("\($0.id).json") }) else { return false }
        let later = Set(
            agenda.waiting.filter { if case .time = $0.value { true } else { false } }.map(\.key.text) + held)
        summary.left = live.map(\.id.text).filter { !later.contains($0) } + passedOver
        if !held.isEmpty { report(.note("\(isPaused ? "paused" : "held"): \(held.joined(separator: ", "))")) }
        if !times.isEmpty { report(.note("for later: \(times.sorted().joined(separator: ", "))")) }
        if !summary.left.isEmpty { report(.note("left as they are: \(summary.left.joined(separator: ", "))")) }
        return true
    }

    private func pause() throws {
        var seconds = active.isEmpty && notifier.isIdle ? options.poll : min(options.poll, 0.25)
        seconds = min(seconds, options.heartbeat)
        if !pending.isEmpty, intakeCheck == nil { seconds = 0 }
        if watcher.isWaiting { seconds = min(seconds, Runner.shortestLook) }
        // Once asked to stop the descriptor stays readable: then look again after a moment instead.
        let isStopping = stop.count > 0
        if isStopping { seconds = 0.05 }
        let checks = (intakeCheck.map { [$0.check] } ?? []) + rechecks.values
        let descriptors =
            (isStopping ? [] : [stop.descriptor] + (configuration.map { [$0.reload.descriptor] } ?? []))
            + checks.compactMap(\.descriptor)
            + active.compactMap(\.execution.descriptor)
        let bells = isStopping ? [] : [bell].compactMap { $0?.descriptor }
        // More than that are looked at in a quarter of a second anyway.
        let watched = Array((bells + descriptors).prefix(1000))
        var ready: Int32 = -1
        let code = jd_poll(watched, Int32(watched.count), Int32(seconds * 1000), &ready)
        if code != 0 { throw Failure.system("poll", at: spool.root.path, errno: code) }
        guard ready == 0, !bells.isEmpty, let news = bell?.read() else { return }
        if news.hasWishes { agenda.isStale = true }
        if news.hasDrops {
            watcher.note(finished: news.finished)
            lastLook = -.infinity
        }
    }

    /// Seconds between two looks at a file that has just appeared.
    static let shortestLook = 0.3

    // MARK: What also goes on while a stage runs

    func report(_ event: RunnerEvent) {
        reporter.report(event)
        if case .stageProgress = event { return }
        if case .note(let text) = event { statusPage.note(text) }
        refreshStatusPage(isNews: true)
    }

    /// Nothing more than a note comes of a page that cannot be written.
    func refreshStatusPage(isNews: Bool = false) {
        statusPage.refresh(isNews: isNews)
        if let failure = statusPage.takeFailure() {
            let text = "the status page is not current: \(failure)"
            reporter.report(.note(text))
            statusPage.note(text)
        }
    }

    /// The time of day, for records; it may jump.
    var moment: Timestamp { Timestamp(options.clock()) }

    /// Seconds of a clock that only goes forward.
    var now: Double { ProcessInfo.processInfo.systemUptime }
}
