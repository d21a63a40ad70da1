import Basics
import Foundation
import Manifest
import Runner
import Spool
import StageKit
import Synchronization
import TestSupport
import Testing

/// A spool, the fake stage program, and what the runner said.
final class Workshop: RunnerReporter {
    let scratch: TemporaryFolder
    let spool: Spool
    private(set) var events: [String] = [] { didSet { if let last = events.last { onEvent?(last) } } }
    /// Called on the runner's thread with each event.
    var onEvent: ((String) -> Void)?

    init() throws {
        scratch = try TemporaryFolder(inMemory: true)
        spool = try Spool(at: scratch.url.appending(path: "spool"), create: true)
    }

    /// Opens a spool that is there.
    init(scratch: TemporaryFolder) throws {
        self.scratch = scratch
        spool = try Spool(at: scratch.url.appending(path: "spool"), create: true)
    }

    static let program = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Programs/fake-stage.sh")

    static var options: RunnerOptions {
        var options = RunnerOptions()
        options.drain = true
        options.poll = 0.05
        options.threads = 1
        options.retry = 0.02
        options.retryPause = 0.02
        return options
    }

    /// - Parameters:
    ///   - spool: another view of the same spool, one with faults.
    ///   - executor: where stages run, if not as child processes.
    func run(
        stop: StopFlag? = nil, spool: Spool? = nil, executor: (any StageExecutor)? = nil,
        configuration: RunnerConfiguration? = nil, change: (inout RunnerOptions) -> Void = { _ in }
    ) throws -> RunnerSummary {
        var options = Workshop.options
        change(&options)
        return try Runner(
            spool: spool ?? self.spool, stageProgram: Workshop.program, options: options, reporter: self,
            executor: executor, stop: stop, configuration: configuration
        ).run()
    }

    /// A manifest for the fake program: the report that a check would give. Stages are `name: (behaviour, needs)`.
    static func manifest(
        _ job: String, _ stages: [(String, String, [String])], more: JSON = .null, reuse: Reuse? = .anywhere,
        rules: JobRules? = nil, stageRules: StageRules? = nil
    ) throws -> Data {
        let resolved = ResolvedJob(
            job: job, seed: 7, rules: rules,
            stages: stages.map { name, behaviour, needs in
                ResolvedJob.Stage(
                    name: name, plugin: "make-dataset", pluginVersion: 1,
                    options: ["behaviour": .string(behaviour), "more": more],
                    needs: needs.compactMap { InputReference($0) },
                    consumes: [InputRequirement(.dataset, required: false)], produces: .dataset, reuse: reuse,
                    rules: stageRules)
            })
        return Data(try JSON(encoding: ValidationReport(file: "x", .success(resolved))).prettyText.utf8)
    }

    @discardableResult
    func submit(
        _ job: String, _ stages: [(String, String, [String])], more: JSON = .null, reuse: Reuse? = .anywhere,
        rules: JobRules? = nil, stageRules: StageRules? = nil
    ) throws -> JobID {
        let manifest = try Workshop.manifest(
            job, stages, more: more, reuse: reuse, rules: rules, stageRules: stageRules)
        return try spool.submit(manifest: manifest, name: job, base: "/", key: rules?.key)
    }

    func state(_ id: JobID) throws -> StateFolder? { try spool.find(id)?.folder }

    func report(_ event: RunnerEvent) {
        switch event {
        case .started, .stageProgress, .stageStopped, .reloading: break
        case .reloaded(let changes): events.append("reloaded \(changes?.joined(separator: ", ") ?? "nothing")")
        case .note(let text): events.append("note \(text)")
        case .accepted(_, let source): events.append("accepted \(source)")
        case .rejected(let source, _): events.append("rejected \(source)")
        case .stageStarted(_, let stage, _, let attempt, let resumed):
            events.append("\(stage) \(attempt)\(resumed ? " resumed" : "")")
        case .stageDone(_, let stage, _): events.append("\(stage) done")
        case .stageCached(_, let stage, _): events.append("\(stage) cached")
        case .stageFailed(_, let stage, _, let again): events.append("\(stage) failed\(again ? ", again" : "")")
        case .jobDone(let job, _, _, _, let headline):
            events.append("\(job.jobName) done")
            events += headline
        case .jobFailed(let job, _, _): events.append("\(job.jobName) failed")
        case .stopping: events.append("stopping")
        case .stopped: events.append("stopped")
        }
    }
}
