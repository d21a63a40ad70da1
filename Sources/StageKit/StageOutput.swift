public import Basics
public import Foundation
import Synchronization

/// Where a stage writes. Every file below `directory` becomes a member of the artifact.
public final class StageOutput: Sendable {
    public let directory: URL
    private let state = Mutex(State())

    private struct State {
        var bundled: Set<String> = []
        var summary: JSON = [:]
    }

    public init(directory: URL) { self.directory = directory }

    /// Whether a member goes into the job's bundle; without a word it does not. A folder's path speaks for all below it.
    public func mark(_ path: String, bundle: Bool) {
        state.withLock { state in
            if bundle { state.bundled.insert(path) } else { state.bundled.remove(path) }
        }
    }

    /// A few numbers and names for listings and later stages.
    public var summary: JSON {
        get { state.withLock { $0.summary } }
        set { state.withLock { $0.summary = newValue } }
    }

    /// The paths that were marked for the bundle.
    var marked: Set<String> { state.withLock { $0.bundled } }

    func isBundled(_ path: String) -> Bool {
        state.withLock { state in
            state.bundled.contains { path == $0 || path.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") }
        }
    }
}
