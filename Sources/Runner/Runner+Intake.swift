import Basics
import CLinux
import Foundation
import Manifest
import Spool
import StageKit

extension Runner {
    /// Makes a queued job of what was handed in, or rejects it with its diagnostics. What can be neither accepted nor refused
    /// stays where it is, is told once, and is tried again later: one odd file holds up no other.
    func takeOrPassOver(_ item: InboxItem) throws {
        let status = FileStatus(spool.folder(.inbox).appending(path: item.name))
        guard inboxTroubles.isDue(item.name, status: status, at: now) else { return }
        // It was still when the inbox was looked at, which may be a while ago.
        if case .drop(let drop) = item, jd_is_being_written(drop.url.path) { return }
        do {
            do { try take(item) } catch let broken as ManifestChecker.NoVerdict {
                let (isNews, tries) = inboxTroubles.note(broken.failure, of: item.name, status: status, at: now)
                if isNews { report(.note("\(broken.failure); trying again")) }
                guard tries >= Troubles.enough else { return }
                // It may be the manifest after all that the check does not survive.
                try refuse(item, "\(broken.failure)\n")
            }
            inboxTroubles.settle(item.name)
        } catch let lost as LostLock {
            throw lost
        } catch is StoppedCheck {
            // It stays in the inbox.
        } catch {
            let failure = Failure(anything: error, at: item.name)
            if inboxTroubles.note(failure, of: item.name, status: status, at: now).isNews {
                report(.note("inbox/\(item.name) is passed over for now: \(failure)"))
            }
        }
    }

    /// A check that takes long must not hold up a stop.
    private func beatUnlessStopped() throws {
        try beat()
        if stop.count > 0 { throw StoppedCheck() }
    }

    private struct StoppedCheck: Error {}

    private func take(_ item: InboxItem) throws {
        switch item {
        case .submission(let token): try take(token)
        case .drop(let drop): try take(drop)
        case .stranger(let drop, let reason): try reject(drop, "\(drop.name): error: \(reason)\n")
        case .unreadable(_, let failure): throw failure
        }
    }

    private func take(_ submission: Token) throws {
        do { _ = try spool.manifestData(of: submission) } catch let failure as Failure where failure.cause == .input {
            return try reject(submission, "\(failure)\n")
        }
        let manifest = spool.manifest(submission.id)
        switch try checker.check(
            manifest, name: submission.source, base: submission.base, environment: submission.environment ?? [:],
            meanwhile: beatUnlessStopped)
        {
        case .success(let job):
            if let text = try duplicate(job, submission) { return try reject(submission, text, isFault: false) }
            _ = try spool.accept(submission, resolved: Runner.bytes(of: job))
            report(.accepted(submission.id, source: submission.source))
        case .failure(let refusal): try reject(submission, refusal.text)
        }
    }

    private func take(_ drop: Drop) throws {
        guard let data = try spool.contents(of: drop) else { return }
        switch try checker.check(drop.url, name: drop.name, base: options.base, meanwhile: beatUnlessStopped) {
        case .success(let job):
            if let text = try duplicate(job) { return try reject(drop, text, isFault: false) }
            let token = try spool.accept(
                drop, manifest: data, job: job.job, base: options.base, key: job.rules?.key,
                resolved: Runner.bytes(of: job))
            if let token { report(.accepted(token.id, source: drop.name)) }
        case .failure(let refusal):
            // Changed under our eyes: what was refused is not what lies there now.
            guard try spool.contents(of: drop) == data else { return }
            try reject(drop, refusal.text)
        }
    }

    private func refuse(_ item: InboxItem, _ text: String) throws {
        switch item {
        case .submission(let token): try reject(token, text)
        case .drop(let drop), .stranger(let drop, _), .unreadable(let drop, _): try reject(drop, text)
        }
    }

    /// Why a job has to give way to one with the same key; nil if it has not. Handing in the same work twice is no fault.
    private func duplicate(_ job: ResolvedJob, _ submission: Token? = nil) throws -> String? {
        guard let key = job.rules?.key, let holder = try spool.holder(of: key, beside: submission?.id) else {
            return nil
        }
        // What was handed in and not looked at yet comes later than this one, or is looked at first.
        if holder.folder == .inbox { return nil }
        return "the key '\(key)' is that of \(holder.id), which is \(holder.folder.word): this one is not run\n"
            + "  remedy: give it another 'key' if it is to run all the same\n"
    }

    private func reject(_ submission: Token, _ text: String, isFault: Bool = true) throws {
        try spool.reject(submission, diagnostics: text)
        if isFault { summary.rejected.append(submission.source) }
        report(.rejected(source: submission.source, diagnostics: text))
    }

    private func reject(_ drop: Drop, _ text: String, isFault: Bool = true) throws {
        try spool.reject(drop, diagnostics: text)
        if isFault { summary.rejected.append(drop.name) }
        report(.rejected(source: drop.name, diagnostics: text))
    }

    /// The resolved job; checked anew from the manifest where its file was damaged. Files that the manifest includes or refers
    /// to, and the environment, may have changed since: what it comes to must be what was accepted.
    func resolvedJob(of token: Token) throws -> Result<ResolvedJob, ManifestChecker.Refusal> {
        if let data = try spool.resolvedData(of: token.id),
            let job = try? JSON(parsing: data).decode(ResolvedJob.self)
        {
            return .success(job)
        }
        do { _ = try spool.manifestData(of: token) } catch let failure as Failure where failure.cause == .input {
            return .failure(ManifestChecker.Refusal(failure.description))
        }
        let manifest = spool.manifest(token.id)
        let checked: Result<ResolvedJob, ManifestChecker.Refusal>
        do {
            checked = try checker.check(
                manifest, name: token.source, base: token.base, environment: token.environment ?? [:], meanwhile: beat)
        } catch let broken as ManifestChecker.NoVerdict { throw broken.failure }
        guard case .success(let job) = checked else { return checked }
        let bytes = try Runner.bytes(of: job)
        guard try spool.isAccepted(bytes, for: token.id) else {
            let failure = Failure(
                "resolved.json is damaged, and the manifest means something else now than when it was accepted: a file that "
                    + "it includes or names, the environment, or jdnas has changed", at: token.source,
                remedy: "submit the job again; leave the files in work/ alone")
            return .failure(ManifestChecker.Refusal(failure.description))
        }
        try spool.write(bytes, to: spool.resolved(token.id))
        return checked
    }

    private static func bytes(of job: ResolvedJob) throws -> Data { Data(try JSON(encoding: job).prettyText.utf8) }
}
