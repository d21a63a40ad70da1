public import Basics
import Foundation

/// Finds what nobody needs any more in a spool, and removes it: `jdnas gc`.
public struct Retention: Sendable {
    let spool: Spool
    let rules: RetentionRules
    let now: @Sendable () -> Timestamp

    /// - Parameter now: the clock that jobs' ends are compared with.
    public init(
        of spool: Spool, keeping rules: RetentionRules, now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.spool = spool
        self.rules = rules
        self.now = now
    }

    /// What would go, in the order in which it goes. Throws when it cannot be told what jobs need that have not ended.
    public func plan() throws -> [Removal] {
        // What was unpacked may go while no job runs.
        try plan(withImports: spool.runner == nil)
    }

    /// Removes it. Works with and without a runner: without one it keeps runners from starting meanwhile.
    ///
    /// - Parameter tell: gets each removal, and why it failed if it did.
    public func collect(tell: (Removal, Failure?) -> Void) throws {
        let lock = spool.runner == nil ? try SchedulerLock.acquire(spool) : nil
        defer { lock?.release() }
        if lock != nil { _ = try spool.recover() }
        for removal in try plan(withImports: lock != nil) {
            try lock?.beat()
            do { if try make(removal) { tell(removal, nil) } } catch {
                tell(removal, error as? Failure ?? Failure("\(error)", at: removal.path, cause: .system))
            }
        }
    }

    private func plan(withImports: Bool) throws -> [Removal] {
        let needs = try LiveNeeds(of: spool)
        var tally = SpaceTally()
        var removals = try remains(&tally)
        let (jobs, kept) = try endedJobs(needs, &tally)
        removals += jobs
        removals += try kept.flatMap { try leftovers($0, &tally) }
        if withImports { removals += try unpacked(needs, &tally) }
        removals += try entries(without: Set(jobs.compactMap(\.job)), &tally)
        removals += try drafts(&tally)
        return removals
    }

    private func remains(_ tally: inout SpaceTally) throws -> [Removal] {
        try spool.files.list(spool.work).compactMap { JobID($0) }.filter {
            spool.files.exists(spool.removalRecord($0)) && !spool.hasToken($0)
        }.map {
            Removal(
                .remains, "work/\($0)", why: "its removal was interrupted", bytes: tally.add(spool.workFolder($0)),
                job: $0)
        }
    }

    // MARK: Jobs

    private struct Ended {
        let folder: StateFolder
        let token: Token
        let time: Timestamp
    }

    private func endedJobs(_ needs: LiveNeeds, _ tally: inout SpaceTally) throws -> (removals: [Removal], kept: [JobID])
    {
        var ended: [Ended] = []
        for folder in [StateFolder.done, .failed, .rejected] {
            for token in try spool.tokens(in: folder) {
                ended.append(Ended(folder: folder, token: token, time: end(of: token, in: folder)))
            }
        }
        ended.sort { ($0.time, $0.token.id) > ($1.time, $1.token.id) }
        var removals: [Removal] = []
        var kept: [JobID] = []
        var rank = 0
        for job in ended {
            let id = job.token.id
            let why = rules.reason(
                isDone: job.folder == .done, endedBefore: now().seconds(since: job.time), rank: rank)
            if job.folder != .rejected { rank += 1 }
            guard let why, !needs.jobs.contains(id) else {
                if job.folder != .rejected, spool.wishes(for: id).retry == nil { kept.append(id) }
                continue
            }
            var bytes = tally.add(spool.tokenFile(id, in: job.folder)) + tally.add(spool.workFolder(id))
            if rules.removesBundles { bytes += tally.add(spool.bundle(id)) }
            removals.append(Removal(.job, "work/\(id)", why: why, bytes: bytes, job: id))
        }
        // The oldest first: what stays if this is stopped is the latest.
        return (removals.reversed(), kept)
    }

    private func end(of token: Token, in folder: StateFolder) -> Timestamp {
        switch token.state {
        case .done(_, let finished, _), .failed(_, _, let finished, _): return finished
        case .submitted, .queued, .running, .rejected:
            let file = FileStatus(spool.tokenFile(token.id, in: folder))
            return file.map { Timestamp(Date(timeIntervalSince1970: $0.modified)) } ?? token.submitted
        }
    }

    // MARK: Making them

    /// False if it is not to go any more, or has gone.
    private func make(_ removal: Removal) throws -> Bool {
        let url = spool.root.appending(path: removal.path)
        switch removal.kind {
        case .job:
            guard let id = removal.job, let (folder, _) = try spool.find(id), folder.isFinal,
                // Somebody may have handed in a job that needs it.
                try !LiveNeeds(of: spool).jobs.contains(id)
            else { return false }
            return try spool.remove(id, from: folder, withBundle: rules.removesBundles)
        case .remains:
            guard let id = removal.job, spool.files.exists(spool.removalRecord(id)), !spool.hasToken(id) else {
                return false
            }
            try spool.finishRemoval(id)
        case .leftovers:
            guard let id = removal.job, let (folder, _) = try spool.find(id), folder.isFinal,
                spool.wishes(for: id).retry == nil
            else { return false }
            for part in removal.parts {
                let folder = spool.root.appending(path: part)
                try spool.files.removeFolder(folder)
                try spool.files.syncFolder(folder.deletingLastPathComponent())
            }
        case .unpacked:
            try spool.files.removeFolder(url)
            try spool.files.syncFolder(spool.imports)
        case .entry:
            guard spool.danglingEntry(url) != nil else { return false }
            try spool.files.unlink(url)
            try spool.files.syncFolder(spool.cache)
        case .draft:
            try spool.files.unlink(url)
            try spool.files.syncFolder(spool.temporary)
        }
        return true
    }
}
