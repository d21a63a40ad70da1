import CLinux
public import Foundation
import Glibc
import Processes
public import Spool

public struct RunnerOptions: Sendable {
    /// End when nothing is left to do, instead of waiting for more.
    public var drain = false
    /// Seconds between looks into the inbox.
    public var poll = 1.0
    /// Seconds that what came together may take to be taken in before the first job of it is chosen.
    public var gathering = 1.0
    /// Threads of a stage that does not say.
    public var threads = Int(jd_processors())
    /// How often a stage may fail, by the machine and by itself, before its job fails, where its manifest does not say.
    /// Input errors are not tried again, and an attempt that ended with its runner does not count.
    public var maxAttempts = 3
    /// Seconds before a failed stage is tried again; twice as many before each further time, ten minutes at most.
    public var retryPause = 10.0
    /// Processors that stages may use together; nil: as many as `threads`, so that one ordinary stage runs at a time.
    public var cpus: Int?
    /// Bytes of memory that stages may claim together.
    public var memory = ProcessMemory.ofMachine()
    /// Bytes that the spool's disk must have free for a stage to start.
    public var leastRoom = 64 << 20
    /// A program that is called when a job has ended, with its arguments, beside what the job's manifest says.
    public var onDone: [String]?
    /// Seconds that a program called so may take.
    public var noticeLimit = 60.0
    /// What time it is, for `not_before`, `window` and records. How long something takes is measured by another clock, which nobody
    /// sets.
    public var clock: @Sendable () -> Date = { Date() }
    /// Seconds that the check of a manifest may take.
    public var checkLimit = 120.0
    /// Replace the lock of a runner on another machine that has not been heard of for a minute.
    public var takeOver = false
    /// Seconds that a stage has to save its state when the runner is stopped.
    public var grace = 60.0
    /// Seconds without a change of a stage's log and progress after which it counts as hanging and is ended.
    public var stallLimit = 1800.0
    /// Seconds between signs of life in the lock.
    public var heartbeat = 5.0
    /// Use the result of an earlier stage with the same key, in whatever job, instead of running it again.
    public var useCache = true
    /// Seconds until something that failed for no known fault of a job is tried again; twice as many each further time.
    public var retry = 1.0
    /// What relative paths in manifests refer to that were dropped into the inbox.
    public var base = FileManager.default.currentDirectoryPath

    public init() {}
}

/// What a runner did until it ended.
public struct RunnerSummary: Sendable, Hashable {
    public var done: [JobID] = []
    public var failed: [JobID] = []
    /// Source names of refused manifests.
    public var rejected: [String] = []
    /// Job ids, and names of files in the inbox, of which nothing could be made (`drain`).
    public var left: [String] = []
    /// Set when it was asked to stop. `signal` is nil when no signal asked.
    public var stop: Stop?

    public var stopped: Bool { stop != nil }

    public struct Stop: Sendable, Hashable {
        public var signal: Int32?
        /// Whether it was to go on until nothing is left, which it did not.
        public var early: Bool
    }

    /// 0 when every job of this run is done, or a run without an end was stopped; 1 when one failed, was refused or could not go on; 128 and the signal's number
    /// when a run that was to drain the spool was stopped before.
    public var exitCode: Int32 {
        if let stop { return stop.early ? 128 + (stop.signal ?? SIGINT) : 0 }
        return failed.isEmpty && rejected.isEmpty && left.isEmpty ? 0 : 1
    }
}
