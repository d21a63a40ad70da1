import Spool
import StageKit

/// What a runner has in mind between two looks at the spool.
///
/// Only the runner moves and rewrites tokens, so one that was read is as it was until it is forgotten here: ten thousand queued
/// jobs cost one listing of a folder a look, not ten thousand files.
struct Agenda {
    /// Why nothing is done for a job for now.
    enum Waiting: Hashable {
        /// For another job, a stage of its own that runs, or a free place.
        case others
        /// Until its failed stage is tried again.
        case retry
        /// For a check of its manifest.
        case check
        /// For a time of the day, or a date.
        case time(String)
    }

    /// Whether something has happened since the jobs were last looked at.
    var isStale = true
    /// When they were.
    var lastLook = -Double.infinity
    var waiting: [JobID: Waiting] = [:]
    /// What the jobs that have not ended are.
    var resolved: [JobID: ResolvedJob] = [:]
    private var known: [StateFolder: [JobID: Token]] = [:]
    private var receipts = KnownReceipts()

    /// All jobs by id and by name, as they were when somebody first asked in this look.
    private var index: [String: [(folder: StateFolder, token: Token)]]?

    mutating func beginLook() {
        isStale = false
        waiting = [:]
        index = nil
        receipts.beginLook()
    }

    /// After a look that went through all jobs.
    mutating func endLook() { receipts.endLook() }

    /// The receipt of a stage that is done, if its artifact is all there.
    mutating func receipt(_ id: JobID, _ stage: String, _ spool: Spool) throws -> Receipt? {
        try receipts.receipt(id, stage, spool)
    }

    /// The jobs with this id or name, but for refused ones.
    mutating func jobs(_ text: String, _ spool: Spool) throws -> [(folder: StateFolder, token: Token)] {
        if let index { return index[text] ?? [] }
        var made: [String: [(folder: StateFolder, token: Token)]] = [:]
        for folder in StateFolder.allCases.sorted() where folder != .rejected {
            for token in try tokens(in: folder, spool) {
                made[token.id.text, default: []].append((folder, token))
                made[token.id.jobName, default: []].append((folder, token))
            }
        }
        index = made
        return made[text] ?? []
    }

    /// The whole tokens in a folder, in no order.
    mutating func tokens(in folder: StateFolder, _ spool: Spool) throws -> [Token] {
        let before = known[folder] ?? [:]
        var now: [JobID: Token] = [:]
        for id in try spool.tokenIDs(in: folder) {
            if let token = before[id] ?? (try? spool.token(id, in: folder)) { now[id] = token }
        }
        known[folder] = now
        return Array(now.values)
    }

    mutating func forgetResolved(but live: Set<JobID>) {
        if resolved.count > live.count { resolved = resolved.filter { live.contains($0.key) } }
    }

    /// Forgets a token that is about to be rewritten or moved.
    mutating func forget(_ id: JobID) {
        for folder in StateFolder.allCases { known[folder]?[id] = nil }
        waiting[id] = nil
        index = nil
        isStale = true
    }
}
