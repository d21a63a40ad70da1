import Basics
import CLinux
import Foundation
import Spool
import StatusPage

/// The spool is another runner's: nothing may be moved or published any more. Not a `Failure`, so that nobody takes it for
/// trouble with one job.
struct LostLock: Error {
    let failure: Failure
}

extension Runner {
    /// Shows every few seconds that this runner lives; throws when another one has taken the spool over.
    func beat() throws {
        if now - lastBeat >= options.heartbeat { try verifyLock() }
        refreshStatusPage()
    }

    /// Makes sure that the spool is still this runner's, and shows that it lives.
    func verifyLock() throws {
        do { try lock?.beat() } catch { throw LostLock(failure: Failure(anything: error, at: spool.lockFile.path)) }
        lastBeat = now
    }

    /// Does long work that cannot be interrupted (hashing an artifact, packing a bundle), while another thread keeps the heart
    /// beating: a runner that is not heard of for a minute can be taken over.
    func whileBeating<Result>(_ work: () throws -> Result) throws -> Result {
        guard let lock else { return try work() }
        // Not a semaphore: those of libdispatch wait by the time of day (sem_timedwait(3)), and a clock that is put back by an
        // hour would stop the heart for as long. poll(2) knows no time of day.
        let done = try StopFlag()
        let milliseconds = Int32(options.heartbeat * 1000)
        let pulse = Thread { [statusPage] in
            // A lost lock shows in `verifyLock`, before anything is published.
            while true {
                var ready: Int32 = -1
                let code = jd_poll([done.descriptor], 1, milliseconds, &ready)
                if done.count > 0 || code != 0 { return }
                if (try? lock.beat()) != nil { statusPage.refresh() }
            }
        }
        pulse.start()
        defer { done.stop() }
        return try work()
    }
}

extension Failure {
    /// Any error as a failure.
    init(anything error: any Error, at place: String) {
        self =
            error as? Failure ?? Failure(foundation: error, at: place)
            ?? Failure("\(error)", at: place, cause: .system)
    }
}
