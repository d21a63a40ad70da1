import Basics
import CArchive
import Foundation
import Glibc

/// An archive being written to a temporary file, which `finish` makes durable and gives its name.
///
/// Deterministic: modification time, user and group are zero, the mode is 0644, and `pax_restricted` adds extended
/// headers only where a plain header cannot say it (long or non-ASCII names).
final class ArchiveOutput {
    private let url: URL
    private let temporary: String
    private let descriptor: Int32
    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private let format: ArchiveFormat
    /// By their paths.
    private var written: [String: WrittenMember] = [:]
    private var copies: Set<String> = []
    private var isFinished = false

    init(url: URL, format: ArchiveFormat) throws {
        LibArchive.readyLocale
        self.url = url
        self.format = format
        let folder = url.deletingLastPathComponent().path
        temporary = "\(folder)/.\(url.lastPathComponent).\(getpid())-\(UInt64.random(in: 0...(.max))).tmp"
        guard let archive = archive_write_new(), let entry = archive_entry_new() else {
            throw Failure.system("archive_write_new", at: url.path, errno: ENOMEM)
        }
        self.archive = archive
        self.entry = entry
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Failure.system(
                "open", at: temporary, errno: errno, remedy: "check that the folder exists and is writable")
        }
        try check(archive_write_set_format_pax_restricted(archive))
        if format == .tarZstd { try check(archive_write_add_filter_zstd(archive)) }
        try check(archive_write_open_fd(archive, descriptor))
    }

    deinit {
        archive_entry_free(entry)
        archive_write_free(archive)
        guard !isFinished, descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
    }

    func add(_ path: String, _ data: Data) throws -> WrittenMember {
        let offset = try begin(path, size: data.count)
        try data.withUnsafeBytes { try write($0) }
        return try end(WrittenMember(path: path, size: data.count, sha256: Digest(of: data), offset: offset))
    }

    func add(_ path: String, file: URL) throws -> WrittenMember {
        let input = open(file.path, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw Failure.system("open", at: file.path, errno: errno) }
        defer { close(input) }
        var status = stat()
        guard fstat(input, &status) == 0 else { throw Failure.system("fstat", at: file.path, errno: errno) }
        guard status.st_mode & S_IFMT == Glibc.S_IFREG else {
            throw Failure("only regular files can be archived", at: file.path, remedy: "name a file, not a folder")
        }
        let size = Int(status.st_size)
        let offset = try begin(path, size: size)
        var hasher = SHA256Stream()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var done = 0
        while done < size {
            let count = read(input, buffer.baseAddress, min(buffer.count, size - done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure.system("read", at: file.path, errno: errno) }
            guard count > 0 else {
                throw Failure(
                    "the file became shorter while it was archived", at: file.path,
                    remedy: "let nothing write to it, and try again", cause: .system)
            }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[0..<count])
            hasher.update(bytes: piece)
            try write(piece)
            done += count
        }
        return try end(WrittenMember(path: path, size: size, sha256: hasher.finish(), offset: offset))
    }

    func add(_ path: String, copyOf original: String) throws -> WrittenMember {
        guard var member = written[original], !copies.contains(original) else {
            throw Failure(
                "member '\(path)' is a copy of '\(original)', which is no member before it", at: url.path,
                remedy: "write the original first")
        }
        _ = try begin(path, size: 0, copyOf: original)
        copies.insert(path)
        member.path = path
        return try end(member)
    }

    /// End marker, fsync, checked close, rename, fsync of the folder: see `DurableFile`.
    func finish() throws {
        try check(archive_write_close(archive))
        guard fsync(descriptor) == 0 else { throw Failure.system("fsync", at: temporary, errno: errno) }
        isFinished = true
        guard close(descriptor) == 0 else {
            let code = errno
            unlink(temporary)
            throw Failure.system("close", at: temporary, errno: code)
        }
        guard rename(temporary, url.path) == 0 else {
            let code = errno
            unlink(temporary)
            throw Failure.system("rename", at: url.path, errno: code)
        }
        try DurableFile.syncDirectory(url.deletingLastPathComponent())
    }

    /// Writes the header, and tells where the data start.
    private func begin(_ path: String, size: Int, copyOf original: String? = nil) throws -> Int? {
        if let problem = MemberPath.problem(with: path) {
            throw Failure("member '\(path)' \(problem)", at: url.path, remedy: "give it a plain relative path")
        }
        guard written[path] == nil else {
            throw Failure("member '\(path)' is there twice", at: url.path, remedy: "give each member its own path")
        }
        archive_entry_clear(entry)
        archive_entry_set_pathname(entry, path)
        archive_entry_set_hardlink(entry, original)
        archive_entry_set_size(entry, Int64(size))
        archive_entry_set_filetype(entry, UInt32(Glibc.S_IFREG))
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_mtime(entry, 0, 0)
        archive_entry_set_uid(entry, 0)
        archive_entry_set_gid(entry, 0)
        try check(archive_write_header(archive, entry))
        return format == .tar ? Int(archive_filter_bytes(archive, 0)) : nil
    }

    private func end(_ member: WrittenMember) throws -> WrittenMember {
        try check(archive_write_finish_entry(archive))
        written[member.path] = member
        return member
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let count = archive_write_data(archive, bytes.baseAddress! + done, bytes.count - done)
            guard count > 0 else { throw failure() }
            done += count
        }
    }

    /// A warning is a failure too: it says that a header was not written as asked.
    private func check(_ result: Int32) throws {
        guard result == ARCHIVE_OK else { throw failure() }
    }

    private func failure() -> Failure {
        Failure(
            "cannot write the archive: \(LibArchive.message(archive))", at: url.path,
            remedy: "check the free space (df) and the folder's permissions", cause: .system)
    }
}
