import Basics
import Bundles
import Foundation
import Manifest
import Spool
import StageKit

extension Runner {
    /// Builds and publishes the bundle of a job whose verdict is written down, then moves its token: in this order, so that
    /// a job in `done/` or `failed/` always has its bundle.
    func conclude(_ token: Token, in folder: StateFolder, _ rules: JobRules?) throws {
        let bundle = spool.bundle(token.id)
        if !hasBundle(token) {
            let draft = spool.bundleDraft()
            try whileBeating {
                let contents = try JobBundle(spool: spool, token: token)
                try BundleBuilder.build(members: contents.members, about: contents.about, to: draft)
            }
            try verifyLock()
            // A bundle that is there all the same is of an end before the job was tried again.
            try spool.publishBundle(draft, of: token.id)
        }
        try verifyLock()
        try postNotices(of: token, rules)
        try spool.commit(token, from: folder)
        // A leftover does no harm: ids are never used again.
        try? spool.forgetWishes(token.id)
        switch token.state {
        case .done(let started, let finished, _):
            summary.done.append(token.id)
            let seconds = finished.seconds(since: started)
            report(
                .jobDone(
                    token.id, seconds: seconds, bundle: bundle, pages: pages(token.id), headline: headline(token.id)))
        case .failed(let reason, _, _, _):
            summary.failed.append(token.id)
            report(.jobFailed(token.id, reason: reason, bundle: bundle))
        default: break
        }
    }

    /// Whether this very end has its bundle: a runner may have been killed before it moved the token.
    private func hasBundle(_ token: Token) -> Bool {
        let bundle = spool.bundle(token.id)
        guard FileManager.default.fileExists(atPath: bundle.path),
            let about = try? Bundles.Bundle(bundle).manifest().about
        else { return false }
        return about["state"]?.string == token.state.folder.rawValue
            && about["epoch"]?.integer ?? 1 > token.retry?.epoch ?? 0
    }

    private func pages(_ id: JobID) -> [URL] {
        spool.stageNames(id).flatMap { stage -> [URL] in
            guard let receipt = try? spool.publishedReceipt(id, stage) else { return [] }
            let output = spool.output(of: receipt)
            return receipt.members.filter { $0.bundle && $0.path.hasSuffix(".html") }
                .map { output.appending(path: $0.path) }
        }
    }

    private func headline(_ id: JobID) -> [String] {
        spool.stageNames(id).flatMap { stage -> [String] in
            let receipt = try? spool.publishedReceipt(id, stage)
            return receipt?.headline ?? []
        }
    }

    /// Before the token moves: no crash may lose them.
    private func postNotices(of token: Token, _ rules: JobRules?) throws {
        let reason: String? = if case .failed(let text, _, _, _) = token.state { text } else { nil }
        for (number, command) in [rules?.onDone, options.onDone].compactMap(\.self).enumerated() {
            try spool.post(
                Notice(
                    id: token.id, epoch: token.epoch, number: number + 1, state: token.state.folder, reason: reason,
                    command: command,
                    base: token.base))
        }
    }
}
