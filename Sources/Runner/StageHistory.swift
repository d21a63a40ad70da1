import Basics
import Foundation
import Manifest
import Spool
import StageKit

/// What stages were run in a spool, and how long they took: newest jobs first, of the last hundred.
struct StageHistory {
    struct Entry {
        /// `JOB/STAGE`.
        var name: String
        var request: StageRequest
        /// Of the attempts that led to the result; nil where it was taken from an earlier job, or is not done.
        var seconds: Double?
        /// False of one that runs, was stopped or failed.
        var isDone: Bool
    }

    private let entries: [Entry]

    init(_ spool: Spool) throws {
        var tokens: [Token] = []
        for folder in StateFolder.allCases where folder > .inbox && folder != .rejected {
            tokens += try spool.tokens(in: folder)
        }
        entries = tokens.sorted { Token.isEarlier($1, $0) }.prefix(100).flatMap { token in
            spool.stageNames(token.id).compactMap { StageHistory.entry(spool, token.id, $0) }
        }
    }

    private static func entry(_ spool: Spool, _ id: JobID, _ stage: String) -> Entry? {
        let attempts = (try? spool.attempts(id, stage)) ?? []
        guard let last = attempts.last(where: { FileManager.default.fileExists(atPath: $0.request.path) }),
            let request = try? StageRequest.read(last.request)
        else { return nil }
        let outcomes = attempts.compactMap { spool.outcome(of: $0) }
        var seconds: Double?
        if outcomes.last?.result == .done, outcomes.count == attempts.count {
            seconds = outcomes.map { max(0, $0.ended.seconds(since: $0.started)) }.reduce(0, +)
        }
        let isDone = FileManager.default.fileExists(atPath: spool.receiptFile(id, stage).path)
        return Entry(name: "\(id)/\(stage)", request: request, seconds: seconds, isDone: isDone)
    }

    /// The run that tells most of how long a stage takes: one with the same options, threads and inputs, else the latest of its
    /// plugin and name, else of its plugin.
    ///
    /// - Parameters:
    ///   - job: the stage's job's name. Inputs that are to be made are taken for like ones where that job ran before.
    ///   - inputs: nil where some of them are to be made.
    func like(
        _ stage: ResolvedJob.Stage, of job: String, inputs: [Digest]?, threads: Int
    ) -> (seconds: Double, text: String, isSame: Bool)? {
        let timed = entries.filter { $0.request.plugin == stage.plugin && $0.seconds != nil }
        let same = timed.first { entry in
            let request = entry.request
            guard request.options == stage.options, request.threads == threads else { return false }
            guard let inputs else { return request.job == job }
            return request.inputs.map(\.digest) == inputs
        }
        guard let found = same ?? timed.first(where: { $0.request.stage == stage.name }) ?? timed.first,
            let seconds = found.seconds
        else { return nil }
        return (seconds, same == nil ? "\(found.name), with other options, inputs or threads" : found.name, same != nil)
    }

    /// The run that a stage is most like: the same, and rather one with a result; else of its plugin, and rather of its name.
    func nearest(to stage: ResolvedJob.Stage, _ key: Digest) -> Entry? {
        let own = entries.filter { $0.request.plugin == stage.plugin }
        let same = own.filter { $0.request.key == key }
        return same.first(where: \.isDone) ?? same.first
            ?? own.first { $0.request.stage == stage.name && $0.request.options == stage.options }
            ?? own.first { $0.request.stage == stage.name } ?? own.first
    }
}

extension StageHistory.Entry {
    /// In what a stage differs from this run, in words.
    func changes(
        to stage: ResolvedJob.Stage, seed: UInt64, inputs: [StageRequest.Input], threads: Int
    ) -> [String] {
        var changes: [String] = []
        if request.pluginVersion != stage.pluginVersion {
            changes.append("the plugin's version (\(request.pluginVersion) → \(stage.pluginVersion))")
        }
        let options = StageHistory.differences(request.options, stage.options)
        changes += options.prefix(3)
        if options.count > 3 { changes.append("\(options.count - 3) more options") }
        let before = request.inputs.map(\.digest)
        for input in inputs where !before.contains(input.digest) { changes.append("its input '\(input.reference)'") }
        if inputs.count < before.count { changes.append("fewer inputs") }
        if request.seed != seed { changes.append("the seed (\(request.seed) → \(seed))") }
        if request.stage != stage.name { changes.append("its name, which its random numbers depend on") }
        if request.threads != threads { changes.append("its threads (\(request.threads) → \(threads))") }
        return changes.isEmpty ? ["the order of its inputs"] : changes
    }
}

extension StageHistory {
    /// `plan.epochs (12 → 16)` for each leaf that differs.
    static func differences(_ old: JSON, _ new: JSON, at path: String = "") -> [String] {
        if old == new { return [] }
        if let a = old.object, let b = new.object {
            return Set(a.keys).union(b.keys).sorted().flatMap { key in
                differences(a[key] ?? .null, b[key] ?? .null, at: path.isEmpty ? key : "\(path).\(key)")
            }
        }
        func text(_ json: JSON) -> String { shown(json == .null ? "none" : json.string ?? json.canonicalText) }
        return ["\(path) (\(text(old)) → \(text(new)))"]
    }
}
