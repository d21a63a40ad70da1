import Basics
import Foundation
import Spool
import StageKit

/// What an accepted job is, as far as that is known.
enum Resolution {
    case job(ResolvedJob)
    /// It cannot be found out any more, and why.
    case lost(String)
    /// Its manifest is being checked anew.
    case pending
}

extension Runner {
    /// The resolved job; checked anew from the manifest where its file was damaged. Files that the manifest includes or refers
    /// to, and the environment, may have changed since: what it comes to must be what was accepted.
    ///
    /// - Parameter remembered: take it as it was when it was last read. It never changes once a job is accepted, so that ten
    ///   thousand jobs that wait need not be read at each look; whoever needs the file itself whole says false.
    func resolvedJob(of token: Token, remembered: Bool = true) throws -> Resolution {
        if remembered, let job = agenda.resolved[token.id] { return .job(job) }
        if let data = try spool.resolvedData(of: token.id),
            let job = try? JSON(parsing: data).decode(ResolvedJob.self)
        {
            rechecks[token.id] = nil
            agenda.resolved[token.id] = job
            return .job(job)
        }
        agenda.resolved[token.id] = nil
        guard let check = rechecks[token.id] else { return try recheck(token) }
        guard let verdict = check.look() else { return .pending }
        rechecks[token.id] = nil
        switch verdict {
        case .none(let failure): throw failure
        case .refused(let text): return .lost(text)
        case .accepted(let job):
            let bytes = try Runner.bytes(of: job)
            guard try spool.isAccepted(bytes, for: token.id) else { return .lost(Runner.changed(token).description) }
            try spool.write(bytes, to: spool.resolved(token.id))
            agenda.resolved[token.id] = job
            return .job(job)
        }
    }

    /// One at a time: these are few.
    private func recheck(_ token: Token) throws -> Resolution {
        do { _ = try spool.manifestData(of: token) } catch let failure as Failure where failure.cause == .input {
            return .lost(failure.description)
        }
        guard rechecks.values.allSatisfy({ $0.descriptor == nil }) else { return .pending }
        rechecks[token.id] = try checker.start(
            spool.manifest(token.id), name: token.source, base: token.base, environment: token.environment ?? [:])
        return .pending
    }

    private static func changed(_ token: Token) -> Failure {
        Failure(
            "resolved.json is damaged, and the manifest means something else now than when it was accepted: a file that "
                + "it includes or names, the environment, or jdnas has changed", at: token.source,
            remedy: "submit the job again; leave the files in work/ alone")
    }

    /// Has the jobs looked at when a check of one of them has ended.
    func attendRechecks() {
        for check in rechecks.values where check.descriptor != nil {
            if check.look() != nil { agenda.isStale = true }
        }
    }

    /// Forgets what is known of jobs that have ended.
    func forgetResolved(but live: Set<JobID>) {
        agenda.forgetResolved(but: live)
        if !rechecks.isEmpty { rechecks = rechecks.filter { live.contains($0.key) } }
    }
}
