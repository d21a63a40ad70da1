import Basics
import Foundation

extension Token {
    /// What holds for a job that was put back into the queue after it had failed.
    public struct Retry: Codable, Sendable, Hashable {
        /// Attempts of claims up to this one do not count as failures any more.
        public var epoch: Int
        /// Stages that are run from their beginning: attempts of claims up to this one are as good as none.
        public var anew: [String: Int]

        public init(epoch: Int, anew: [String: Int] = [:]) {
            self.epoch = epoch
            self.anew = anew
        }
    }
}

extension Spool {
    /// The attempts of a stage whose checkpoints and receipts may be used, oldest first.
    public func attempts(of token: Token, _ stage: String) throws -> [AttemptFolder] {
        let passedOver = token.retry?.anew[stage] ?? 0
        return try attempts(token.id, stage).filter { $0.epoch > passedOver }
    }

    /// How the attempts at a stage ended that count, oldest first.
    public func countedOutcomes(_ token: Token, _ stage: String) throws -> [AttemptOutcome] {
        try countedAttempts(token, stage).compactMap { outcome(of: $0) }
    }

    /// The attempts at a stage of which a later retry has not forgiven the end, oldest first.
    func countedAttempts(_ token: Token, _ stage: String) throws -> [AttemptFolder] {
        let forgiven = token.retry?.epoch ?? 0
        return try attempts(token.id, stage).filter { $0.epoch > forgiven }
    }

    /// Puts a failed job back into the queue, under the scheduler's lock. It keeps the stages that are done but those that are
    /// to be run anew. Its bundle stays until the job ends again.
    ///
    /// The wish goes last: killed in between, the next runner does it once more.
    ///
    /// - Parameter stage: this stage, and all that depend on it, are run anew; nil for none.
    public func retry(_ token: Token, from stage: String? = nil) throws -> Token {
        let epoch = max(token.epoch, try lastEpoch(token.id))
        var next = token
        next.retry = Token.Retry(epoch: epoch, anew: token.retry?.anew ?? [:])
        // A claim of its own, so that what this end left can be told from what the next one leaves.
        next.epoch = epoch + 1
        // Of the time before it failed.
        try forgetWishes(token.id)
        if let record = try record(of: token.id) { try beginPriority(record) }
        for name in stage.map({ stages(from: $0, of: token.id) }) ?? [] {
            next.retry?.anew[name] = epoch
            try setAsideReceipt(token.id, name, because: "'jdnas retry' was asked to run the stage anew")
        }
        let queued = try move(next, from: .failed, to: .queued(accepted: .now))
        try withdrawRetry(token.id)
        return queued
    }

    /// A stage and all that depend on it, in the manifest's order.
    public func stages(from first: String, of id: JobID) -> [String] {
        guard let data = (try? files.read(resolved(id))) ?? nil,
            let stages = (try? JSON(parsing: data))?["stages"]?.array
        else { return [first] }
        let needs = stages.compactMap { stage -> (name: String, needs: [String])? in
            guard let name = stage["name"]?.string else { return nil }
            return (name, stage["needs"]?.array?.compactMap(\.string) ?? [])
        }
        var found: Set = [first]
        var before = 0
        while found.count > before {
            before = found.count
            for stage in needs where !found.isDisjoint(with: stage.needs) { found.insert(stage.name) }
        }
        return needs.map(\.name).filter(found.contains)
    }
}
