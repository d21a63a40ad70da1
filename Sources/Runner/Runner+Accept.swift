import Basics
import Foundation
import Manifest
import Spool
import StageKit

extension Runner {
    /// Makes a queued job of what was handed in and checked, unless another one has its key.
    func accept(_ job: ResolvedJob, _ subject: IntakeCheck.Subject) throws {
        switch subject {
        case .submission(let submission):
            if let text = try duplicate(job, submission) { return try reject(submission, text, isFault: false) }
            keys.note(try spool.accept(submission, priority: job.rules?.priority, resolved: Runner.bytes(of: job)))
            report(.accepted(submission.id, source: submission.source))
        case .drop(let drop, let data):
            if let text = try duplicate(job) { return try reject(drop, text, isFault: false) }
            let token = try spool.accept(
                drop, manifest: data, job: job.job, base: options.base, key: job.rules?.key,
                priority: job.rules?.priority, resolved: Runner.bytes(of: job))
            guard let token else { return }
            keys.note(token)
            report(.accepted(token.id, source: drop.name))
        }
    }

    func refuse(_ subject: IntakeCheck.Subject, _ text: String) throws {
        switch subject {
        case .submission(let token): try reject(token, text)
        case .drop(let drop, let data):
            // Changed under our eyes: what was refused is not what lies there now.
            guard try spool.contents(of: drop) == data else { return }
            try reject(drop, text)
        }
    }

    /// Why a job has to give way to one with the same key; nil if it has not. Handing in the same work twice is no fault.
    private func duplicate(_ job: ResolvedJob, _ submission: Token? = nil) throws -> String? {
        guard let key = job.rules?.key else { return nil }
        if !keys.isComplete { try keys.update(from: spool) }
        guard let holder = try keys.holder(of: key, beside: submission?.id, in: spool) else { return nil }
        // What was handed in and not looked at yet comes later than this one, or is looked at first.
        if holder.folder == .inbox { return nil }
        return "the key '\(key)' is that of \(holder.id), which is \(holder.folder.word): this one is not run\n"
            + "  remedy: give it another 'key' if it is to run all the same\n"
    }

    func reject(_ submission: Token, _ text: String, isFault: Bool = true) throws {
        try spool.reject(submission, diagnostics: text)
        if isFault { summary.rejected.append(submission.source) }
        report(.rejected(source: submission.source, diagnostics: text))
    }

    func reject(_ drop: Drop, _ text: String, isFault: Bool = true) throws {
        try spool.reject(drop, diagnostics: text)
        if isFault { summary.rejected.append(drop.name) }
        report(.rejected(source: drop.name, diagnostics: text))
    }

    static func bytes(of job: ResolvedJob) throws -> Data { Data(try JSON(encoding: job).prettyText.utf8) }
}
