public import Basics

/// The small file that stands for a job: `<state folder>/<job id>.json`. It is what moves; a job's work never does.
public struct Token: Codable, Sendable, Hashable {
    public static let format = "jdnas-token/1"

    public var format = Token.format
    public var id: JobID
    /// The folder that relative paths in the manifest refer to.
    public var base: String
    public var submitted: Timestamp
    /// SHA-256 of `work/<job id>/manifest.yaml`.
    public var manifestDigest: Digest
    /// The file name under which the manifest was handed in.
    public var source: String
    /// No second job with this key runs, unless the first one failed.
    public var key: String?
    /// The variables of the environment that the manifest takes, as whoever handed it in has them; nil for none.
    public var environment: [String: String]?
    /// How many times a runner has claimed the job; goes into the attempts' names.
    public var epoch: Int
    /// What the token was last prepared for. A token is rewritten first and renamed then, so after a crash this may be
    /// one transition ahead of the folder; the folder is right.
    public var state: JobState

    /// Set when the job had failed and is tried again.
    public var retry: Retry?

    public init(
        id: JobID, base: String, submitted: Timestamp, manifestDigest: Digest, source: String, key: String? = nil,
        environment: [String: String] = [:], epoch: Int = 0, state: JobState
    ) {
        self.id = id
        self.base = base
        self.submitted = submitted
        self.manifestDigest = manifestDigest
        self.source = source
        self.key = key
        self.environment = environment.isEmpty ? nil : environment
        self.epoch = epoch
        self.state = state
    }
}

extension Token {
    /// First in, first out.
    public static func isEarlier(_ a: Token, _ b: Token) -> Bool { (a.submitted, a.id) < (b.submitted, b.id) }
}
