import Basics
import Foundation
import Spool

extension Runner {
    /// Puts failed jobs back into the queue that somebody wants tried again. Trouble with one holds up no other.
    func heedRetries(_ all: [JobID: Wishes]) throws {
        let asked = Set(all.filter { $0.value.retry != nil }.keys.map { "retry of \($0)" })
        jobTroubles.keep { !$0.hasPrefix("retry of ") || asked.contains($0) }
        for (id, wishes) in all {
            guard let retry = wishes.retry else { continue }
            let name = "retry of \(id)"
            guard jobTroubles.isDue(name, at: now) else { continue }
            do {
                try heed(retry, for: id)
                jobTroubles.settle(name)
            } catch let lost as LostLock {
                throw lost
            } catch {
                let failure = Failure(anything: error, at: id.text)
                if jobTroubles.note(failure, of: name, at: now).isNews { report(.note("\(name): \(failure)")) }
            }
        }
    }

    private func heed(_ retry: Wishes.Retry, for id: JobID) throws {
        guard let (folder, token) = try spool.find(id), folder == .failed else {
            // Heeded before, by a runner that was killed just then; or the job is gone.
            try spool.withdrawRetry(id)
            return
        }
        if let key = token.key {
            if keys.isComplete { try keys.update(from: spool, in: .inbox) } else { try keys.update(from: spool) }
            if let other = try keys.holder(of: key, beside: id, in: spool) {
                let state = other.folder.word
                report(.note("\(id) is not tried again: its key '\(key)' is that of \(other.id), which is \(state)"))
                try spool.withdrawRetry(id)
                return
            }
        }
        let stage = retry.from.flatMap { spool.stageNames(id).contains($0) ? $0 : nil }
        if let wanted = retry.from, stage == nil { report(.note("\(id): there is no stage '\(wanted)' to begin with")) }
        try verifyLock()
        agenda.forget(id)
        try spool.forgetNotices(id)
        keys.note(try spool.retry(token, from: stage))
        summary.failed.removeAll { $0 == id }
        report(.note("\(id): tried again" + (stage.map { ", anew from \($0)" } ?? "")))
    }

    /// Why no stage of this job may go on; nil if one may.
    func wish(for id: JobID) -> String? {
        let wishes = spool.wishes(for: id)
        if wishes.isCancelled { return "cancelled on request" }
        if wishes.isHeld { return "held on request" }
        return spool.pauseWish == .now ? "paused on request" : nil
    }
}
