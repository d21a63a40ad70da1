import Foundation
import TestSupport

/// A small file system of its own, where one can be mounted (root can), that can be filled and made read-only.
final class Disk {
    private let scratch: TemporaryFolder
    let url: URL
    private(set) var isMounted = false

    /// - Parameter mebibytes: its size.
    init(mebibytes: Int) throws {
        scratch = try TemporaryFolder(inMemory: true)
        url = scratch.url.appending(path: "disk")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        isMounted = mount("-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", url.path)
    }

    private func mount(_ words: String...) -> Bool { Command.run("mount", words).code == 0 }

    private var filler: URL { url.appending(path: "filler") }

    /// Takes all room that is left. False where that would fill somebody else's disk.
    func fill() -> Bool {
        guard isMounted else { return false }
        _ = FileManager.default.createFile(atPath: filler.path, contents: nil)
        guard let handle = try? FileHandle(forWritingTo: filler) else { return false }
        let piece = Data(count: 1 << 20)
        while (try? handle.write(contentsOf: piece)) != nil {}
        try? handle.close()
        return true
    }

    func empty() { try? FileManager.default.removeItem(at: filler) }

    /// False where something is open for writing, or nothing is mounted.
    func makeReadOnly() -> Bool { isMounted && mount("-o", "remount,ro", url.path) }

    func makeWritable() { if isMounted { _ = mount("-o", "remount,rw", url.path) } }

    func unmount() {
        guard isMounted else { return }
        makeWritable()
        _ = Command.run("umount", ["-l", url.path])
        isMounted = false
    }
}
