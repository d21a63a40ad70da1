import Basics
import CArchive
public import Foundation
import Glibc

/// Reads a tar, plain or compressed by zstd, or a zip, and trusts nothing in it.
///
/// Refused: paths that are absolute or lead out of the folder, links (but copies, where they are allowed), devices, a path
/// that is there twice, more than the limits allow, and an archive that ends before its end marker. Entries for folders are
/// passed over.
public struct ArchiveReader: Sendable {
    /// What is read; nothing is guessed, so that a file is never taken for more than was asked for.
    public enum Container: Sendable {
        /// A tar, plain or compressed by zstd.
        case tar
        /// A zip, by its central directory. Members come in the order of their bytes in the file.
        case zip

        var name: String { self == .tar ? "tar archive, plain or compressed by zstd" : "zip archive, or it is cut off" }
    }

    public let url: URL
    public let container: Container
    public var limits: ArchiveLimits
    /// Whether a member may be a hard link to a plain member before it, whose bytes are then its own.
    public var allowsCopies: Bool

    public init(
        _ url: URL, container: Container = .tar, limits: ArchiveLimits = ArchiveLimits(), allowsCopies: Bool = false
    ) {
        self.url = url
        self.container = container
        self.limits = limits
        self.allowsCopies = allowsCopies
    }

    /// A member's path and size in bytes.
    public struct Member: Sendable, Hashable {
        public var path: String
        public var size: Int
        /// The plain member before it that has its bytes: a copy's stream has none.
        public var copyOf: String?
    }

    public enum Visit: Sendable { case goOn, stop }

    /// Calls `body` for each member in the archive's order; what it doesn't read is passed over.
    public func forEachMember(_ body: (Member, inout MemberStream) throws -> Visit) throws {
        LibArchive.readyLocale
        let file = url.path
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure.system("open", at: file, errno: errno, remedy: "check that it exists and can be read")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
            throw Failure("this is a folder, not a \(container.name)", at: file, remedy: "give the file itself")
        }
        guard let archive = archive_read_new() else {
            throw Failure.system("archive_read_new", at: file, errno: ENOMEM)
        }
        defer { archive_read_free(archive) }
        switch container {
        case .tar:
            archive_read_support_format_tar(archive)
            archive_read_support_filter_zstd(archive)
        case .zip: archive_read_support_format_zip_seekable(archive)
        }
        guard archive_read_open_fd(archive, descriptor, 1 << 17) == ARCHIVE_OK else { throw failure(archive, nil) }
        try visitAll(archive, body)
    }

    private func visitAll(_ archive: OpaquePointer, _ body: (Member, inout MemberStream) throws -> Visit) throws {
        var paths: Set<String> = []
        // Of plain members, if copies may name them.
        var sizes: [String: Int] = [:]
        var total = 0
        var end: Int64 = 0
        var last: String?
        var entry: OpaquePointer?
        while true {
            let result = archive_read_next_header(archive, &entry)
            if result == ARCHIVE_EOF { break }
            guard result == ARCHIVE_OK, let entry else { throw failure(archive, last) }
            if let member = try accept(entry, sizes) {
                last = member.path
                try checkLimits(member, count: paths.count, total: total)
                total += member.size
                guard paths.insert(member.path).inserted else {
                    throw refusal("member '\(member.path)' is there twice")
                }
                if allowsCopies, member.copyOf == nil { sizes[member.path] = member.size }
                var stream = MemberStream(
                    archive: archive, file: url.path, container: container, member: member, limits: limits)
                if try body(member, &stream) == .stop { return }
            }
            guard archive_read_data_skip(archive) == ARCHIVE_OK else { throw failure(archive, last) }
            end = archive_filter_bytes(archive, 0)
        }
        // libarchive takes the end of the file for the end of a tar; only the two zero blocks say that it is whole.
        guard container == .tar else { return }
        guard archive_filter_bytes(archive, 0) >= end + 1024 else { throw LibArchive.truncated(url.path, within: nil) }
    }

    /// The member of a header, nil for a folder.
    private func accept(_ entry: OpaquePointer, _ sizes: [String: Int]) throws -> Member? {
        guard let name = archive_entry_pathname(entry), var path = String(validatingCString: name) else {
            throw refusal("a member's name is not UTF-8")
        }
        let type = archive_entry_filetype(entry)
        if path.hasPrefix("./") { path.removeFirst(2) }
        if type == UInt32(Glibc.S_IFDIR) {
            while path.hasSuffix("/") { path.removeLast() }
            if path.isEmpty || path == "." { return nil }
        }
        if let problem = MemberPath.problem(with: path) { throw refusal("member '\(printable(path))' \(problem)") }
        if type == UInt32(Glibc.S_IFDIR) { return nil }
        if let target = archive_entry_hardlink(entry) {
            guard allowsCopies else { throw refusal("member '\(path)' is a link") }
            guard var original = String(validatingCString: target) else {
                throw refusal("what member '\(path)' is a link to is not UTF-8")
            }
            if original.hasPrefix("./") { original.removeFirst(2) }
            guard let size = sizes[original] else {
                throw refusal("member '\(path)' is a link, and not to a plain member before it")
            }
            // Programs disagree on whose they are: some write them through the link, others take them for headers.
            guard archive_entry_size(entry) <= 0 else {
                throw refusal("member '\(path)' is a link, and has bytes of its own")
            }
            return Member(path: path, size: size, copyOf: original)
        }
        guard type == UInt32(Glibc.S_IFREG) else {
            throw refusal("member '\(path)' is a \(type == UInt32(Glibc.S_IFLNK) ? "link" : "device or pipe")")
        }
        return Member(path: path, size: max(0, Int(archive_entry_size(entry))))
    }

    /// - Parameter total: of the members before.
    private func checkLimits(_ member: Member, count: Int, total: Int) throws {
        if count >= limits.members { throw refusal("it has more than \(limits.members) members") }
        if member.size > limits.memberBytes {
            throw refusal(
                "member '\(member.path)' has \(member.size) bytes, more than the \(limits.memberBytes) allowed")
        }
        // Both are within limits: their sum could still be no Int.
        if member.size > limits.totalBytes - total {
            throw refusal("its members have more than the \(limits.totalBytes) bytes allowed")
        }
    }

    private func failure(_ archive: OpaquePointer, _ member: String?) -> Failure {
        LibArchive.readFailure(archive, url.path, container, within: member)
    }

    private func refusal(_ what: String) -> Failure {
        Failure(what, at: url.path, remedy: "such archives are refused; have it written again with plain files only")
    }

    private func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : $0 }))
    }
}
