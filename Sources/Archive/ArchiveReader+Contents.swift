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
        var paths: [String] = []
        try forEachMember { member, stream in
            if member.path == path {
                found = try stream.readAll()
                return .stop
            }
            paths.append(member.path)
            return .goOn
        }
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
        var found: [Member] = []
        try forEachMember { member, stream in
            if let paths, !paths.contains(member.path) { return .goOn }
            found.append(member)
            try check(member, try write(member, &stream, below: temporary))
            return .goOn
        }
        try finish()
        guard rename(temporary.path, folder.path) == 0 else {
            throw Failure.system("rename", at: folder.path, errno: errno)
        }
        try DurableFile.syncDirectory(parent)
        return found
    }

    private func write(_ member: Member, _ stream: inout MemberStream, below folder: URL) throws -> Digest {
        let target = folder.appending(path: member.path)
        do {
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        } catch {
            throw Failure(
                "cannot create the folder of member '\(member.path)'", at: url.path,
                remedy: "a file stands where the member needs a folder, or the disk is full (df)", cause: .system)
        }
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
