public import Foundation
public import Spool

/// What a runner does, for whoever watches.
public enum RunnerEvent: Sendable {
    case started(spool: URL, owner: Owner)
    /// Something that was put right, or that should be known.
    case note(String)
    case accepted(JobID, source: String)
    case rejected(source: String, diagnostics: String)
    /// `resumed`: from a checkpoint of an earlier attempt.
    case stageStarted(JobID, stage: String, plugin: String, attempt: Int, resumed: Bool)
    case stageProgress(JobID, stage: String, ProgressFile)
    case stageDone(JobID, stage: String, seconds: Double)
    /// The same had been done before: `source` is the attempt that did it.
    case stageCached(JobID, stage: String, source: String)
    case stageFailed(JobID, stage: String, reason: String, again: Bool)
    /// It was asked to save its state, or found no room on the disk; it goes on later.
    case stageStopped(JobID, stage: String)
    /// `pages` are the results that people look at: the HTML files among the bundle's members.
    case jobDone(JobID, seconds: Double, bundle: URL, pages: [URL], headline: [String])
    case jobFailed(JobID, reason: String, bundle: URL)
    /// The configuration is read again.
    case reloading
    /// It was; nil: it is faulty, and the old values stay.
    case reloaded(changes: [String]?)
    case stopping
    case stopped
}

/// Gets a runner's events, on the runner's thread.
public protocol RunnerReporter: AnyObject {
    func report(_ event: RunnerEvent)
}

/// Says nothing.
public final class SilentReporter: RunnerReporter {
    public init() {}
    public func report(_ event: RunnerEvent) {}
}
