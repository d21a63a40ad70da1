import Basics
import Foundation
import Runner
import Spool
import TestSupport
import Testing

/// Stages that hang, locks that are lost, and other things that only time brings.
@Suite(.serialized, .timeLimit(.minutes(10))) struct HangTests {
    /// It is asked to end, killed if it does not listen, and gets another attempt from its checkpoint.
    @Test(arguments: ["silent-once", "deaf-once"]) func aHangTakesDownThatStageOnly(_ behaviour: String) throws {
        let shop = try Workshop()
        let id = try shop.submit("hang", [("data", behaviour, [])])
        let summary = try shop.run {
            $0.stallLimit = 1
            $0.grace = 0.3
        }
        #expect(summary.done == [id])
        #expect(shop.events.contains("data failed, again"))
        #expect(shop.events.contains("data 2 resumed"))
        let first = try #require(try shop.spool.attempts(id, "data").first)
        let outcome = try #require(shop.spool.outcome(of: first))
        #expect(outcome.result == .failed)
        #expect(outcome.fault == .hang)
        #expect(outcome.reason.hasPrefix("no sign of life for 1.0 s"))
        #expect(outcome.signal == (behaviour == "deaf-once" ? 9 : 15))
    }

    @Test func aStageThatTalksMayTakeLong() throws {
        let shop = try Workshop()
        let id = try shop.submit("slow", [("data", "talks-once", [])])
        #expect(try shop.run { $0.stallLimit = 0.8 }.done == [id])
        #expect(try shop.spool.attempts(id, "data").count == 1)
    }

    @Test func anotherNumberOfThreadsStartsAnew() throws {
        let shop = try Workshop()
        let id = try shop.submit("threads", [("data", "hang-once", [])])
        let stop = try StopFlag()
        InterruptionTests.whenCheckpointed(shop.spool, id) { stop.stop() }
        #expect(try shop.run(stop: stop).stopped)
        #expect(try shop.run { $0.threads = 2 }.done == [id])
        #expect(shop.events.contains("data 2"))
        #expect(shop.events.contains { $0.hasPrefix("note") && $0.contains("data starts anew") })
        let receipt = try #require(try shop.spool.publishedReceipt(id, "data"))
        let result = shop.spool.output(of: receipt).appending(path: "result.txt")
        #expect(try String(contentsOf: result, encoding: .utf8) == "all of data")
    }

    @Test func theLastWordsOfAnAbortAreKept() throws {
        let shop = try Workshop()
        let id = try shop.submit("abort", [("data", "abort", [])])
        #expect(try shop.run { $0.maxAttempts = 1 }.failed == [id])
        #expect(
            try shop.spool.job(matching: "abort").reason?.contains("| terminate called: no room for the tensor") == true
        )
    }

    @Test func aRunnerThatLostItsLockPublishesNothing() throws {
        let shop = try Workshop()
        let id = try shop.submit("lost", [("data", "lose-lock", [])])
        let refusal = #expect(throws: Failure.self) { try shop.run() }
        #expect(refusal?.what.contains("another runner has taken over") == true)
        #expect(try shop.spool.publishedReceipt(id, "data") == nil)
        #expect(try shop.spool.attempts(id, "data").count == 1)
        #expect(try shop.scratch.names(in: "spool/outbox").isEmpty)
    }

    /// Another machine must not take a spool over because a check takes its time.
    @Test func theHeartBeatsWhileAManifestIsChecked() throws {
        let shop = try Workshop()
        let manifest = try Workshop.manifest("check-takes-long", [("data", "succeed", [])])
        try manifest.write(to: shop.spool.folder(.inbox).appending(path: "long.yaml"))
        let beats = Beats(of: shop.spool.lockFile)
        _ = try shop.run { $0.heartbeat = 0.1 }
        #expect(beats.stop() < 1.5)
    }

    @Test func whatIsStoppedBeforeTheEndSaysSo() throws {
        let shop = try Workshop()
        try shop.submit("stop", [("data", "hang-once", [])])
        let id = try #require(try shop.spool.tokens(in: .inbox).first?.id)
        let stop = try StopFlag()
        InterruptionTests.whenCheckpointed(shop.spool, id) { stop.stop() }
        #expect(try shop.run(stop: stop).exitCode == 130)
    }
}
