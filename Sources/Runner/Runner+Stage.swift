import Basics
import Foundation
import Spool
import StageKit

extension Runner {
    /// One attempt at a stage, or the publication of what an earlier attempt had finished.
    func run(
        _ stage: ResolvedJob.Stage, of job: ResolvedJob, inputs: [StageRequest.Input], for token: Token
    ) throws {
        let earlier = try spool.attempts(token.id, stage.name)
        // Receipts first: the runner may have died between a stage's end and its publication.
        for attempt in earlier.reversed() where FileManager.default.fileExists(atPath: attempt.receipt.path) {
            if try publish(attempt) { return }
        }
        let attempt = try spool.newAttempt(token, stage: stage.name)
        let resume = CheckpointFolder.newest(ofAttempts: earlier.map(\.url))
        let request = StageRequest(
            jobID: token.id.text, job: job.job, seed: job.seed, stage: stage, inputs: inputs,
            threads: stage.threads ?? options.threads, attempt: attempt.url.path, resume: resume?.path)
        try spool.write(Data(try JSON(encoding: request).prettyText.utf8), to: attempt.request)

        let started = Timestamp.now
        report(
            .stageStarted(
                token.id, stage: stage.name, plugin: stage.plugin, attempt: attempt.number, resumed: resume != nil))
        let execution = try executor.start(attempt, threads: request.threads)
        let (end, asked) = try watch(execution, attempt)
        var outcome = StageVerdict.outcome(end, of: attempt, started: started, asked: asked)
        if outcome.result == .done, try !publish(attempt) {
            outcome.result = .failed
            outcome.reason = "the stage ended without a receipt that fits its results"
        }
        try spool.record(outcome, of: attempt)
        guard outcome.result == .failed || outcome.result == .input else { return }
        let failures = earlier.compactMap { spool.outcome(of: $0) }.filter { $0.result == .failed }.count + 1
        let again = outcome.result == .failed && failures < options.maxAttempts
        report(.stageFailed(token.id, stage: stage.name, reason: outcome.reason, again: again))
    }

    /// Waits for a stage's end; meanwhile shows its progress, takes in jobs, and passes on a request to stop.
    private func watch(_ execution: any StageExecution, _ attempt: AttemptFolder) throws -> (StageEnd, asked: Bool) {
        var shown: ProgressFile?
        var deadline: Double?
        var killed = false
        while true {
            // Once asked to stop the descriptor stays readable: then look again after a moment instead.
            let wakeUp = deadline == nil ? stop.descriptor : nil
            if let end = try execution.wait(seconds: wakeUp == nil ? 0.05 : 0.25, wakeUp: wakeUp) {
                return (end, deadline != nil)
            }
            let now = ProcessInfo.processInfo.systemUptime
            if let deadline, !killed, stop.count > 1 || now > deadline {
                execution.kill()
                killed = true
            } else if deadline == nil, stop.count > 0 {
                report(.stopping)
                execution.terminate()
                deadline = now + options.grace
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
            if deadline == nil { try? intakeQuietly() }
        }
    }

    /// Trouble in the inbox must not end a stage.
    private func intakeQuietly() throws {
        do { try intake() } catch let failure as Failure { report(.note("\(failure)")) }
    }

    /// Publishes what an attempt left; false, with the receipt set aside, if it does not hold.
    private func publish(_ attempt: AttemptFolder) throws -> Bool {
        do { _ = try spool.publishReceipt(of: attempt) } catch let failure as Failure where failure.cause == .defect {
            try spool.setAsideReceipt(of: attempt, because: failure.description)
            report(.note("\(attempt.job): \(attempt.stage): \(failure.what)"))
            return false
        }
        let made = FileStatus(attempt.receipt)?.modified ?? 0
        let began = FileStatus(attempt.request)?.modified ?? made
        report(.stageDone(attempt.job, stage: attempt.stage, seconds: made - began))
        return true
    }
}
