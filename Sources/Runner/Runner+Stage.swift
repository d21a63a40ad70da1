import Basics
import Foundation
import Spool
import StageKit

extension Runner {
    /// One attempt at a stage, or the publication of what an earlier attempt had finished.
    func run(
        _ stage: ResolvedJob.Stage, of job: ResolvedJob, inputs: [StageRequest.Input], for token: Token
    ) throws {
        let earlier = try spool.attempts(of: token, stage.name)
        // Receipts first: the runner may have died between a stage's end and its publication.
        for attempt in earlier.reversed() where FileManager.default.fileExists(atPath: attempt.receipt.path) {
            if try publish(attempt) { return }
        }
        let threads = stage.threads ?? options.threads
        let key = StageRequest.key(stage: stage, seed: job.seed, inputs: inputs, threads: threads)
        // Before the stage reads them: files that change while it runs must not be taken for what it read.
        let cacheKey = try whileBeating { try StageRequest.cacheKey(key, of: stage, host: Owner.current.host) }
        let isAnew = token.retry?.anew[stage.name] != nil
        if options.useCache, !isAnew, let cacheKey, let cached = spool.remembered(cacheKey, key: key) {
            if try adopt(cached, inputs, for: token) {
                if let own = try? spool.publishedReceipt(token.id, stage.name) {
                    try? spool.remember(own, as: cacheKey)
                }
                return
            }
            try? spool.forget(cacheKey)
        }
        let attempt = try spool.newAttempt(token, stage: stage.name)
        var request = StageRequest(
            jobID: token.id.text, job: job.job, seed: job.seed, stage: stage, inputs: inputs, threads: threads,
            attempt: attempt.url.path)
        let resume = checkpoint(for: request, among: earlier)
        request.resume = resume?.path
        try spool.write(Data(try JSON(encoding: request).prettyText.utf8), to: attempt.request)

        let started = Timestamp.now
        report(
            .stageStarted(
                token.id, stage: stage.name, plugin: stage.plugin, attempt: attempt.number, resumed: resume != nil))
        let execution = try executor.start(attempt, threads: request.threads)
        let (end, why) = try watch(execution, attempt)
        var outcome = StageVerdict.outcome(end, of: attempt, started: started, why: why)
        if outcome.result == .done, try !publish(attempt) {
            outcome.result = .failed
            outcome.reason = "the stage ended without a receipt that fits its results"
        }
        try spool.record(outcome, of: attempt)
        // A hint for later jobs: without it they do the work again.
        if outcome.result == .done, let cacheKey, let own = try? spool.publishedReceipt(token.id, stage.name) {
            try? spool.remember(own, as: cacheKey)
        }
        guard outcome.result == .failed || outcome.result == .input else { return }
        let failures = try spool.countedOutcomes(token, stage.name).count { $0.result == .failed }
        let again = outcome.result == .failed && failures < options.maxAttempts
        report(.stageFailed(token.id, stage: stage.name, reason: outcome.reason, again: again))
    }

    /// The newest checkpoint of an earlier attempt that was asked for the same result. What another number of threads or
    /// other inputs have begun would go on to bits that neither of the two gives.
    private func checkpoint(for request: StageRequest, among earlier: [AttemptFolder]) -> URL? {
        let same = earlier.filter { (try? StageRequest.read($0.request))?.key == request.key }
        if let newest = CheckpointFolder.newest(ofAttempts: same.map(\.url)) { return newest }
        if CheckpointFolder.newest(ofAttempts: earlier.map(\.url)) != nil {
            report(
                .note(
                    "\(request.jobID): \(request.stage) starts anew: its checkpoints are of an attempt with other threads, "
                        + "inputs or options"))
        }
        return nil
    }

    /// Waits for a stage's end; meanwhile shows its progress, takes in jobs, passes on a request to stop, and ends a stage
    /// that shows no sign of life.
    private func watch(_ execution: any StageExecution, _ attempt: AttemptFolder) throws -> (StageEnd, EndedBy) {
        var shown: ProgressFile?
        var pulse = Pulse(of: attempt, at: now)
        var why = EndedBy.itself
        var deadline: Double?
        var killed = false
        while true {
            // Once asked to stop the descriptor stays readable: then look again after a moment instead.
            let wakeUp = stop.count == 0 ? stop.descriptor : nil
            if let end = try execution.wait(seconds: wakeUp == nil ? 0.05 : 0.25, wakeUp: wakeUp) { return (end, why) }
            if stop.count > 0, why == .itself {
                report(.stopping)
                execution.terminate()
                why = .runner
                deadline = now + options.grace
            } else if why == .itself, let wish = wish(for: attempt.job) {
                report(.note("\(attempt.job): \(wish), and its stage is stopped"))
                execution.terminate()
                why = .wish(wish)
                deadline = now + options.grace
            } else if why == .itself, pulse.silence(at: now) > options.stallLimit {
                execution.terminate()
                why = .silence(seconds: options.stallLimit)
                deadline = now + options.grace
            }
            if let deadline, !killed, stop.count > 1 || now > deadline {
                execution.kill()
                killed = true
            }
            if let progress = ProgressFile(reading: attempt.progress), progress != shown {
                shown = progress
                report(.stageProgress(attempt.job, stage: attempt.stage, progress))
            }
            do { try beat() } catch {
                // The spool is another runner's now: this stage must not go on.
                execution.kill()
                while try execution.wait(seconds: 1, wakeUp: nil) == nil {}
                throw error
            }
            if why == .itself { try intakeQuietly() }
        }
    }

    /// An inbox that cannot be looked into must not end a stage.
    private func intakeQuietly() throws {
        do { try intake() } catch let failure as Failure {
            if inboxTroubles.note(failure, of: "inbox", at: now).isNews { report(.note("\(failure)")) }
        }
    }

    /// Publishes an earlier result as this job's; false if it does not hold any more, or cannot be taken over: then the stage
    /// is run.
    private func adopt(_ earlier: Receipt, _ inputs: [StageRequest.Input], for token: Token) throws -> Bool {
        let attempt = try spool.newAttempt(token, stage: earlier.stage)
        let started = Timestamp.now
        let named = inputs.map { Receipt.Input(reference: $0.reference, digest: $0.digest) }
        var trouble: String?
        do { try whileBeating { try spool.adopt(earlier, as: attempt, inputs: named) } } catch let failure as Failure {
            // Half a copy is of no use, and the stage may need the room.
            try? spool.clear(attempt)
            trouble = failure.what
        }
        // What fails from here on is a publication's failure like any other: the attempt is whole, and is published later.
        if trouble == nil, try !publish(attempt, isCached: true) { trouble = "it has changed" }
        try spool.record(
            AttemptOutcome(
                result: trouble == nil ? .done : .cancelled,
                reason: "taken from \(earlier.attempt)" + (trouble.map { ": \($0)" } ?? ""), started: started),
            of: attempt)
        if let trouble {
            report(.note("\(token.id): \(earlier.stage) runs, though there is an earlier result: \(trouble)"))
        } else {
            report(.stageCached(token.id, stage: earlier.stage, source: earlier.attempt))
        }
        return trouble == nil
    }

    /// Publishes what an attempt left; false, with the receipt set aside, if it does not hold.
    private func publish(_ attempt: AttemptFolder, isCached: Bool = false) throws -> Bool {
        do {
            _ = try whileBeating { try spool.publishReceipt(of: attempt, confirm: verifyLock) }
        } catch let failure as Failure where failure.cause == .defect {
            try spool.setAsideReceipt(of: attempt, because: failure.description)
            report(.note("\(attempt.job): \(attempt.stage): \(failure.what)"))
            return false
        }
        if isCached { return true }
        let made = FileStatus(attempt.receipt)?.modified ?? 0
        let began = FileStatus(attempt.request)?.modified ?? made
        report(.stageDone(attempt.job, stage: attempt.stage, seconds: made - began))
        return true
    }
}

/// What made a stage's process end.
enum EndedBy: Equatable {
    case itself
    /// The runner was stopped.
    case runner
    /// A user wants the job to end, or to wait.
    case wish(String)
    /// It hung: neither its log nor its progress changed.
    case silence(seconds: Double)
}

/// When a stage last showed that it lives: by its log or its progress.
private struct Pulse {
    private let attempt: AttemptFolder
    private var seen: [FileStatus?]
    private var last: Double

    init(of attempt: AttemptFolder, at now: Double) {
        self.attempt = attempt
        seen = Pulse.look(attempt)
        last = now
    }

    /// Seconds without a change.
    mutating func silence(at now: Double) -> Double {
        let found = Pulse.look(attempt)
        if found != seen {
            seen = found
            last = now
        }
        return now - last
    }

    private static func look(_ attempt: AttemptFolder) -> [FileStatus?] {
        [FileStatus(attempt.log), FileStatus(attempt.progress)]
    }
}
