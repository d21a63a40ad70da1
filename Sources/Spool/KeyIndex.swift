/// Which jobs of a spool have which keys, so that ten thousand jobs with keys are not read anew for each one that is handed in.
///
/// A job's key never changes. Where a job is, and whether it is still there, is looked up on the disk whenever somebody asks;
/// in memory there is only which jobs come into question. Nothing of it is stored: a crash has nothing to put right.
public struct KeyIndex: Sendable {
    private var jobs: [String: Set<JobID>] = [:]
    private var known: Set<JobID> = []
    /// What could not be read when it was found, and is tried again.
    private var unread: Set<JobID> = []
    /// Whether all jobs were taken in once. From then on whoever alone moves jobs needs to `note` its own changes only.
    public private(set) var isComplete = false

    public init() {}

    /// The folders of the jobs that have their keys, in the order in which tokens move: one on its way may be seen twice, never
    /// missed.
    private static let holders: [StateFolder] = [.inbox, .queued, .running, .done]

    /// Takes in the jobs that are not known yet. Each token is read once.
    public mutating func update(from spool: Spool) throws {
        for folder in KeyIndex.holders { try update(from: spool, in: folder) }
        isComplete = true
    }

    /// The same for those of one folder.
    public mutating func update(from spool: Spool, in folder: StateFolder) throws {
        for id in try spool.tokenIDs(in: folder) where !known.contains(id) {
            if let token = try? spool.token(id, in: folder) { note(token) } else { unread.insert(id) }
        }
    }

    /// Takes in one job.
    public mutating func note(_ token: Token) {
        unread.remove(token.id)
        known.insert(token.id)
        if let key = token.key { jobs[key, default: []].insert(token.id) }
    }

    /// The job that has a key: one that waits, runs or is done. One that failed or was refused has none any more.
    ///
    /// - Parameter other: a job that does not count: the one that asks.
    public mutating func holder(of key: String, beside other: JobID? = nil, in spool: Spool) throws
        -> (id: JobID, folder: StateFolder)?
    {
        for id in unread { if let found = try spool.find(id) { note(found.token) } }
        var best: (id: JobID, folder: StateFolder)?
        for id in (jobs[key] ?? []).sorted() where id != other {
            guard let (folder, token) = try spool.find(id), token.key == key, KeyIndex.holders.contains(folder) else {
                continue
            }
            if best.map({ $0.folder < folder }) ?? true { best = (id, folder) }
        }
        return best
    }
}
