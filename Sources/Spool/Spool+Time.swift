import Foundation

extension Spool {
    /// Seconds that the attempts at a stage took together, of those that count. An attempt that ended with its runner has no
    /// outcome: it counts until its last sign of life, as far as that is known.
    public func secondsTaken(_ token: Token, _ stage: String) throws -> Double {
        try countedAttempts(token, stage).map(seconds).reduce(0, +)
    }

    private func seconds(of attempt: AttemptFolder) -> Double {
        if let outcome = outcome(of: attempt) { return max(0, outcome.ended.seconds(since: outcome.started)) }
        // By the stage's own clock, which nobody sets.
        if let told = ProgressFile(reading: attempt.progress)?.elapsed { return told }
        // One that told nothing. What is asked of it is written before it starts.
        guard let began = FileStatus(attempt.request)?.modified else { return 0 }
        let signs = [attempt.log, attempt.progress, attempt.checkpoint, attempt.receipt, attempt.failure]
        return max(0, (signs.compactMap { FileStatus($0)?.modified }.max() ?? began) - began)
    }
}
