import Basics
import Foundation
import Glibc

/// A file in a folder that is to be published.
struct FolderMember: Sendable, Hashable, Codable {
    /// Relative, with `/`.
    var path: String
    /// In bytes.
    var size: Int
    var sha256: Digest

    /// Every file below a folder, by path. Links and devices are refused: they would let a result change after it was published.
    static func list(in folder: URL) throws -> [FolderMember] {
        try walk(folder, below: "").files.sorted().map { path in
            let url = folder.appending(path: path)
            var status = stat()
            guard lstat(url.path, &status) == 0 else { throw Failure.system("lstat", at: url.path, errno: errno) }
            return FolderMember(path: path, size: Int(status.st_size), sha256: try Digest(ofFile: url))
        }
    }

    /// Makes every file and folder below `folder`, and itself, durable.
    static func sync(_ folder: URL) throws {
        let (files, folders) = try walk(folder, below: "")
        for file in files {
            let path = folder.appending(path: file).path
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Failure.system("open", at: path, errno: errno) }
            let result = fsync(descriptor)
            let code = errno
            close(descriptor)
            guard result == 0 else { throw Failure.system("fsync", at: path, errno: code) }
        }
        for name in folders.reversed() { try DurableFile.syncDirectory(folder.appending(path: name)) }
        try DurableFile.syncDirectory(folder)
    }

    /// Files and folders, each folder after the one that holds it.
    private static func walk(_ root: URL, below prefix: String) throws -> (files: [String], folders: [String]) {
        var files: [String] = []
        var folders: [String] = []
        let here = prefix.isEmpty ? root : root.appending(path: prefix)
        for name in try FileManager.default.contentsOfDirectory(atPath: here.path) {
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            let full = root.appending(path: path).path
            var status = stat()
            guard lstat(full, &status) == 0 else { throw Failure.system("lstat", at: full, errno: errno) }
            switch status.st_mode & Glibc.S_IFMT {
            case Glibc.S_IFREG: files.append(path)
            case Glibc.S_IFDIR:
                folders.append(path)
                let below = try walk(root, below: path)
                files += below.files
                folders += below.folders
            default:
                throw Failure(
                    "neither a file nor a folder", at: full, remedy: "a stage may write files and folders only",
                    cause: .defect)
            }
        }
        return (files, folders)
    }
}
