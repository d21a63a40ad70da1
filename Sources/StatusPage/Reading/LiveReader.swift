import Foundation
import Spool

/// The jobs in `running/`, with their stages. What a stage that is done has to say is read once.
struct LiveReader {
    private var plans: [JobID: (file: FileStatus?, plan: JobOutline)] = [:]
    private var done: [String: (receipt: FileStatus, stage: StageView)] = [:]
    /// All jobs that were there at the last look.
    private(set) var ids: [JobID] = []

    mutating func read(_ spool: Spool, _ wishes: [JobID: Wishes]) throws -> Excerpt<LiveJob> {
        let tokens = try spool.tokens(in: .running).sorted { a, b in
            let (first, second) = (wishes[a.id]?.priority ?? 0, wishes[b.id]?.priority ?? 0)
            return first != second ? first > second : Token.isEarlier(a, b)
        }
        ids = tokens.map(\.id)
        let first = tokens.prefix(Limits.live)
        let kept = Set(first.map(\.id))
        plans = plans.filter { kept.contains($0.key) }
        if kept.isEmpty { done = [:] }
        return Excerpt(first.map { job($0, spool, wishes[$0.id] ?? Wishes()) }, of: tokens.count)
    }

    private mutating func job(_ token: Token, _ spool: Spool, _ wishes: Wishes) -> LiveJob {
        let plan = plan(token.id, spool)
        var job = LiveJob(id: token.id)
        job.description = plan.description
        job.wishes = wishes
        var isLive = false
        if case .running(let owner, let started) = token.state {
            job.started = started
            isLive = owner.isAlive != false
        }
        job.stages = plan.stages.map { stage(token, $0, spool, isLive: isLive) }
        return job
    }

    private mutating func plan(_ id: JobID, _ spool: Spool) -> JobOutline {
        let file = FileStatus(spool.resolved(id))
        if let known = plans[id], known.file == file { return known.plan }
        let plan = JobOutline(of: id, in: spool)
        plans[id] = (file, plan)
        return plan
    }

    private mutating func stage(_ token: Token, _ planned: StageView, _ spool: Spool, isLive: Bool) -> StageView {
        let id = token.id
        let key = "\(id)/\(planned.name)"
        let receipt = FileStatus(spool.receiptFile(id, planned.name))
        if let receipt, let known = done[key], known.receipt == receipt { return known.stage }
        let status = spool.stageStatus(token, planned.name, live: isLive, failed: false)
        var stage = planned
        (stage.state, stage.fraction, stage.message) = (status.state, status.fraction, status.message)
        (stage.eta, stage.table, stage.attempts) = (status.eta, status.table, status.attempts)
        let attempts = (try? spool.attempts(id, planned.name)) ?? []
        guard let attempt = attempts.last else { return stage }
        stage.log = LogTail.link(attempt)
        if stage.state == .running {
            stage.metrics = ProgressFile(reading: attempt.progress)?.metrics ?? [:]
            stage.earlierReason = attempts.dropLast().last.flatMap { spool.outcome(of: $0)?.reason }
        }
        if stage.state == .done, let receipt {
            finish(&stage, attempt, spool)
            done[key] = (receipt, stage)
        }
        return stage
    }

    private func finish(_ stage: inout StageView, _ last: AttemptFolder, _ spool: Spool) {
        guard let receipt = try? Receipt(reading: spool.receiptFile(last.job, stage.name)) else { return }
        stage.message = receipt.headline.joined(separator: " · ")
        let attempt = AttemptFolder(at: spool.root.appending(path: receipt.attempt)) ?? last
        stage.log = LogTail.link(attempt)
        let outcome = spool.outcome(of: attempt)
        stage.isReused = outcome?.reason.hasPrefix("taken from ") == true
        guard !stage.isReused, let made = FileStatus(attempt.receipt), let began = FileStatus(attempt.request) else {
            return
        }
        stage.seconds = max(0, made.modified - began.modified)
    }
}
