import Foundation
import Runner
import Spool
import TestSupport
import Testing

/// What users want of the runner as a whole.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PauseTests {
    @Test func aPausedSpoolStartsNothing() throws {
        let shop = try Workshop()
        let id = try shop.submit("job", [("data", "succeed", [])])
        let unwanted = try shop.submit("unwanted", [("data", "succeed", [])])
        try shop.spool.pause(.pause)
        try shop.spool.cancel(unwanted)
        let summary = try shop.run()
        #expect(summary.done.isEmpty && summary.failed == [unwanted], "to end a job starts nothing")
        #expect(shop.events.contains("note paused: \(id)"))
        let status = try shop.spool.job(matching: id.text)
        #expect(status.state == .queued && status.isPaused)
        #expect(try shop.spool.resume() && !shop.spool.resume())
        #expect(try shop.run().done == [id])
        #expect(try shop.spool.job(matching: id.text).isPaused == false)
    }

    /// `pause` lets the stage come to its end, `pause --now` does not; either way nothing is lost.
    @Test(arguments: [Spool.Pause.pause, .now]) func aStageThatRuns(_ pause: Spool.Pause) throws {
        let shop = try Workshop()
        let behaviour = pause == .now ? "hang-once" : "save-and-talk"
        let id = try shop.submit("long", [("data", behaviour, []), ("next", "succeed", ["data"])])
        InterruptionTests.whenCheckpointed(shop.spool, id) { [spool = shop.spool] in try? spool.pause(pause) }
        let summary = try shop.run()
        #expect(summary.done.isEmpty && summary.failed.isEmpty && summary.exitCode == 0)
        let attempt = try #require(try shop.spool.attempts(id, "data").first)
        #expect(shop.spool.outcome(of: attempt)?.result == (pause == .now ? .cancelled : .done))
        #expect(try shop.spool.attempts(id, "next").isEmpty)
        if pause == .now { #expect(shop.spool.outcome(of: attempt)?.reason == "paused on request") }
        _ = try shop.spool.resume()
        #expect(try shop.run().done == [id])
        #expect(shop.events.contains("data 2 resumed") == (pause == .now))
    }

    /// A runner without an end gets one, and the wish is no other runner's.
    @Test func aRunnerIsAskedToDrain() throws {
        let shop = try Workshop()
        let id = try shop.submit("job", [("data", "talks-once", [])])
        try shop.spool.drain()
        Thread.detachNewThread { [spool = shop.spool] in
            while ((try? spool.attempts(id, "data")) ?? []).isEmpty { usleep(10_000) }
            try? spool.drain()
        }
        let summary = try shop.run { $0.drain = false }
        #expect(summary.done == [id] && !summary.stopped)
        #expect(!shop.spool.isToDrain)
    }

    /// What was asked of a runner that has died does not end the next one.
    @Test func anOldWishToDrainIsForgotten() throws {
        let shop = try Workshop()
        try shop.spool.drain()
        let stop = try StopFlag()
        Thread.detachNewThread { [spool = shop.spool] in
            while spool.isToDrain { usleep(10_000) }
            usleep(300_000)
            stop.stop()
        }
        #expect(try shop.run(stop: stop) { $0.drain = false }.stopped)
    }
}
