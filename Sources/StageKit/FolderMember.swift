import Basics
import Foundation
import Glibc
import Spool

/// A file of a checkpoint.
struct FolderMember: Sendable, Hashable, Codable {
    /// Relative, with `/`.
    var path: String
    /// In bytes.
    var size: Int
    var sha256: Digest

    /// Every file below a folder, by path.
    static func list(in folder: URL) throws -> [FolderMember] {
        try Receipt.members(of: folder) { _ in false }.map {
            FolderMember(path: $0.path, size: $0.size, sha256: $0.sha256)
        }
    }

    /// Makes every file and folder below `folder`, and itself, durable.
    static func sync(_ folder: URL) throws {
        let walk = try FolderWalk(folder)
        for file in walk.files {
            let path = folder.appending(path: file).path
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Failure.system("open", at: path, errno: errno) }
            let result = fsync(descriptor)
            let code = errno
            close(descriptor)
            guard result == 0 else { throw Failure.system("fsync", at: path, errno: code) }
        }
        for name in walk.folders.reversed() { try DurableFile.syncDirectory(folder.appending(path: name)) }
        try DurableFile.syncDirectory(folder)
    }
}
