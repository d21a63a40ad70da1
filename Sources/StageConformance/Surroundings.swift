import Basics
import Foundation
import Glibc
import Spool

/// The working directory and `TMPDIR` of this process.
struct Surroundings {
    private let before: (directory: String, temporary: String?)
    private let directory: URL
    private let temporary: URL

    init(directory: URL, temporary: URL) throws {
        before = (
            FileManager.default.currentDirectoryPath, ProcessInfo.processInfo.environment["TMPDIR"]
        )
        self.directory = directory
        self.temporary = temporary
    }

    func enter() throws {
        setenv("TMPDIR", temporary.path, 1)
        try go(to: directory.path)
    }

    func leave() {
        try? go(to: before.directory)
        if let value = before.temporary { setenv("TMPDIR", value, 1) } else { unsetenv("TMPDIR") }
    }

    func go(to path: String) throws {
        guard chdir(path) == 0 else { throw Failure.system("chdir", at: path, errno: errno) }
    }
}

enum Folder {
    static func make(_ url: URL) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    /// Of all that is in it, and of itself. Root is not held up by this: what is written is looked for as well.
    static func setWritable(_ url: URL, _ writable: Bool) {
        func set(_ path: String) {
            switch FileStatus(URL(filePath: path))?.kind {
            case .file: chmod(path, writable ? 0o644 : 0o444)
            case .folder: chmod(path, writable ? 0o755 : 0o555)
            case .other, nil: break
            }
        }
        set(url.path)
        for path in FileManager.default.enumerator(atPath: url.path)?.compactMap({ $0 as? String }) ?? [] {
            set(url.appending(path: path).path)
        }
    }
}
