public import Foundation

/// An empty folder of its own, removed with the value's last reference.
public final class TemporaryFolder: Sendable {
    public let url: URL

    /// - Parameter inMemory: where possible; for tests that sync thousands of times.
    public init(inMemory: Bool = false) throws {
        let memory = URL(filePath: "/dev/shm")
        let parent =
            inMemory && FileManager.default.isWritableFile(atPath: memory.path)
            ? memory : FileManager.default.temporaryDirectory
        url = parent.appending(path: "jdnas-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The URL of `path` in the folder.
    public subscript(path: String) -> URL { url.appending(path: path) }

    /// Writes a file, with the folders above it.
    @discardableResult public func write(_ data: Data, to path: String) throws -> URL {
        let file = self[path]
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
        return file
    }

    @discardableResult public func write(_ text: String, to path: String) throws -> URL {
        try write(Data(text.utf8), to: path)
    }

    /// The names in a folder of it, sorted.
    public func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self[folder].path).sorted()
    }

    /// The paths of all files below the folder, sorted.
    public func files() -> [String] {
        let found = FileManager.default.subpaths(atPath: url.path) ?? []
        return found.filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: self[path].path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }
}
