import Foundation
import Spool

/// The jobs in `queued/`, in the runner's order. Of each the token is read once: until it leaves the folder, nothing in it
/// changes that matters here.
struct QueueReader {
    private var memo = FolderMemo()
    private var submitted: [JobID: Timestamp] = [:]
    private var wishes: [JobID: Wishes] = [:]
    private var order: [JobID] = []
    private var plans: [JobID: JobPlan] = [:]

    /// Looks who is there.
    mutating func look(_ spool: Spool, at now: Double, _ wishes: [JobID: Wishes]) throws {
        let ids = try memo.changed(spool.folder(.queued), at: now) { try spool.tokenIDs(in: .queued) }
        if let ids {
            var known: [JobID: Timestamp] = [:]
            known.reserveCapacity(ids.count)
            // One that is torn, or has just gone, is left out.
            for id in ids { known[id] = submitted[id] ?? (try? spool.token(id, in: .queued))?.submitted }
            submitted = known
        }
        guard ids != nil || wishes != self.wishes else { return }
        self.wishes = wishes
        order = submitted.sorted { a, b in
            let (first, second) = (wishes[a.key]?.priority ?? 0, wishes[b.key]?.priority ?? 0)
            return first != second ? first > second : (a.value, a.key) < (b.value, b.key)
        }.map(\.key)
    }

    func contains(_ id: JobID) -> Bool { submitted[id] != nil }

    /// The first of them.
    ///
    /// - Parameter others: the jobs of later states.
    mutating func excerpt(_ spool: Spool, _ wishes: [JobID: Wishes], others: [JobID]) -> Excerpt<QueuedJob> {
        let moved = Set(others)
        let first = Array(order.lazy.filter { !moved.contains($0) }.prefix(Limits.queue))
        plans = Dictionary(uniqueKeysWithValues: first.map { ($0, plans[$0] ?? JobPlan(of: $0, in: spool)) })
        var index: JobIndex?
        let jobs = first.map { id in
            var job = QueuedJob(id: id)
            job.submitted = submitted[id]
            let wishes = wishes[id] ?? Wishes()
            job.priority = wishes.priority
            job.stageCount = plans[id]?.stages.count ?? 0
            job.wait = wishes.isCancelled ? .cancelled : wishes.isHeld ? .held : .turn
            guard job.wait == .turn, let foreign = plans[id]?.foreign, !foreign.isEmpty else { return job }
            let known = index ?? JobIndex(order + others)
            index = known
            let open = foreign.first { need in
                guard let other = known.job(need.job, before: id) else { return true }
                return !FileManager.default.fileExists(atPath: spool.receiptFile(other, need.stage).path)
            }
            if let open { job.wait = .other(open.text) }
            return job
        }
        return Excerpt(jobs, of: order.count)
    }
}

/// Finds the job that another one means: by its id, or the latest of a name that was handed in before.
private struct JobIndex {
    private let byName: [String: [JobID]]

    init(_ ids: [JobID]) { byName = Dictionary(grouping: ids, by: \.jobName) }

    func job(_ text: String, before id: JobID) -> JobID? {
        if let exact = JobID(text) { return exact }
        // The seconds in the ids are good enough for a page.
        func time(_ id: JobID) -> Substring { id.text.dropFirst(id.jobName.count).prefix(16) }
        return byName[text]?.filter { $0 != id && time($0) <= time(id) }.max { time($0) < time($1) }
    }
}
