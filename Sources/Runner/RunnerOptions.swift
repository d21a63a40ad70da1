import CLinux
import Foundation
public import Spool

public struct RunnerOptions: Sendable {
    /// End when nothing is left to do, instead of waiting for more.
    public var drain = false
    /// Seconds between looks into the inbox.
    public var poll = 1.0
    /// Threads of a stage that does not say.
    public var threads = Int(jd_processors())
    /// How often a stage may fail by itself before its job fails. Input errors are not tried again, and an attempt that
    /// ended with its runner does not count.
    public var maxAttempts = 3
    /// Replace the lock of a runner on another machine that has not been heard of for a minute.
    public var takeOver = false
    /// Seconds that a stage has to save its state when the runner is stopped.
    public var grace = 60.0
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
    /// Whether it was asked to stop, with work left perhaps.
    public var stopped = false

    /// 0 when every job of this run is done; 1 when one failed or was refused.
    public var exitCode: Int32 { failed.isEmpty && rejected.isEmpty ? 0 : 1 }
}
