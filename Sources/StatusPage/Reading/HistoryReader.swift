import Foundation
import Spool

/// The jobs that have ended, the latest first. Only those that are shown are read, and each once: all that is known of the
/// others is when their tokens were written.
struct HistoryReader {
    private var memos: [StateFolder: FolderMemo] = [:]
    private var written: [StateFolder: [JobID: Double]] = [:]
    private var latest: [(id: JobID, folder: StateFolder)] = []
    private var known: [JobID: EndedJob] = [:]

    /// All jobs that were there at the last look.
    private(set) var ids: [JobID] = []

    mutating func read(_ spool: Spool, at now: Double) throws -> (Excerpt<EndedJob>, failed: Int) {
        var hasChanged = false
        for folder in [StateFolder.failed, .done] where try look(spool, folder, at: now) { hasChanged = true }
        if hasChanged { choose() }
        let shown = latest.compactMap { job($0.id, $0.folder, spool) }
        return (Excerpt(shown, of: ids.count), written[.failed]?.count ?? 0)
    }

    private mutating func look(_ spool: Spool, _ folder: StateFolder, at now: Double) throws -> Bool {
        let path = spool.folder(folder).path
        let ids = try memos[folder, default: FolderMemo()].changed(spool.folder(folder), at: now) {
            try spool.tokenIDs(in: folder)
        }
        guard let ids else { return false }
        let before = written[folder] ?? [:]
        var times: [JobID: Double] = [:]
        times.reserveCapacity(ids.count)
        for id in ids { times[id] = before[id] ?? FileStatus(path: "\(path)/\(id).json")?.modified }
        written[folder] = times
        return times != before
    }

    private mutating func choose() {
        var all: [(id: JobID, folder: StateFolder, time: Double)] = []
        for (folder, times) in written { all += times.map { ($0.key, folder, $0.value) } }
        all.sort { ($0.time, $0.id) > ($1.time, $1.id) }
        ids = all.map(\.id)
        latest = all.prefix(Limits.ended).map { ($0.id, $0.folder) }
        let kept = Set(latest.map(\.id))
        known = known.filter { kept.contains($0.key) }
    }

    private mutating func job(_ id: JobID, _ folder: StateFolder, _ spool: Spool) -> EndedJob? {
        if known[id] == nil, let token = try? spool.token(id, in: folder) {
            known[id] = HistoryReader.read(token, folder, spool)
        }
        guard var job = known[id] else { return nil }
        // Users may delete both.
        if FileStatus(spool.bundle(id)) == nil { job.bundle = nil }
        if FileStatus(spool.workFolder(id)) == nil { (job.pages, job.log) = ([], nil) }
        return job
    }

    private static func read(_ token: Token, _ folder: StateFolder, _ spool: Spool) -> EndedJob {
        var job = EndedJob(id: token.id, isDone: folder == .done)
        job.bundle = PageLink("bundle", "outbox/\(token.id).tar.zst")
        switch token.state {
        case .done(let started, let finished, _): (job.started, job.finished) = (started, finished)
        case .failed(let reason, let stage, let finished, _):
            (job.reason, job.failedStage, job.finished) = (reason, stage, finished)
            if let stage, let attempt = try? spool.attempts(token.id, stage).last {
                job.log = LogTail.link(attempt)
                job.lastLines = LogTail.lines(of: attempt.log)
            }
        default: break
        }
        for stage in spool.stageNames(token.id) {
            guard let receipt = try? Receipt(reading: spool.receiptFile(token.id, stage)) else { continue }
            job.headline += receipt.headline.prefix(Limits.headline)
            for member in receipt.members where member.bundle && member.path.hasSuffix(".html") {
                let name = member.path.hasSuffix("report.html") ? "report" : member.path
                job.pages.append(PageLink(name, "\(receipt.attempt)/output/\(member.path)"))
            }
        }
        job.headline = Array(job.headline.suffix(Limits.headline))
        job.pages = Array(job.pages.prefix(Limits.pages))
        return job
    }
}
