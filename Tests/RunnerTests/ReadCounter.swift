import Spool
import Synchronization

/// Counts how often files are read whose paths contain a text.
final class ReadCounter: FileFaults {
    private let text: String
    private let found = Mutex(0)

    init(_ text: String) { self.text = text }

    var count: Int { found.withLock { $0 } }

    func before(_ call: FileCall, at path: String) throws {
        if call == .read, path.contains(text), path.hasSuffix(".json") { found.withLock { $0 += 1 } }
    }

    func after(_ call: FileCall, at path: String) throws {}
}
