import Foundation
import Glibc

/// Adds up what removing files frees: the blocks of those whose last name goes.
struct SpaceTally {
    private var seen: [UInt64: UInt64] = [:]
    /// In bytes, as allocated on the disk.
    private(set) var bytes = 0

    /// Adds a file, or a folder with all in it; returns what that frees. What is not there frees nothing.
    mutating func add(_ url: URL) -> Int {
        let before = bytes
        count(url.path)
        return bytes - before
    }

    private mutating func count(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        let isFolder = status.st_mode & Glibc.S_IFMT == Glibc.S_IFDIR
        if !isFolder, status.st_nlink > 1 {
            let names = seen[UInt64(status.st_ino), default: 0] + 1
            seen[UInt64(status.st_ino)] = names
            if names != UInt64(status.st_nlink) { return }
        }
        // st_blocks counts units of 512 bytes on Linux, whatever the file system's (stat(2)).
        bytes += Int(status.st_blocks) * 512
        guard isFolder, let names = try? FileSystem().list(URL(filePath: path)) else { return }
        for name in names { count("\(path)/\(name)") }
    }
}
