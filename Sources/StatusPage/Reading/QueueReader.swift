import Foundation
import Spool

/// The jobs in `queued/`, in the runner's order. Only the tokens of those that may be shown are read, each once: until a job
/// leaves the folder, nothing in its token changes that matters here.
struct QueueReader {
    private var memo = FolderMemo()
    private var ids: Set<JobID> = []
    private var wishes: [JobID: Wishes] = [:]
    /// By priority, and by the seconds in the ids.
    private var roughOrder: [JobID] = []
    private var submitted: [JobID: Timestamp] = [:]
    private var plans: [JobID: JobOutline] = [:]

    /// So many more than are shown are put into their true order: a job is handed in a moment after its id was made.
    static let slack = 200

    /// Looks who is there.
    mutating func look(_ spool: Spool, at now: Double, _ wishes: [JobID: Wishes]) throws {
        let found = try memo.changed(spool.folder(.queued), at: now) { try spool.tokenIDs(in: .queued) }
        guard found != nil || wishes != self.wishes else { return }
        if let found { ids = Set(found) }
        self.wishes = wishes
        let keys = ids.map { (id: $0, priority: wishes[$0]?.priority ?? 0, time: $0.time) }
        roughOrder = keys.sorted { a, b in
            a.priority != b.priority ? a.priority > b.priority : (a.time, a.id) < (b.time, b.id)
        }.map(\.id)
    }

    func contains(_ id: JobID) -> Bool { ids.contains(id) }

    /// The first of them.
    ///
    /// - Parameter others: the jobs of later states.
    mutating func excerpt(_ spool: Spool, _ wishes: [JobID: Wishes], others: [JobID]) -> Excerpt<QueuedJob> {
        let moved = Set(others)
        var times: [JobID: Timestamp] = [:]
        for id in roughOrder.lazy.filter({ !moved.contains($0) }).prefix(Limits.queue + QueueReader.slack) {
            // One that is torn, or has just gone, is left out.
            times[id] = submitted[id] ?? (try? spool.token(id, in: .queued))?.submitted
        }
        submitted = times
        let first = times.sorted { a, b in
            let (first, second) = (wishes[a.key]?.priority ?? 0, wishes[b.key]?.priority ?? 0)
            return first != second ? first > second : (a.value, a.key) < (b.value, b.key)
        }.prefix(Limits.queue).map(\.key)
        plans = Dictionary(uniqueKeysWithValues: first.map { ($0, plans[$0] ?? JobOutline(of: $0, in: spool)) })
        var index: JobIndex?
        let jobs = first.map { id in
            var job = QueuedJob(id: id)
            job.submitted = submitted[id]
            let wishes = wishes[id] ?? Wishes()
            job.priority = wishes.priority
            job.stageCount = plans[id]?.stages.count ?? 0
            job.wait = wishes.isCancelled ? .cancelled : wishes.isHeld ? .held : .turn
            guard job.wait == .turn, let foreign = plans[id]?.foreign, !foreign.isEmpty else { return job }
            let known = index ?? JobIndex(roughOrder + others)
            index = known
            let open = foreign.first { need in
                guard let other = known.job(need.job, before: id) else { return true }
                return !FileManager.default.fileExists(atPath: spool.receiptFile(other, need.stage).path)
            }
            if let open { job.wait = .other(open.text) }
            return job
        }
        return Excerpt(jobs, of: roughOrder.count)
    }
}

/// Finds the job that another one means: by its id, or the latest of a name that was handed in before.
private struct JobIndex {
    private let byName: [String: [JobID]]

    init(_ ids: [JobID]) { byName = Dictionary(grouping: ids, by: \.jobName) }

    func job(_ text: String, before id: JobID) -> JobID? {
        if let exact = JobID(text) { return exact }
        // The seconds in the ids are good enough for a page.
        let time = id.time
        return byName[text]?.filter { $0 != id && $0.time <= time }.max { $0.time < $1.time }
    }
}

extension JobID {
    /// When it was made, to the second: `20251124-100600`.
    fileprivate var time: Substring { text.suffix(22).prefix(15) }
}
