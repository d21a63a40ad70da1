import Foundation
import Manifest
import Runner
import Spool
import Testing

/// Stages that the machine has no memory for.
@Suite(.timeLimit(.minutes(10))) struct MemoryTests {
    /// The machine's fault, not the stage's: told as such, and counted with those.
    @Test func outOfMemoryIsToldApart() throws {
        let shop = try Workshop()
        let rules = StageRules(retries: .init(infrastructure: 1, stage: 0))
        let id = try shop.submit("big", [("data", "succeed", [])], stageRules: rules)
        let end = StageEnd(exitCode: nil, signal: 9, userSeconds: 2, peakBytes: 3 << 30, wasOutOfMemory: true)
        #expect(try shop.run(executor: EndingExecutor(end: end)).failed == [id])
        let attempts = try shop.spool.attempts(id, "data")
        #expect(attempts.count == 2)
        for attempt in attempts {
            let outcome = try #require(shop.spool.outcome(of: attempt))
            #expect(outcome.result == .failed && outcome.fault == .memory)
            #expect(
                outcome.reason == "out of memory: this machine had none left, and the stage used up to 3 GiB: at it")
            #expect(outcome.used?.peakBytes == 3 << 30 && outcome.used?.processorSeconds == 2)
        }
        #expect(try shop.spool.job(matching: "big").reason?.contains("out of memory") == true)
    }

    /// What somebody killed had memory enough.
    @Test func aKillIsNone() throws {
        let shop = try Workshop()
        _ = try shop.submit("killed", [("data", "succeed", [])])
        _ = try shop.run(executor: EndingExecutor(end: StageEnd(exitCode: nil, signal: 9))) { $0.maxAttempts = 1 }
        let job = try shop.spool.job(matching: "killed")
        let id = try #require(JobID(job.id))
        let attempt = try #require(try shop.spool.attempts(id, "data").first)
        #expect(shop.spool.outcome(of: attempt)?.fault == .infrastructure)
    }
}

/// Stages that end at once, in one way.
private struct EndingExecutor: StageExecutor {
    let end: StageEnd

    func start(_ attempt: AttemptFolder, threads: Int) throws -> any StageExecution {
        try Data("at it\n".utf8).write(to: attempt.log)
        return Ended(end)
    }

    private final class Ended: StageExecution {
        let end: StageEnd
        init(_ end: StageEnd) { self.end = end }
        func ended() throws -> StageEnd? { end }
        var descriptor: Int32? { nil }
        func memory() -> Int? { nil }
        func terminate() {}
        func kill() {}
    }
}
