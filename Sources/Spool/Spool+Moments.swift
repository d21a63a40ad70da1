import Foundation
import Synchronization

extension Spool {
    /// The time of a job that is handed in now: this machine's clock, but later than that of every job that is here. So jobs keep
    /// their order, and find those that they name, though the clock was put back (the idea of a hybrid logical clock, Kulkarni
    /// et al. 2014).
    public func nextMoment() throws -> Timestamp {
        let look = Look(uptime: ProcessInfo.processInfo.systemUptime, time: .now)
        let now = Timestamp.next()
        if let last = Spool.looks.withLock({ $0[root.path] }), last.holds(at: look) { return now }
        let latest = try latestJob(notBefore: now)
        Spool.looks.withLock { $0[root.path] = latest.map { $0 < now } ?? true ? look : nil }
        return max(now, latest?.successor ?? now)
    }

    /// The time of the latest job of this second, or of a later one. An id says the second of its job's time, so as a rule no file
    /// has to be read.
    private func latestJob(notBefore now: Timestamp) throws -> Timestamp? {
        let second = Array(now.compact.utf8)
        let later = try files.list(work).filter {
            !$0.utf8.dropLast(7).suffix(second.count).lexicographicallyPrecedes(second)
        }
        return later.compactMap { JobID($0) }.compactMap { ((try? find($0)) ?? nil)?.token.submitted }.max()
    }

    /// When this process last saw, by spool, that no job is of a later time than now.
    private static let looks = Mutex<[String: Look]>([:])

    private struct Look {
        /// By a clock that nobody sets.
        var uptime: Double
        var time: Timestamp

        /// Whether nothing can have changed since: it was just now, and the clock was not put back. Ten thousand drops must not
        /// be as many listings of ten thousand names.
        func holds(at now: Look) -> Bool {
            let seconds = now.uptime - uptime
            return seconds < 1 && now.time.seconds(since: time) > seconds - 0.01
        }
    }
}
