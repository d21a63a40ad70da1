import Basics
import Foundation
import Spool
import StageKit

extension Runner {
    /// Makes a queued job of what was handed in, or rejects it with its diagnostics.
    func take(_ item: InboxItem) throws {
        switch item {
        case .submission(let token): try take(token)
        case .drop(let drop): try take(drop)
        case .stranger(let drop, let reason): try reject(drop, "\(drop.name): error: \(reason)\n")
        }
    }

    private func take(_ submission: Token) throws {
        let checked: Result<ResolvedJob, ManifestChecker.Refusal>
        do {
            _ = try spool.manifestData(of: submission)
            checked = try checker.check(
                spool.manifest(submission.id), name: submission.source, base: submission.base)
        } catch let failure as Failure where failure.place == spool.manifest(submission.id).path {
            checked = .failure(ManifestChecker.Refusal(failure.description))
        }
        switch checked {
        case .success(let job):
            _ = try spool.accept(submission, resolved: Runner.bytes(of: job))
            report(.accepted(submission.id, source: submission.source))
        case .failure(let refusal):
            try spool.reject(submission, diagnostics: refusal.text)
            summary.rejected.append(submission.source)
            report(.rejected(source: submission.source, diagnostics: refusal.text))
        }
    }

    private func take(_ drop: Drop) throws {
        guard let data = try spool.contents(of: drop) else { return }
        switch try checker.check(drop.url, name: drop.name, base: options.base) {
        case .success(let job):
            let token = try spool.accept(
                drop, manifest: data, job: job.job, base: options.base, resolved: Runner.bytes(of: job))
            if let token { report(.accepted(token.id, source: drop.name)) }
        case .failure(let refusal):
            // Changed under our eyes: what was refused is not what lies there now.
            guard try spool.contents(of: drop) == data else { return }
            try reject(drop, refusal.text)
        }
    }

    private func reject(_ drop: Drop, _ text: String) throws {
        try spool.reject(drop, diagnostics: text)
        summary.rejected.append(drop.name)
        report(.rejected(source: drop.name, diagnostics: text))
    }

    /// The resolved job; checked anew from the manifest where its file was damaged.
    func resolvedJob(of token: Token) throws -> Result<ResolvedJob, ManifestChecker.Refusal> {
        let file = spool.resolved(token.id)
        if let data = try? Data(contentsOf: file), let job = try? JSON(parsing: data).decode(ResolvedJob.self) {
            return .success(job)
        }
        do { _ = try spool.manifestData(of: token) } catch let failure as Failure {
            return .failure(ManifestChecker.Refusal(failure.description))
        }
        let checked = try checker.check(spool.manifest(token.id), name: token.source, base: token.base)
        if case .success(let job) = checked { try spool.write(Runner.bytes(of: job), to: file) }
        return checked
    }

    private static func bytes(of job: ResolvedJob) throws -> Data { Data(try JSON(encoding: job).prettyText.utf8) }
}
