import Basics
import Bundles
import Foundation
import Runner
import Spool
import StageKit
import TestSupport
import Testing

/// Failed jobs that are tried again.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RetryTests {
    /// A stage that fails until the outside is mended.
    private func shop(_ behaviour: String = "input-until") throws -> (Workshop, JobID) {
        let shop = try Workshop()
        let id = try shop.submit(
            "blood", [("first", "succeed", []), ("data", behaviour, ["first"]), ("last", "succeed", ["data"])],
            more: .string(shop.scratch.url.path), reuse: .never)
        #expect(try shop.run().failed == [id])
        return (shop, id)
    }

    private func mend(_ shop: Workshop) throws { try shop.scratch.write("", to: "mended") }

    private func state(ofBundle id: JobID, _ shop: Workshop) throws -> String? {
        let bundle = Bundles.Bundle(shop.spool.bundle(id))
        #expect(bundle.verify() == [])
        return try bundle.manifest().about["state"]?.string
    }

    private func began(_ shop: Workshop, _ stage: String) -> Int {
        shop.events.count { $0.wholeMatch(of: /([a-z]+) \d+( resumed)?/)?.1 == Substring(stage) }
    }

    @Test func whatWasFinishedIsKept() throws {
        let (shop, id) = try shop()
        #expect(try state(ofBundle: id, shop) == "failed")
        try shop.spool.wishRetry(id)
        #expect(try shop.spool.job(matching: id.text).isToBeRetried)
        // Not mended yet: the earlier attempt does not count, the new one does.
        #expect(try shop.run().failed == [id])
        #expect(try shop.spool.attempts(id, "data").map(\.name) == ["1-1", "3-2"])
        #expect(try shop.spool.wishes() == [:])
        try mend(shop)
        try shop.spool.wishRetry(id)
        #expect(try shop.run().done == [id])
        #expect(began(shop, "first") == 1 && began(shop, "data") == 3 && began(shop, "last") == 1)
        #expect(try state(ofBundle: id, shop) == "done", "the bundle is of this end")
        #expect(try shop.scratch.names(in: "spool/outbox") == ["\(id).tar.zst"])
        let doctor = try Doctor(at: shop.spool.root, bundles: .jobs)
        #expect(doctor.examine() == [])
    }

    /// Three attempts more, not one.
    @Test func failedAttemptsDoNotCountAgainstIt() throws {
        let (shop, id) = try shop("crash-until")
        #expect(try shop.spool.attempts(id, "data").count == 3)
        try shop.spool.wishRetry(id)
        #expect(try shop.run().failed == [id])
        #expect(try shop.spool.attempts(id, "data").count == 6)
        #expect(try shop.spool.job(matching: id.text).reason?.hasSuffix("(attempt 3 of 3)") == true)
        // It goes on from the last checkpoint of all.
        try mend(shop)
        try shop.spool.wishRetry(id)
        #expect(try shop.run().done == [id])
        #expect(shop.events.contains("data 7 resumed"))
    }

    /// What a stage had found out lies in the failed job's bundle; and that it begins anew for want of a whole checkpoint is told.
    @Test func whatAFailedStageHadSavedIsTold() throws {
        let (shop, id) = try shop("journal-until")
        #expect(
            try Bundles.Bundle(shop.spool.bundle(id)).data(of: "data/journal.jsonl") == Data("{\"saved\": true}".utf8)
        )
        for attempt in try shop.spool.attempts(id, "data") {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: attempt.checkpoint.path)) ?? [] {
                try Data("torn".utf8).write(to: attempt.checkpoint.appending(path: "\(name)/state.txt"))
            }
        }
        try mend(shop)
        try shop.spool.wishRetry(id)
        #expect(try shop.run().done == [id])
        #expect(
            shop.events.contains {
                $0.hasPrefix("note \(id): data starts anew: of its ") && $0.contains("none is whole")
            },
            "\(shop.events)")
        #expect(!shop.events.contains("data 4 resumed"))
    }

    @Test func fromAStageAllThatDependOnItIsRunAnew() throws {
        let (shop, id) = try shop("crash-until")
        try mend(shop)
        try shop.spool.wishRetry(id, from: "first")
        #expect(try shop.run().done == [id])
        #expect(began(shop, "first") == 2 && began(shop, "data") == 4 && began(shop, "last") == 1)
        #expect(shop.events.contains("data 4") && !shop.events.contains("data 4 resumed"), "not even from a checkpoint")
        #expect(try !shop.scratch.names(in: "spool/aside").isEmpty)
        #expect(try Doctor(at: shop.spool.root, bundles: .jobs).examine() == [])
        // The same of a stage in the middle leaves those before it.
        #expect(shop.spool.stages(from: "data", of: id) == ["data", "last"])
        #expect(shop.spool.stages(from: "first", of: id) == ["first", "data", "last"])
    }

    /// A result that another job has is no result for a stage that is to be run anew.
    @Test func anewMeansAnew() throws {
        let shop = try Workshop()
        let stages = [("data", "succeed", [String]()), ("base", "input", ["data"])]
        let ids = try [shop.submit("one", stages), shop.submit("two", stages)]
        #expect(try shop.run().failed == ids)
        #expect(shop.events.filter { $0 == "data cached" }.count == 1)
        try shop.spool.wishRetry(ids[1], from: "data")
        _ = try shop.run()
        #expect(shop.events.filter { $0 == "data cached" }.count == 1)
        #expect(try shop.spool.publishedReceipt(ids[1], "data")?.attempt.hasSuffix("attempts/3-2") == true)
    }

    @Test func aCancelledJobIsTriedAgainToo() throws {
        let shop = try Workshop()
        let id = try shop.submit("early", [("data", "succeed", [])])
        try shop.spool.cancel(id)
        #expect(try shop.run().failed == [id])
        // A wish of before, which a crash has left.
        try shop.spool.cancel(id)
        try shop.spool.wishRetry(id)
        #expect(try shop.run().done == [id])
        #expect(try state(ofBundle: id, shop) == "done")
    }

    /// A runner that works takes it up, and its job counts by its last end.
    @Test func aLivingRunnerHeedsIt() throws {
        let shop = try Workshop()
        let id = try shop.submit(
            "blood", [("data", "input-until", [])], more: .string(shop.scratch.url.path), reuse: .never)
        let long = try shop.submit("long", [("data", "talks-once", [])])
        Thread.detachNewThread { [spool = shop.spool, scratch = shop.scratch] in
            while (try? spool.find(id))??.folder != .failed { usleep(10_000) }
            _ = try? scratch.write("", to: "mended")
            try? spool.wishRetry(id)
        }
        let summary = try shop.run()
        #expect(Set(summary.done) == [id, long] && summary.exitCode == 0)
    }

    /// Killed between the bundle and the token's move, the next runner moves the token; before the bundle, it builds it.
    @Test func theLastEndCounts() throws {
        let (shop, id) = try shop()
        try mend(shop)
        try shop.spool.wishRetry(id)
        struct Full: FileFaults {
            func before(_ call: FileCall, at path: String) throws {
                if call == .rename, path.contains("/outbox/") || path.contains("/done/") {
                    throw Failure("rename: No space left on device", at: path, cause: .system)
                }
            }
            func after(_ call: FileCall, at path: String) throws {}
        }
        let full = try Spool(at: shop.spool.root, files: FileSystem(faults: Full()))
        #expect(try shop.run(spool: full).left == [id.text])
        #expect(try state(ofBundle: id, shop) == "failed")
        #expect(try shop.run().done == [id])
        #expect(try state(ofBundle: id, shop) == "done")
    }

    @Test func wishesForJobsThatHaveNotFailedAreDropped() throws {
        let shop = try Workshop()
        let id = try shop.submit("job", [("data", "succeed", [])])
        try shop.spool.wishRetry(id)
        #expect(try shop.run().done == [id])
        try shop.spool.wishRetry(id)
        _ = try shop.run()
        #expect(try shop.state(id) == .done && shop.spool.wishes() == [:])
    }
}
