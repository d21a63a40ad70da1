/// Something in a spool that nobody needs any more.
public struct Removal: Sendable, Hashable {
    public enum Kind: String, Sendable, Codable {
        /// A job that has ended: its token, its work folder, and its bundle if that is wanted.
        case job
        /// What an interrupted removal has left of a job.
        case remains
        /// Of stages that are done: checkpoints, workers' tasks, results of attempts that were not published.
        case leftovers
        /// What jobs took out of a bundle.
        case unpacked
        /// An entry of the cache that names nothing.
        case entry
        /// A file in `tmp/`.
        case draft
    }

    public let kind: Kind
    /// Relative to the spool: the job's work folder, or what goes.
    public let path: String
    public let why: String
    /// What it frees on the disk. A file with several names counts where the last one goes.
    public let bytes: Int
    let job: JobID?
    /// What goes, of leftovers.
    let parts: [String]

    init(_ kind: Kind, _ path: String, why: String, bytes: Int, job: JobID? = nil, parts: [String] = []) {
        self.kind = kind
        self.path = path
        self.why = why
        self.bytes = bytes
        self.job = job
        self.parts = parts
    }
}
