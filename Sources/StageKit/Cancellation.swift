import Basics
import Glibc
import Synchronization

/// Whether the work is to stop: set by SIGTERM in a stage's process, or by hand in tests.
public final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    public init() {}

    /// The one that `SIGTERM` sets once `installSignalHandler` has run.
    static let process = Cancellation()

    public var isCancelled: Bool { flag.load(ordering: .relaxed) }

    public func cancel() { flag.store(true, ordering: .relaxed) }

    static func installSignalHandler() {
        // Made before a signal can come: its lazy initialiser is not safe in a handler, the store is.
        _ = process.isCancelled
        signal(SIGTERM) { _ in Cancellation.process.cancel() }
    }
}
