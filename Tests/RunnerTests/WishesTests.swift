import Basics
import Foundation
import Manifest
import Runner
import Spool
import StageKit
import TestSupport
import Testing

/// What users want done with jobs: first, not now, not at all.
@Suite(.serialized, .timeLimit(.minutes(10))) struct WishesTests {
    private func done(_ shop: Workshop) -> [String] {
        shop.events.filter { $0.hasSuffix(" done") && !$0.hasPrefix("data") }
    }

    @Test func higherPrioritiesGoFirst() throws {
        let shop = try Workshop()
        let ids = try ["one", "two", "three", "four"].map {
            try shop.submit($0, [("data", "succeed", [])], reuse: .never)
        }
        try shop.spool.prioritise(ids[2], 5)
        try shop.spool.prioritise(ids[0], -1)
        try shop.spool.prioritise(ids[3], 7)
        try shop.spool.prioritise(ids[3], 0)
        #expect(try shop.spool.job(matching: "three").priority == 5)
        // All of them are in the spool before the first one is chosen, however slow the machine is.
        _ = try shop.run { $0.gathering = 60 }
        #expect(done(shop) == ["three done", "two done", "four done", "one done"])
        #expect(try shop.scratch.names(in: "spool/wishes") == [], "what has ended has no wishes")
    }

    /// What a manifest says holds, dropped or submitted, unless whoever handed it in or `jdnas priority` says something else.
    @Test func manifestsSayWhatGoesFirst() throws {
        let shop = try Workshop()
        try shop.submit("one", [("data", "succeed", [])], reuse: .never)
        try shop.submit("two", [("data", "succeed", [])], reuse: .never, rules: JobRules(priority: 2))
        let other = try shop.submit("three", [("data", "succeed", [])], reuse: .never, rules: JobRules(priority: 9))
        try shop.spool.prioritise(other, 0)
        let four = try Workshop.manifest("four", [("data", "succeed", [])], reuse: .never, rules: JobRules(priority: 9))
        _ = try shop.spool.submit(manifest: four, name: "four", base: "/", priority: -1)
        let five = try Workshop.manifest("five", [("data", "succeed", [])], reuse: .never, rules: JobRules(priority: 5))
        try five.write(to: shop.spool.folder(.inbox).appending(path: "five.yaml"))
        _ = try shop.run { $0.gathering = 60 }
        #expect(done(shop) == ["five done", "two done", "one done", "three done", "four done"])
        #expect(try shop.scratch.names(in: "spool/wishes") == [])
    }

    /// What was wished before it failed does not count, what its manifest says does.
    @Test func aRetryBeginsWithTheManifestsPriority() throws {
        let shop = try Workshop()
        let id = try shop.submit("blood", [("data", "fail", [])], rules: JobRules(priority: 5))
        try shop.spool.prioritise(id, 1)
        #expect(try shop.run { $0.maxAttempts = 1 }.failed == [id])
        try shop.spool.pause(.pause)
        try shop.spool.wishRetry(id)
        _ = try shop.run()
        #expect(try shop.state(id) == .queued)
        #expect(try shop.spool.job(matching: id.text).priority == 5)
    }

    /// In the very look in which it is tried again, too.
    @Test func whatIsTriedAgainTakesItsPlace() throws {
        let shop = try Workshop()
        let first = try shop.submit("first", [("data", "succeed", [])], reuse: .never)
        try shop.spool.hold(first)
        let id = try shop.submit(
            "again", [("data", "input-until", [])], more: .string(shop.scratch.url.path), reuse: .never,
            rules: JobRules(priority: 5))
        #expect(try shop.run().failed == [id])
        try shop.scratch.write("", to: "mended")
        try shop.spool.wishRetry(id)
        try shop.spool.release(first)
        _ = try shop.run()
        #expect(done(shop) == ["again done", "first done"])
    }

    /// A held job is left alone, holds up no other, and does not keep a drain from ending well.
    @Test func aHeldJobWaits() throws {
        let shop = try Workshop()
        let held = try shop.submit("held", [("data", "succeed", [])])
        let next = try shop.submit("next", [("data", "succeed", [])], more: 2)
        try shop.spool.hold(held)
        let summary = try shop.run()
        #expect(summary.done == [next] && summary.exitCode == 0)
        #expect(shop.events.contains("note held: \(held)"))
        let status = try shop.spool.job(matching: held.text)
        #expect(status.state == .queued && status.isHeld)
        // One that needs its stage waits too, and that is told.
        let reader = try shop.submit("reader", [("base", "succeed", ["held/data"])])
        #expect(try shop.run().left == [reader.text])
        #expect(try shop.spool.release(held) && !shop.spool.release(held))
        #expect(try Set(shop.run().done) == [held, reader])
    }

    /// Its stage saves its state and stops; that is no failure, and released it goes on from there.
    @Test func holdingStopsTheStage() throws {
        let shop = try Workshop()
        let id = try shop.submit("long", [("data", "hang-once", [])])
        let next = try shop.submit("next", [("data", "succeed", [])], more: 2)
        InterruptionTests.whenCheckpointed(shop.spool, id) { [spool = shop.spool] in try? spool.hold(id) }
        let summary = try shop.run()
        #expect(summary.done == [next] && summary.failed.isEmpty && summary.exitCode == 0)
        #expect(try shop.state(id) == .running)
        let attempt = try #require(try shop.spool.attempts(id, "data").first)
        #expect(shop.spool.outcome(of: attempt)?.result == .cancelled)
        #expect(shop.spool.outcome(of: attempt)?.reason == "held on request")
        try shop.spool.release(id)
        #expect(try shop.run().done == [id])
        #expect(shop.events.contains("data 2 resumed"))
    }

    @Test(arguments: ["hang-once", "deaf-once"]) func cancellingEndsTheJob(_ behaviour: String) throws {
        let shop = try Workshop()
        let id = try shop.submit("long", [("first", "succeed", []), ("data", behaviour, ["first"])])
        let next = try shop.submit("next", [("data", "succeed", [])], more: 2)
        InterruptionTests.whenCheckpointed(shop.spool, id) { [spool = shop.spool] in try? spool.cancel(id) }
        let summary = try shop.run { $0.grace = 0.3 }
        #expect(summary.failed == [id] && summary.done == [next])
        let status = try shop.spool.job(matching: id.text)
        #expect(status.state == .failed && status.reason == "cancelled on request" && !status.isCancelled)
        #expect(status.bundle == shop.spool.bundle(id).path, "what was done is not lost")
        #expect(try shop.scratch.names(in: "spool/wishes") == [])
    }

    /// Before a runner has looked at it, while it is held, and before its first stage.
    @Test func whatHasNotBegunIsCancelledToo() throws {
        let shop = try Workshop()
        let id = try shop.submit("early", [("data", "succeed", [])])
        try shop.spool.hold(id)
        try shop.spool.cancel(id)
        #expect(try shop.run().failed == [id])
        #expect(try shop.spool.attempts(id, "data").isEmpty)
        #expect(!shop.events.contains("data 1"))
    }

    @Test func wishesThatNobodyUnderstandsAreNone() throws {
        let shop = try Workshop()
        let id = try shop.submit("job", [("data", "succeed", [])])
        for (name, text) in [("\(id).priority", "soon"), ("\(id).hold.tmp", ""), ("notes.txt", ""), ("x.hold", "")] {
            try Data(text.utf8).write(to: shop.spool.wishesFolder.appending(path: name))
        }
        #expect(try shop.spool.wishes() == [id: Wishes()])
        try Data("1000".utf8).write(to: shop.spool.wishesFolder.appending(path: "\(id).priority"))
        #expect(shop.spool.wishes(for: id).priority == 100)
        #expect(try shop.run().done == [id])
    }
}
