import Basics
import Foundation
import Manifest
import Spool
import StageKit

/// What has to be done next for a job.
enum Step {
    /// These stages can start, if there is room.
    case run(ResolvedJob, [(stage: ResolvedJob.Stage, inputs: [StageRequest.Input])])
    case wait(Agenda.Waiting)
    /// The verdict is clear: write it down, then conclude.
    case finish(JobState)
    /// The verdict was written down before: build the bundle and move the token.
    case conclude
}

extension Runner {
    /// Decides from what lies in the spool, from the clock where the manifest names one, and from nothing else.
    ///
    /// - Parameter wish: what was wished for the job when this look began.
    func plan(_ token: Token, in folder: StateFolder, _ wish: Wishes) throws -> Step {
        if token.state.folder.isFinal { return .conclude }
        if wish.isCancelled { return .finish(fail(token, nil, "cancelled on request")) }
        let job: ResolvedJob
        switch try resolvedJob(of: token) {
        case .job(let resolved): job = resolved
        case .pending: return .wait(.check)
        case .lost(let text):
            let first = text.split(separator: "\n").first.map(String.init)
            return .finish(fail(token, nil, first ?? text))
        }
        // Jobs that wait for the night may be many: nothing of their stages is looked at meanwhile.
        if folder == .queued, let gate = try gate(job.rules ?? JobRules(), token) { return gate }
        let open = try job.stages.filter { try !isDone($0, token) }
        if open.isEmpty {
            let started: Timestamp = if case .running(_, let time) = token.state { time } else { token.submitted }
            return .finish(
                .done(
                    started: started, finished: max(started, moment), bundle: spool.bundle(token.id).lastPathComponent))
        }
        if folder != .queued, let gate = try gate(job.rules ?? JobRules(), token) { return gate }
        return try stages(of: job, open: open, token)
    }

    /// Why a job may not go on now; nil if it may.
    private func gate(_ rules: JobRules, _ token: Token) throws -> Step? {
        for name in rules.after {
            switch try needsResolver.state(of: name, before: token) {
            case .done: continue
            case .live: return .wait(.others)
            case .ended(let word): return .finish(fail(token, nil, "it comes after '\(name)', and that job is \(word)"))
            case .unknown:
                return .finish(
                    fail(token, nil, "it comes after '\(name)', and no job of that name was handed in before this one"))
            }
        }
        let date = options.clock()
        if let start = rules.notBefore, date.timeIntervalSince1970 < start {
            return .wait(.time("not before \(Timestamp(Date(timeIntervalSince1970: start)))"))
        }
        if let window = rules.window, !window.contains(date) { return .wait(.time("window \(window)")) }
        return nil
    }

    private func stages(of job: ResolvedJob, open: [ResolvedJob.Stage], _ token: Token) throws -> Step {
        let running = Set(active.filter { $0.attempt.job == token.id }.map(\.stage.name))
        let resolver = needsResolver
        var ready: [(stage: ResolvedJob.Stage, inputs: [StageRequest.Input])] = []
        var waiting = Agenda.Waiting.others
        let names = Set(open.map(\.name))
        var waitsForOthers = false
        // Stages that can come to nothing, and the first reason.
        var lost: Set<String> = []
        var verdict: JobState?
        func give(up stage: ResolvedJob.Stage, _ reason: String?) {
            lost.insert(stage.name)
            if verdict == nil, let reason { verdict = fail(token, stage.name, reason) }
        }
        // All of them, before anything runs: a job that cannot come to its end must not work through the night.
        for stage in open {
            if running.contains(stage.name) { continue }
            if stage.localNeeds.contains(where: lost.contains) {
                give(up: stage, nil)
            } else if let reason = try neverFits(stage) ?? hopeless(stage, token) {
                give(up: stage, reason)
            } else {
                // What is in a bundle is unpacked.
                switch try whileBeating({ try resolver.needs(of: stage, in: token) }) {
                case .waiting:
                    // All that it needs of its own job is there: it waits for another one.
                    if !stage.localNeeds.contains(where: names.contains) { waitsForOthers = true }
                case .impossible(let reason): give(up: stage, reason)
                case .ready(let inputs):
                    if try isDue(stage, token) { ready.append((stage, inputs)) } else { waiting = .retry }
                }
            }
        }
        guard let verdict else { return ready.isEmpty ? .wait(waiting) : .run(job, ready) }
        if job.rules?.onFailure == .continue, !ready.isEmpty || !running.isEmpty || waitsForOthers || waiting == .retry
        {
            return ready.isEmpty ? .wait(waiting) : .run(job, ready)
        }
        return .finish(verdict)
    }

    private func isDone(_ stage: ResolvedJob.Stage, _ token: Token) throws -> Bool {
        do {
            if try agenda.receipt(token.id, stage.name, spool) != nil { return true }
            try spool.setAsideReceipt(
                token.id, stage.name, because: "members of the artifact are missing or have another size")
        } catch let failure as Failure {
            try spool.setAsideReceipt(token.id, stage.name, because: failure.description)
            report(.note("\(token.id): the receipt of \(stage.name) is damaged and was set aside"))
        }
        return false
    }

    /// Why no further attempt is worth while; nil if one is.
    func hopeless(_ stage: ResolvedJob.Stage, _ token: Token) throws -> String? {
        let outcomes = try spool.countedOutcomes(token, stage.name)
        if let last = outcomes.last, last.result == .input || last.fault == .limit { return last.reason }
        if let reason = try overTime(stage, token) { return reason }
        let failures = outcomes.filter { $0.result == .failed }
        guard let last = failures.last else { return nil }
        let retries = stage.rules?.retries
        let isMachines = last.fault?.isMachines == true
        let more = (isMachines ? retries?.infrastructure : retries?.stage) ?? options.maxAttempts - 1
        let count = failures.count { ($0.fault?.isMachines == true) == isMachines }
        guard count > more else { return nil }
        return count == 1 && more == 0 ? last.reason : "\(last.reason) (attempt \(count) of \(more + 1))"
    }

    /// Where the configuration can be read again and may say more, nothing is known of never.
    private func neverFits(_ stage: ResolvedJob.Stage) -> String? {
        excess(of: stage).flatMap { $0.isForGood ? $0.reason : nil }
    }

    /// That a stage's time is used up, unless there is a result that waits to be published.
    private func overTime(_ stage: ResolvedJob.Stage, _ token: Token) throws -> String? {
        guard let limit = stage.rules?.timeout, try secondsLeft(stage, token) == 0 else { return nil }
        let isFinished = try spool.attempts(of: token, stage.name).contains { FileStatus($0.receipt) != nil }
        return isFinished
            ? nil : "it may take \(spanText(seconds: limit)) ('timeout'), and its attempts have taken them"
    }

    /// Whether the pause after a stage's last failure is over.
    private func isDue(_ stage: ResolvedJob.Stage, _ token: Token) throws -> Bool {
        let outcomes = try spool.countedOutcomes(token, stage.name)
        guard let last = outcomes.last, last.result == .failed || last.fault == .space else { return true }
        let failures = outcomes.reversed().prefix { $0.result == .failed || $0.fault == .space }.count
        let pause = min(600, (stage.rules?.retries?.pause ?? options.retryPause) * Double(1 << min(failures - 1, 20)))
        let since = moment.seconds(since: last.ended)
        // A clock that was put back must not make it wait for years.
        return since >= pause || since < 0
    }

    /// Seconds that a stage's attempts may still take; nil for no limit.
    func secondsLeft(_ stage: ResolvedJob.Stage, _ token: Token) throws -> Double? {
        guard let limit = stage.rules?.timeout else { return nil }
        return max(0, limit - (try spool.secondsTaken(token, stage.name)))
    }

    func fail(_ token: Token, _ stage: String?, _ reason: String) -> JobState {
        .failed(
            reason: stage.map { "\($0): \(reason)" } ?? reason, stage: stage, finished: moment,
            bundle: spool.bundle(token.id).lastPathComponent)
    }
}

extension ResolvedJob.Stage {
    /// The stages of its own job that it needs.
    var localNeeds: [String] { needs.compactMap { if case .stage(let name) = $0 { name } else { nil } } }
}
