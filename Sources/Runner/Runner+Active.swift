import Basics
import Foundation
import Manifest
import Spool
import StageKit

extension Runner {
    /// Looks after the stages that run: shows their progress, passes on what users want, ends those that hang or take too
    /// much, and publishes what those leave that have ended.
    func attend() throws {
        for one in active {
            if let end = try one.execution.ended() {
                active.removeAll { $0 === one }
                agenda.isStale = true
                // What comes next does not wait until more is taken in.
                batchBegun = -.infinity
                try settle(one, end)
                continue
            }
            ask(one)
            one.enforce()
            if let progress = ProgressFile(reading: one.attempt.progress), progress != one.shown {
                one.shown = progress
                report(.stageProgress(one.attempt.job, stage: one.attempt.stage, progress))
            }
        }
    }

    /// Asks a stage to end where something speaks for it.
    private func ask(_ one: ActiveStage) {
        if stop.count > 1 { one.kill(.runner) }
        guard one.endedBy == .itself else { return }
        if stop.count > 0 {
            one.stop(.runner, grace: options.grace)
        } else if let wish = wish(for: one) {
            report(.note("\(one.attempt.job): \(wish), and its stage \(one.attempt.stage) is stopped"))
            one.stop(.wish(wish), grace: options.grace)
        } else if one.isOverTime {
            one.stop(.time(seconds: one.stage.rules?.timeout ?? 0), grace: options.grace)
        } else if one.silence() > options.stallLimit {
            one.stop(.silence(seconds: options.stallLimit), grace: options.grace)
        } else if let used = one.excess(), let limit = one.stage.rules?.resources.memory {
            // It would go on growing while it saves its state.
            one.kill(.memory(limit: limit, used: used))
        }
    }

    /// What a running stage is in the way of.
    private func wish(for one: ActiveStage) -> String? {
        if let wish = wish(for: one.attempt.job) { return wish }
        guard let window = one.window, !window.contains(options.clock()) else { return nil }
        return "outside its window \(window)"
    }

    /// Writes down how a stage ended, and publishes its result. Trouble with that is the job's alone.
    private func settle(_ one: ActiveStage, _ end: StageEnd) throws {
        do { try finish(one, end) } catch let lost as LostLock {
            throw lost
        } catch {
            let failure = Failure(anything: error, at: one.attempt.job.text)
            if jobTroubles.note(failure, of: one.attempt.job.text, at: now).isNews {
                report(.note("\(one.attempt.job): \(failure)"))
            }
        }
    }

    private func finish(_ one: ActiveStage, _ end: StageEnd) throws {
        let (id, stage) = (one.attempt.job, one.stage)
        let (started, ended) = times(of: one.elapsed)
        var outcome = StageVerdict.outcome(end, of: one.attempt, started: started, ended: ended, why: one.endedBy)
        if outcome.result == .done, try !publish(one.attempt, of: stage.produces.rawValue, elapsed: one.elapsed) {
            outcome.result = .failed
            outcome.fault = .stage
            outcome.reason = "the stage ended without a receipt that fits its results"
        }
        try spool.record(outcome, of: one.attempt)
        if outcome.result == .done, let key = one.cacheKey, let own = try? spool.publishedReceipt(id, stage.name) {
            try? spool.remember(own, as: key)
        }
        switch outcome.result {
        case .failed, .input:
            let again = try hopeless(stage, one.token) == nil
            report(.stageFailed(id, stage: stage.name, reason: outcome.reason, again: again))
        case .cancelled:
            if outcome.fault == .space { report(.note("\(id): \(stage.name): \(outcome.reason)")) }
            report(.stageStopped(id, stage: stage.name))
        case .done: break
        }
    }

    /// When something began that took so many seconds and has ended now. Counted back from now, as the clock may have been set
    /// since: a jump of it must not be taken for time that a stage took.
    func times(of elapsed: Double) -> (started: Timestamp, ended: Timestamp) {
        let ended = moment
        return (Timestamp(ended.date.addingTimeInterval(-elapsed)), ended)
    }

    /// Ends whatever runs, at once: the spool is another runner's, or cannot be used.
    func abandon() {
        for one in active { one.kill() }
        // Their numbers must not be given to others while their groups are signalled.
        while active.contains(where: { ((try? $0.execution.ended()) ?? nil) == nil }) { usleep(10_000) }
        active = []
    }
}
