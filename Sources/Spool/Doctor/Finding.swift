/// Something in a spool that is not as docs/spool.md has it, or that is worth knowing.
public struct Finding: Sendable, Hashable {
    public enum Severity: String, Sendable, Codable {
        /// Nothing is lost and nothing has to be done: it mends itself, or somebody may have wanted it so.
        case remark
        case fault
    }

    public let severity: Severity
    /// A path relative to the spool; `.` for the spool itself.
    public let file: String
    /// One sentence, without a full stop.
    public let what: String
    /// What would mend it.
    public let remedy: String?
    /// The job that it is about.
    let job: JobID?
    /// How `Doctor.repair` mends it; nil where that takes a person.
    let repair: Repair?

    /// Whether `Doctor.repair` mends it.
    public var isRepairable: Bool { repair != nil }

    init(
        _ severity: Severity, _ file: String, _ what: String, remedy: String? = nil, job: JobID? = nil,
        repair: Repair? = nil
    ) {
        self.severity = severity
        self.file = file
        self.what = what
        self.remedy = remedy ?? repair.map { "'jdnas doctor --repair' \($0.text)" }
        self.job = job
        self.repair = repair
    }
}

/// What mends a finding. Each can be killed at any moment and made again; nothing but what can be had again is deleted.
enum Repair: Sendable, Hashable {
    case marker
    case folder(String)
    case lock
    /// What every runner does when it starts: `Spool.recover`.
    case recover
    case setAside(String)
    /// A file that is only a hint or a wish.
    case remove(String)
    /// A folder that can be made again.
    case removeFolder(String)
    /// Rewrites a token whose state does not fit its folder, or whose epoch is too small.
    case token(JobID)
    case record(JobID)
    /// `manifest.yaml` or `resolved.json`, from a copy.
    case copy(JobID, of: String)
    case receipt(JobID, stage: String)
    case bundle(JobID)

    /// Goes on a sentence that begins with the command.
    var text: String {
        switch self {
        case .marker: "writes it anew"
        case .folder: "makes it"
        case .lock: "sets it aside, once it has not been touched for a minute"
        case .recover: "puts it right, and so does the next 'jdnas run'"
        case .setAside: "moves it to aside/"
        case .remove, .removeFolder: "removes it"
        case .token: "rewrites it"
        case .record: "writes it anew from the token"
        case .copy: "takes it from its copy"
        case .receipt: "looks for a whole one, else takes it out of the way: a job that is done then counts as failed"
        case .bundle: "builds it from the job's work folder"
        }
    }
}
