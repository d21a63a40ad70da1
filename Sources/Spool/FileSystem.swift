import Basics
public import Foundation
import Glibc

/// A kind of file system call; the raw value names the C function.
public enum FileCall: String, Sendable, CaseIterable {
    case open, write
    case sync = "fsync"
    case close, link, rename, unlink, mkdir
    case syncDirectory = "fsync(directory)"
    case read, list, remove, access
}

/// Lets a test fail or crash the calls of a `FileSystem`. What it throws comes out of the call.
public protocol FileFaults: Sendable {
    func before(_ call: FileCall, at path: String) throws
    func after(_ call: FileCall, at path: String) throws
}

/// The calls that every change of a spool goes through: few, checked, and each of them open to fault injection.
///
/// EINTR is retried. Errors are `Failure`s with the C function's name and the path.
public struct FileSystem: Sendable {
    private let faults: (any FileFaults)?

    public init(faults: (any FileFaults)? = nil) { self.faults = faults }

    /// Writes a new file, every byte, and syncs it. It must not exist.
    ///
    /// - Parameter synced: false for what is of no use after a crash.
    public func create(_ data: Data, at url: URL, synced: Bool = true) throws {
        let path = url.path
        let descriptor = try call(.open, path) {
            try check("open", path) { Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
        }
        do {
            try write(data, to: descriptor, path)
            if synced { _ = try call(.sync, path) { try check("fsync", path) { fsync(descriptor) } } }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        // Not retried: after EINTR the descriptor is gone on Linux (close(2)).
        _ = try call(.close, path) { try check("close", path, retry: false) { Glibc.close(descriptor) } }
    }

    /// Makes the contents of a file that is there durable.
    public func sync(_ url: URL) throws {
        let path = url.path
        let descriptor = try call(.open, path) { try check("open", path) { Glibc.open(path, O_RDONLY | O_CLOEXEC) } }
        defer { Glibc.close(descriptor) }
        _ = try call(.sync, path) { try check("fsync", path) { fsync(descriptor) } }
    }

    /// A second name for a file; false when the name is taken (link(2)).
    public func link(_ from: URL, to: URL) throws -> Bool {
        try call(.link, to.path) {
            if Glibc.link(from.path, to.path) == 0 { return true }
            let code = errno
            if code == EEXIST { return false }
            throw Failure.system("link", at: to.path, errno: code)
        }
    }

    /// Renames a file or a folder, in place of a file that is there (rename(2)).
    public func rename(_ from: URL, to: URL) throws {
        _ = try call(.rename, to.path) { try check("rename", to.path) { Glibc.rename(from.path, to.path) } }
    }

    /// Removes a name; one that is not there is no error.
    public func unlink(_ url: URL) throws {
        try call(.unlink, url.path) {
            if Glibc.unlink(url.path) != 0, errno != ENOENT {
                throw Failure.system("unlink", at: url.path, errno: errno)
            }
        }
    }

    /// Makes one folder; false when the name is taken.
    public func makeFolder(_ url: URL) throws -> Bool {
        try call(.mkdir, url.path) {
            if mkdir(url.path, 0o755) == 0 { return true }
            let code = errno
            if code == EEXIST { return false }
            throw Failure.system("mkdir", at: url.path, errno: code)
        }
    }

    /// Removes a folder and all in it; one that is not there is no error.
    public func removeFolder(_ url: URL) throws {
        try call(.remove, url.path) {
            guard exists(url) else { return }
            do { try FileManager.default.removeItem(at: url) } catch {
                throw Failure("cannot remove the folder", at: url.path, remedy: "check its permissions", cause: .system)
            }
        }
    }

    /// Makes the names in a folder durable.
    public func syncFolder(_ url: URL) throws {
        try call(.syncDirectory, url.path) { try DurableFile.syncDirectory(url) }
    }

    /// The names in a folder, sorted; none if there is no such folder.
    public func list(_ url: URL) throws -> [String] {
        try call(.list, url.path) {
            guard let folder = opendir(url.path) else {
                let code = errno
                if code == ENOENT { return [] }
                throw Failure.system("opendir", at: url.path, errno: code)
            }
            defer { closedir(folder) }
            var names: [String] = []
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
                }
                if name != ".", name != ".." { names.append(name) }
            }
            return names.sorted()
        }
    }

    /// A file's bytes, or nil if there is no such file.
    public func read(_ url: URL) throws -> Data? {
        try call(.read, url.path) {
            guard exists(url) else { return nil }
            do { return try Data(contentsOf: url) } catch {
                // It may have moved on between the two calls.
                if !exists(url) { return nil }
                throw Failure("cannot read the file", at: url.path, remedy: "check its permissions", cause: .system)
            }
        }
    }

    /// Whether names can be made in a folder (access(2)); a file system that is mounted read-only counts.
    public func isWritable(_ folder: URL) -> Bool {
        (try? call(.access, folder.path) { Glibc.access(folder.path, W_OK | X_OK) == 0 }) ?? false
    }

    /// Whether something has this name (a dangling symbolic link too).
    public func exists(_ url: URL) -> Bool { FileStatus(url) != nil }

    private func write(_ data: Data, to descriptor: Int32, _ path: String) throws {
        try data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
            // Under test, in two pieces, so that a crash can leave half a file.
            let piece = faults == nil ? bytes.count : max(1, bytes.count / 2)
            var done = 0
            while done < bytes.count {
                let count = try call(.write, path) {
                    try check("write", path) {
                        Int32(
                            Glibc.write(descriptor, bytes.baseAddress! + done, min(piece, bytes.count - done, 1 << 30)))
                    }
                }
                done += Int(count)
            }
        }
    }

    private func call<Result>(_ kind: FileCall, _ path: String, _ body: () throws -> Result) throws -> Result {
        try faults?.before(kind, at: path)
        let result = try body()
        try faults?.after(kind, at: path)
        return result
    }

    private func check(_ name: String, _ path: String, retry: Bool = true, _ body: () -> Int32) throws -> Int32 {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = errno
            if retry, code == EINTR { continue }
            let remedy: String? =
                switch code {
                case ENOSPC, EDQUOT: "make room on the file system (df), then try again"
                case EACCES, EPERM, EROFS: "check the permissions of the folder"
                default: nil
                }
            throw Failure.system(name, at: path, errno: code, remedy: remedy)
        }
    }
}
