import Basics
import Foundation
import Manifest
import Spool
import StageKit

extension Runner {
    /// The jobs that have not ended, in the order in which they go.
    func liveTokens(_ wishes: [JobID: Wishes]) throws -> [(folder: StateFolder, token: Token)] {
        var live: [(folder: StateFolder, token: Token)] = []
        for folder in [StateFolder.queued, .running] {
            live += try agenda.tokens(in: folder, spool).map { (folder, $0) }
        }
        // Places are sorted, not tokens: of ten thousand those would be moved and counted again and again.
        let ranks = live.enumerated().map { place, job in
            (place: place, priority: wishes[job.token.id]?.priority ?? 0, submitted: job.token.submitted)
        }
        let sorted = ranks.sorted { a, b in
            if a.priority != b.priority { return a.priority > b.priority }
            return a.submitted != b.submitted
                ? a.submitted < b.submitted : live[a.place].token.id < live[b.place].token.id
        }
        return sorted.map { live[$0.place] }
    }

    /// Goes through the jobs, in their order, and does what can be done: starts stages that there is room for, concludes jobs.
    /// What there is no room for is waited for: no later job takes its place. Queued jobs behind it, or while the spool is paused,
    /// are not even looked at. False if nothing moved. Trouble with one job holds up no other.
    func advance() throws -> Bool {
        guard agenda.isStale || now - agenda.lastLook >= options.poll else { return false }
        defer { agenda.lastLook = now }
        agenda.beginLook()
        var wishes = try spool.wishes()
        try heedRetries(wishes)
        // What is tried again has other wishes by now.
        if wishes.values.contains(where: { $0.retry != nil }) { wishes = try spool.wishes() }
        let live = try liveTokens(wishes)
        forgetTroubles(but: live.map(\.token.id))
        forgetResolved(but: Set(live.map(\.token.id)))
        var mayStart = spool.pauseWish == nil
        for (folder, token) in live {
            if stop.count > 0 { return false }
            try beat()
            let name = token.id.text
            let wish = wishes[token.id] ?? Wishes()
            let isToEnd = wish.isCancelled || token.state.folder.isFinal
            guard mayStart || folder == .running || isToEnd else { continue }
            guard isToEnd || jobTroubles.isDue(name, at: now) && !wish.isHeld else { continue }
            do {
                let done = try step(token, in: folder, wish, mayStart: mayStart)
                jobTroubles.settle(name)
                switch done {
                case .moved:
                    agenda.isStale = true
                    return true
                case .full: mayStart = false
                case .nothing: continue
                }
            } catch let lost as LostLock {
                throw lost
            } catch {
                let failure = Failure(anything: error, at: name)
                if jobTroubles.note(failure, of: name, at: now).isNews { report(.note("\(name): \(failure)")) }
            }
        }
        agenda.endLook()
        return false
    }

    /// What a look at a job came to.
    private enum Progress { case moved, nothing, full }

    private func step(_ token: Token, in folder: StateFolder, _ wish: Wishes, mayStart: Bool) throws -> Progress {
        let own = active.filter { $0.attempt.job == token.id }
        switch try plan(token, in: folder, wish) {
        case .wait(let reason):
            agenda.waiting[token.id] = reason
            return .nothing
        case .run(let job, let ready):
            guard mayStart else { return .nothing }
            for (stage, inputs) in ready where fitsAtAll(stage, of: token) && hasRoom(for: stage, of: token) {
                guard slots(for: stage).fits(in: free) else { return .full }
                try start(stage, of: job, inputs: inputs, for: claim(token, in: folder))
                return .moved
            }
            return .nothing
        case .finish(let state): return try finish(state, token, in: folder, running: own)
        case .conclude: return try concludeIfKnown(token, in: folder)
        }
    }

    /// Concludes a job once it is known what it is: its bundle tells that, and its `on_done` is a part of it.
    private func concludeIfKnown(_ token: Token, in folder: StateFolder) throws -> Progress {
        let rules: JobRules?
        switch try resolvedJob(of: token, remembered: false) {
        case .job(let job): rules = job.rules
        case .lost: rules = nil
        case .pending:
            agenda.waiting[token.id] = .check
            return .nothing
        }
        try conclude(token, in: folder, rules)
        agenda.forget(token.id)
        return .moved
    }

    /// Writes a verdict down and concludes the job, once its last stage has ended.
    private func finish(
        _ state: JobState, _ token: Token, in folder: StateFolder, running: [ActiveStage]
    ) throws -> Progress {
        guard running.isEmpty else {
            guard case .failed(let reason, let stage, _, _) = state else { return .nothing }
            let why = stage.map { "the job's stage \($0) failed" } ?? reason
            for one in running { one.stop(.wish(why), grace: options.grace) }
            return .nothing
        }
        try verifyLock()
        agenda.forget(token.id)
        return try concludeIfKnown(try spool.prepare(token, in: folder, for: state), in: folder)
    }

    /// Whether a job is to wait. One whose verdict is written down has nothing to wait for, nor has one that is to end.
    func isHeld(_ token: Token) -> Bool {
        let wishes = spool.wishes(for: token.id)
        return wishes.isHeld && !wishes.isCancelled && !token.state.folder.isFinal
    }

    private func claim(_ token: Token, in folder: StateFolder) throws -> Token {
        let owner = lock?.owner ?? .current
        if folder == .running, case .running(owner, _) = token.state { return token }
        try verifyLock()
        agenda.forget(token.id)
        return try spool.claim(token, from: folder, for: owner)
    }

    /// Drops what is known of jobs that have ended.
    private func forgetTroubles(but live: [JobID]) {
        let names = Set(live.map(\.text))
        jobTroubles.keep { name in
            name.hasPrefix("retry of ") || names.contains(String(name.prefix { $0 != "/" }))
        }
    }
}
