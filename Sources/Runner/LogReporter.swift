import Basics
import Foundation
import Glibc
import Spool

/// Writes a runner's events for programs to read, one a line: logfmt or JSON, with time, level and event first.
public final class LogReporter: RunnerReporter {
    public enum Format: String, CaseIterable, Sendable { case logfmt, json }

    private let format: Format
    private let descriptor: Int32
    private var shown: [String: (tenth: Int, time: Double)] = [:]

    public init(_ format: Format, descriptor: Int32 = 1) {
        self.format = format
        self.descriptor = descriptor
    }

    public func report(_ event: RunnerEvent) {
        if case .stageProgress(let job, let stage, let progress) = event, !isNews("\(job)/\(stage)", progress) {
            return
        }
        switch event {
        case .stageDone(let job, let stage, _), .stageFailed(let job, let stage, _, _),
            .stageStopped(let job, let stage):
            shown["\(job)/\(stage)"] = nil
        default: break
        }
        let (level, name, fields) = LogReporter.parts(of: event)
        let all = [("time", Timestamp.now.description), ("level", level), ("event", name)] + fields
        let line =
            switch format {
            case .logfmt: all.map { "\($0.0)=\(LogReporter.quoted($0.1))" }.joined(separator: " ")
            case .json: JSON.object(Dictionary(uniqueKeysWithValues: all.map { ($0.0, .string($0.1)) })).canonicalText
            }
        // One write(2) a line, so that lines of several writers do not mix.
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Each tenth of a stage, and once in half a minute.
    private func isNews(_ stage: String, _ progress: ProgressFile) -> Bool {
        let tenth = Int(progress.fraction * 10)
        let now = ProcessInfo.processInfo.systemUptime
        if let last = shown[stage], last.tenth == tenth, now - last.time < 30 { return false }
        shown[stage] = (tenth, now)
        return true
    }

    private static func parts(of event: RunnerEvent) -> (level: String, name: String, fields: [(String, String)]) {
        switch event {
        case .started(let spool, let owner):
            ("info", "started", [("spool", spool.path), ("host", owner.host), ("pid", "\(owner.pid)")])
        case .note(let text): ("warn", "note", [("text", text)])
        case .accepted(let job, let source): ("info", "accepted", [("job", job.text), ("source", source)])
        case .rejected(let source, let text): ("error", "rejected", [("source", source), ("text", text)])
        case .stageStarted(let job, let stage, let plugin, let attempt, let resumed):
            (
                "info", "stage-started",
                [
                    ("job", job.text), ("stage", stage), ("plugin", plugin), ("attempt", "\(attempt)"),
                    ("resumed", "\(resumed)"),
                ]
            )
        case .stageProgress(let job, let stage, let progress):
            (
                "info", "stage-progress",
                [("job", job.text), ("stage", stage), ("fraction", "\((progress.fraction * 1000).rounded() / 1000)")]
                    + (progress.eta.map { [("eta", "\(Int($0))")] } ?? []) + [("text", progress.message)]
            )
        case .stageDone(let job, let stage, let seconds):
            ("info", "stage-done", [("job", job.text), ("stage", stage), ("seconds", tenths(seconds))])
        case .stageCached(let job, let stage, let source):
            ("info", "stage-cached", [("job", job.text), ("stage", stage), ("source", source)])
        case .stageFailed(let job, let stage, let reason, let again):
            (
                again ? "warn" : "error", "stage-failed",
                [("job", job.text), ("stage", stage), ("again", "\(again)"), ("reason", reason)]
            )
        case .jobDone(let job, let seconds, let bundle, _, _):
            ("info", "job-done", [("job", job.text), ("seconds", tenths(seconds)), ("bundle", bundle.path)])
        case .jobFailed(let job, let reason, let bundle):
            ("error", "job-failed", [("job", job.text), ("reason", reason), ("bundle", bundle.path)])
        case .stageStopped(let job, let stage): ("info", "stage-stopped", [("job", job.text), ("stage", stage)])
        case .reloading: ("info", "reloading", [])
        case .reloaded(let changes):
            (
                changes == nil ? "error" : "info", "reloaded",
                [("changes", changes.map { $0.isEmpty ? "none" : $0.joined(separator: ", ") } ?? "faulty, none taken")]
            )
        case .stopping: ("info", "stopping", [])
        case .stopped: ("info", "stopped", [])
        }
    }

    private static func tenths(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10)" }

    /// A value of logfmt: in quotes where it is not a plain word.
    private static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C && $0 != 0x7F }
        if plain, !text.isEmpty { return text }
        // JSON's quotes and escapes are logfmt's.
        return JSON.string(text).canonicalText
    }
}
