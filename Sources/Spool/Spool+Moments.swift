import Foundation
import Synchronization

extension Spool {
    /// The time of a job that is handed in now: this machine's clock, but later than that of every job that is here. So jobs keep
    /// their order, and find those that they name, though the clock was put back (the idea of a hybrid logical clock, Kulkarni
    /// et al. 2014).
    public func nextMoment() throws -> Timestamp {
        let look = Look(uptime: ProcessInfo.processInfo.systemUptime, time: .now)
        let now = Timestamp.next()
        // A process whose own times run ahead of the clock looks each time: others hand in close behind the latest job.
        let isWithTheClock = now.seconds(since: .now) < 0.05
        if isWithTheClock, let last = Spool.looks.withLock({ $0[root.path] }), last.holds(at: look) { return now }
        let latest = try latestJob(notBefore: look.time)
        let isLast = latest.map { $0 < look.time } ?? true
        Spool.looks.withLock { $0[root.path] = isWithTheClock && isLast ? look : nil }
        // No more than that: what is late here is so in this spool, and only as long as that job is in it.
        return isLast ? now : max(now, latest?.successor ?? now)
    }

    /// The time of the latest job of this second, or of a later one. An id says the second of its job's time: as a rule no file has
    /// to be read, and where there are later jobs only those of the latest second.
    private func latestJob(notBefore now: Timestamp) throws -> Timestamp? {
        let now = now.compact
        let later = Dictionary(
            grouping: try files.list(work).filter { $0.utf8.count > 7 + now.utf8.count },
            by: { String(decoding: $0.utf8.dropLast(7).suffix(now.utf8.count), as: UTF8.self) }
        ).filter { $0.key >= now }
        for (_, names) in later.sorted(by: { $0.key > $1.key }) {
            let found = names.compactMap { JobID($0) }.compactMap { ((try? find($0)) ?? nil)?.token.submitted }.max()
            if let found { return found }
        }
        return nil
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
