public import Basics
public import Foundation
import Glibc

extension ArchiveReader {
    /// All members, in the archive's order.
    public func members() throws -> [Member] {
        var found: [Member] = []
        try forEachMember { member, _ in
            found.append(member)
            return .goOn
        }
        return found
    }

    /// The contents of one member.
    public func data(of path: String) throws -> Data {
        var found: Data?
        var original: String?
        var paths: [String] = []
        try forEachMember { member, stream in
            if member.path == path {
                original = member.copyOf
                found = try stream.readAll()
                return .stop
            }
            paths.append(member.path)
            return .goOn
        }
        // It came before, and no copy names a copy.
        if let original { return try data(of: original) }
        guard let found else {
            let near = suggestion(for: path, among: paths).map { "did you mean '\($0)'?" }
            throw Failure("there is no member '\(path)'", at: url.path, remedy: near ?? "list the archive's members")
        }
        return found
    }

    /// Unpacks into a new folder: all members, or nothing.
    @discardableResult public func unpack(to folder: URL) throws -> [Member] {
        try unpack(to: folder) { _, _ in }
    }

    /// Unpacks into a new folder, all members or those of some paths; `check` sees each member with its digest, `finish` comes before the folder gets its name,
    /// and both may refuse by throwing.
    @discardableResult public func unpack(
        to folder: URL, only paths: Set<String>? = nil, check: (Member, Digest) throws -> Void,
        finish: () throws -> Void = {}
    ) throws -> [Member] {
        let files = FileManager.default
        if let present = try? files.contentsOfDirectory(atPath: folder.path), !present.isEmpty {
            throw Failure("the folder is not empty", at: folder.path, remedy: "name a new folder to unpack to")
        }
        if (try? files.attributesOfItem(atPath: folder.path)[.type] as? FileAttributeType).map({ $0 != .typeDirectory })
            == true
        {
            throw Failure("there is a file of this name", at: folder.path, remedy: "name a new folder to unpack to")
        }
        let parent = folder.deletingLastPathComponent()
        let temporary = parent.appending(
            path: ".\(folder.lastPathComponent).\(getpid())-\(UInt64.random(in: 0...(.max))).tmp")
        do {
            try files.createDirectory(at: temporary, withIntermediateDirectories: true)
        } catch {
            throw Failure(
                "cannot create a folder to unpack to", at: parent.path, remedy: "check that it is writable",
                cause: .system)
        }
        defer { try? files.removeItem(at: temporary) }
        let found = try unpack(into: temporary, only: paths, check)
        try finish()
        guard rename(temporary.path, folder.path) == 0 else {
            throw Failure.system("rename", at: folder.path, errno: errno)
        }
        try DurableFile.syncDirectory(parent)
        return found
    }

    private func unpack(
        into folder: URL, only paths: Set<String>?, _ check: (Member, Digest) throws -> Void
    ) throws -> [Member] {
        let first = try paths.map { try firstCopies(in: $0) } ?? [:]
        var found: [Member] = []
        var written: [String: (path: String, digest: Digest)] = [:]
        try forEachMember { member, stream in
            let original = member.copyOf ?? member.path
            if member.copyOf == nil, paths?.contains(member.path) ?? true || first[original] != nil {
                let path = first[original] ?? member.path
                written[original] = (path, try write(path, &stream, below: folder))
            }
            guard paths?.contains(member.path) ?? true, let (path, digest) = written[original] else { return .goOn }
            if path != member.path { try link(path, member.path, below: folder) }
            found.append(member)
            try check(member, digest)
            return .goOn
        }
        return found
    }

    /// Of plain members that are not wanted themselves: the first copy that is, which takes their bytes.
    private func firstCopies(in wanted: Set<String>) throws -> [String: String] {
        guard allowsCopies else { return [:] }
        return try members().reduce(into: [:]) { first, member in
            guard let original = member.copyOf, wanted.contains(member.path), !wanted.contains(original) else { return }
            if first[original] == nil { first[original] = member.path }
        }
    }

    /// A second name, or a second file where the file system has no more names for it.
    private func link(_ path: String, _ copy: String, below folder: URL) throws {
        let (source, target) = (folder.appending(path: path), try place(copy, below: folder))
        if Glibc.link(source.path, target.path) == 0 { return }
        guard [EMLINK, EPERM, ENOTSUP, ENOSYS, EXDEV].contains(errno) else {
            throw Failure.system("link", at: target.path, errno: errno)
        }
        do {
            try FileManager.default.copyItem(at: source, to: target)
            let handle = try FileHandle(forUpdating: target)
            try handle.synchronize()
            try handle.close()
        } catch {
            throw Failure(
                "cannot copy member '\(path)' to '\(copy)'", at: url.path, remedy: "check the free space (df)",
                cause: .system)
        }
    }

    /// Where a member goes; its folder is made.
    private func place(_ path: String, below folder: URL) throws -> URL {
        let target = folder.appending(path: path)
        do {
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        } catch {
            throw Failure(
                "cannot create the folder of member '\(path)'", at: url.path,
                remedy: "a file stands where the member needs a folder, or the disk is full (df)", cause: .system)
        }
        return target
    }

    private func write(_ path: String, _ stream: inout MemberStream, below folder: URL) throws -> Digest {
        let target = try place(path, below: folder)
        let descriptor = open(target.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.system("open", at: target.path, errno: errno) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var hasher = SHA256Stream()
        while let piece = try stream.read() {
            hasher.update(piece)
            do { try handle.write(contentsOf: piece) } catch {
                throw Failure.system("write", at: target.path, errno: ENOSPC, remedy: "check the free space (df)")
            }
        }
        guard fsync(descriptor) == 0 else { throw Failure.system("fsync", at: target.path, errno: errno) }
        return hasher.finish()
    }
}
