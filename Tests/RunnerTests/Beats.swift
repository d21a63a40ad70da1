import Foundation
import Spool
import Synchronization

/// Watches a lock's file, and measures the longest time between two signs of life.
final class Beats: Sendable {
    private struct State {
        var last: (modified: Double, seen: Double)?
        var longest = 0.0
        var isStopped = false
    }

    private let state = Mutex(State())

    init(of lock: URL) {
        Thread.detachNewThread { [self] in
            while look(lock) { usleep(10_000) }
        }
    }

    private func look(_ lock: URL) -> Bool {
        let status = FileStatus(lock)
        let now = ProcessInfo.processInfo.systemUptime
        return state.withLock { state in
            guard let status else {
                state.last = nil
                return !state.isStopped
            }
            if let last = state.last {
                state.longest = max(state.longest, now - last.seen)
                if last.modified == status.modified { return !state.isStopped }
            }
            state.last = (status.modified, now)
            return !state.isStopped
        }
    }

    /// The longest silence, in seconds.
    func stop() -> Double {
        state.withLock { state in
            state.isStopped = true
            return state.longest
        }
    }
}
