import Basics
import Foundation
import Spool
import StageKit

/// What has to be done next for a job.
enum Step {
    case run(ResolvedJob, ResolvedJob.Stage, [StageRequest.Input])
    /// Another job has to go on first.
    case wait
    /// The verdict is clear: write it down, then conclude.
    case finish(JobState)
    /// The verdict was written down before: build the bundle and move the token.
    case conclude
}

extension Runner {
    /// Decides from what lies in the spool, and from nothing else.
    func plan(_ token: Token, in folder: StateFolder) throws -> Step {
        if token.state.folder.isFinal { return .conclude }
        if spool.wishes(for: token.id).isCancelled { return fail(token, nil, "cancelled on request") }
        let job: ResolvedJob
        switch try resolvedJob(of: token) {
        case .success(let resolved): job = resolved
        case .failure(let refusal):
            return fail(token, nil, refusal.text.split(separator: "\n").first.map(String.init) ?? refusal.text)
        }
        let open = try job.stages.filter { try !isDone($0, token) }
        if open.isEmpty {
            let started: Timestamp = if case .running(_, let time) = token.state { time } else { token.submitted }
            return .finish(.done(started: started, finished: .now, bundle: spool.bundle(token.id).lastPathComponent))
        }
        let resolver = NeedsResolver(spool: spool, files: fileArtifacts)
        var next: (stage: ResolvedJob.Stage, inputs: [StageRequest.Input])?
        // All of them, before anything runs: a job that cannot come to its end must not work through the night.
        for stage in open {
            // What is in a bundle is unpacked.
            switch try whileBeating({ try resolver.needs(of: stage, in: token) }) {
            case .waiting: continue
            case .impossible(let reason): return fail(token, stage.name, reason)
            case .ready(let inputs): if next == nil { next = (stage, inputs) }
            }
        }
        guard let next else { return .wait }
        if let reason = try hopeless(next.stage, token) { return fail(token, next.stage.name, reason) }
        return .run(job, next.stage, next.inputs)
    }

    private func isDone(_ stage: ResolvedJob.Stage, _ token: Token) throws -> Bool {
        do {
            if try spool.publishedReceipt(token.id, stage.name) != nil { return true }
            try spool.setAsideReceipt(
                token.id, stage.name, because: "members of the artifact are missing or have another size")
        } catch let failure as Failure {
            try spool.setAsideReceipt(token.id, stage.name, because: failure.description)
            report(.note("\(token.id): the receipt of \(stage.name) is damaged and was set aside"))
        }
        return false
    }

    /// Why no further attempt is worth while; nil if one is.
    private func hopeless(_ stage: ResolvedJob.Stage, _ token: Token) throws -> String? {
        let outcomes = try spool.countedOutcomes(token, stage.name)
        if let last = outcomes.last, last.result == .input { return last.reason }
        let failures = outcomes.filter { $0.result == .failed }
        guard failures.count >= options.maxAttempts, let last = failures.last else { return nil }
        return "\(last.reason) (attempt \(failures.count) of \(options.maxAttempts))"
    }

    private func fail(_ token: Token, _ stage: String?, _ reason: String) -> Step {
        .finish(
            .failed(
                reason: stage.map { "\($0): \(reason)" } ?? reason, stage: stage, finished: .now,
                bundle: spool.bundle(token.id).lastPathComponent))
    }
}
