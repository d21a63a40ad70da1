public import Basics
public import Foundation

/// Says that a stage is done, and what came out: the only proof of that. Written last, sealed (`SealedRecord`), and
/// published by one `link`, so that there is one for a stage at most.
public struct Receipt: Codable, Sendable, Hashable {
    public static let format = "jdnas-receipt/1"

    /// A file of the artifact.
    public struct Member: Codable, Sendable, Hashable {
        /// Relative to the attempt's `output/`, with `/`.
        public var path: String
        public var size: Int
        public var sha256: Digest
        /// Whether the job's bundle takes it along.
        public var bundle: Bool

        public init(path: String, size: Int, sha256: Digest, bundle: Bool) {
            self.path = path
            self.size = size
            self.sha256 = sha256
            self.bundle = bundle
        }
    }

    /// An artifact that the stage read.
    public struct Input: Codable, Sendable, Hashable {
        /// As the manifest names it: `data`, `other-job/data`, `file:…`.
        public var reference: String
        /// Its artifact digest.
        public var digest: Digest

        public init(reference: String, digest: Digest) {
            self.reference = reference
            self.digest = digest
        }
    }

    public var format = Receipt.format
    /// The job's id.
    public var job: JobID
    public var stage: String
    public var plugin: String
    public var pluginVersion: Int
    /// What the artifact is, in the words of StageKit's ArtifactKind.
    public var kind: String
    /// Digest of all that decides the result: plugin and version, options, inputs, seed, threads.
    public var key: Digest
    /// The attempt's folder, relative to the spool: `work/<job id>/<stage>/attempts/<epoch>-<n>`.
    public var attempt: String
    public var created: Timestamp
    /// Sorted by path.
    public var members: [Member]
    /// What people want to see of it; `headline`, an array of lines, is shown at the end of a job.
    public var summary: JSON
    public var inputs: [Input]
    /// What the attempt used that made it; nil in receipts of earlier versions.
    public var used: ResourceUse?

    public init(
        job: JobID, stage: String, plugin: String, pluginVersion: Int, kind: String, key: Digest, attempt: String,
        created: Timestamp = .now, members: [Member], summary: JSON, inputs: [Input], used: ResourceUse? = nil
    ) {
        self.job = job
        self.stage = stage
        self.plugin = plugin
        self.pluginVersion = pluginVersion
        self.kind = kind
        self.key = key
        self.attempt = attempt
        self.created = created
        self.members = members.sorted { $0.path < $1.path }
        self.summary = summary
        self.inputs = inputs
        self.used = used
    }

    /// The digest of the artifact: of its members' paths, sizes and digests, not of when or where it was made.
    public var artifactDigest: Digest { Receipt.artifactDigest(of: members) }

    /// The same of a folder without a receipt. Members are sorted by path.
    public static func artifactDigest(of members: [Member]) -> Digest {
        Digest(of: members.map { "\($0.sha256.hex) \($0.size) \($0.path)\n" }.joined())
    }

    /// Lines for the end of a job.
    public var headline: [String] { summary["headline"]?.array?.compactMap(\.string) ?? [] }
}

extension Receipt {
    /// Reads a receipt file and checks its seal.
    public init(reading url: URL) throws {
        guard let data = try FileSystem().read(url) else {
            throw Failure("there is no receipt", at: url.path, remedy: "run the stage again", cause: .system)
        }
        try self.init(parsing: data, at: url.path)
    }

    public init(parsing data: Data, at place: String) throws {
        self = try SealedRecord.decode(Receipt.self, from: data, at: place)
        guard format == Receipt.format else {
            throw Failure("a receipt of format \(format)", at: place, remedy: "use a jdnas that knows this format")
        }
    }

    /// The bytes of the receipt's file.
    public func sealed() throws -> Data { try SealedRecord.encode(self) }

    /// What is wrong with it where its stage makes a kind of artifact; nil if it is of that kind.
    func contradiction(toKind made: String) -> String? {
        kind == made ? nil : "the receipt is of the kind '\(kind)', and the stage makes '\(made)'"
    }

    /// What is wrong with the artifact in this folder (an attempt's `output/`): one line a member; none if it is whole.
    /// Without `contents` only presence and size are checked.
    public func verify(in directory: URL, contents: Bool = true) -> [String] {
        members.compactMap { member in
            let url = directory.appending(path: member.path)
            if !Receipt.isSafe(member.path) { return "\(member.path): not a path inside the artifact" }
            guard let status = FileStatus(url) else { return "\(member.path): missing" }
            guard status.kind == .file else { return "\(member.path): not a regular file" }
            guard status.size == member.size else {
                return "\(member.path): \(status.size) bytes instead of \(member.size)"
            }
            guard contents else { return nil }
            guard let digest = try? Digest(ofFile: url) else { return "\(member.path): cannot be read" }
            return digest == member.sha256 ? nil : "\(member.path): its contents have changed (digest \(digest.short))"
        }
    }

    /// The members of an artifact in this folder, every regular file of it, with digests. Links and devices are refused.
    /// `inBundle` says which of them the job's bundle takes along.
    public static func members(of directory: URL, inBundle: (String) -> Bool) throws -> [Member] {
        try FolderWalk(directory).files.map { path in
            let file = directory.appending(path: path)
            return Member(
                path: path, size: FileStatus(file)?.size ?? 0, sha256: try Digest(ofFile: file), bundle: inBundle(path))
        }
    }

    /// Whether a member's path stays inside its folder.
    static func isSafe(_ path: String) -> Bool {
        !path.isEmpty && !path.hasPrefix("/")
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".."
            }
    }
}
