public import Foundation
import Glibc

/// Files that are either whole and on the disk, or not there at all.
///
/// The order is: a unique file beside the target, all bytes, `fsync` of the file, checked `close`, then `rename`,
/// then `fsync` of the folder (rename(2), fsync(2)). A reader never sees half a file, and a crash
/// leaves the old contents or the new, never a mixture.
public enum DurableFile {
    /// Writes `data` to `url`, in place of what is there.
    public static func write(_ data: Data, to url: URL) throws {
        let temporary = try stage(data, beside: url)
        guard rename(temporary, url.path) == 0 else {
            let code = errno
            unlink(temporary)
            throw Failure.system("rename", at: url.path, errno: code)
        }
        try syncDirectory(url.deletingLastPathComponent())
    }

    /// Writes `text` as UTF-8.
    public static func write(_ text: String, to url: URL) throws { try write(Data(text.utf8), to: url) }

    /// Makes the entries of a folder durable.
    public static func syncDirectory(_ url: URL) throws {
        let descriptor = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure.system("open", at: url.path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure.system("fsync", at: url.path, errno: errno) }
    }

    /// Writes a file that nobody knows yet, and syncs it. Its name starts with a dot and ends in `.tmp`.
    private static func stage(_ data: Data, beside url: URL) throws -> String {
        let folder = url.deletingLastPathComponent().path
        let path = "\(folder)/.\(url.lastPathComponent).\(getpid())-\(UInt64.random(in: 0...(.max))).tmp"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Failure.system("open", at: path, errno: errno, remedy: "check that the folder exists and is writable")
        }
        do {
            try writeAll(data, to: descriptor, at: path)
            guard fsync(descriptor) == 0 else { throw Failure.system("fsync", at: path, errno: errno) }
        } catch {
            close(descriptor)
            unlink(path)
            throw error
        }
        guard close(descriptor) == 0 else {
            let code = errno
            unlink(path)
            throw Failure.system("close", at: path, errno: code)
        }
        return path
    }

    /// Writes every byte, going on after short writes and EINTR (write(2)).
    private static func writeAll(_ data: Data, to descriptor: Int32, at path: String) throws {
        try data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw Failure.system("write", at: path, errno: errno, remedy: "check the free space (df)")
                }
                done += count
            }
        }
    }
}
