public import Basics
public import Foundation

/// A file to be written into an archive.
public struct ArchiveMember: Sendable {
    public enum Contents: Sendable {
        case data(Data)
        /// Read while the archive is written, in pieces.
        case file(URL)
        /// The bytes of the member of this path, which comes before it: stored once (a hard link, as tar has them).
        case copy(of: String)
    }

    /// Relative, with `/` between its parts.
    public var path: String
    public var contents: Contents

    public init(path: String, contents: Contents) {
        self.path = path
        self.contents = contents
    }
}

/// What an archive is written as. Both are read by `tar xf`.
public enum ArchiveFormat: Sendable {
    case tar
    /// tar compressed by Zstandard.
    case tarZstd
}

/// A member as it was written.
public struct WrittenMember: Sendable, Hashable, Codable {
    public var path: String
    /// Bytes.
    public var size: Int
    public var sha256: Digest
    /// Where the member's bytes start in the file; nil in a compressed archive.
    public var offset: Int?
}

/// How much an archive may hold before it is refused (a small archive can unpack to terabytes).
public struct ArchiveLimits: Sendable {
    public var members = 5_000_000
    /// Bytes of one member.
    public var memberBytes = 64 << 30
    /// Bytes of all members.
    public var totalBytes = 1 << 40
    /// Bytes of a member that is read into memory.
    public var memoryBytes = 1 << 30

    public init() {}
}
