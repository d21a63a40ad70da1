import Basics
import Foundation
import Manifest
import Runner
import Spool
import StageKit
import TestSupport
import Testing

/// Checks of manifests go on beside everything else, however long they take.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CheckTests {
    private func drop(_ shop: Workshop, _ job: String) throws -> URL {
        let file = shop.spool.folder(.inbox).appending(path: "\(job).yaml")
        try Workshop.manifest(job, [("data", "succeed", [])]).write(to: file)
        return file
    }

    /// Calls `body` in another thread once something holds; gives up after a minute.
    private func once(
        _ holds: @escaping @Sendable () -> Bool, then body: @escaping @Sendable () -> Void
    ) {
        Thread.detachNewThread {
            let end = Date().addingTimeInterval(60)
            while Date() < end {
                if holds() { return body() }
                usleep(10_000)
            }
        }
    }

    /// A stage's time runs out while a check hangs; the job's end is written down meanwhile. The drop is taken back then, which
    /// ends its check.
    @Test func aHangingCheckHoldsUpNoRunningStage() throws {
        let shop = try Workshop()
        let id = try shop.submit("slow", [("data", "hang-once", [])], stageRules: StageRules(timeout: 1))
        let inbox = shop.spool.folder(.inbox)
        let spool = shop.spool
        InterruptionTests.whenCheckpointed(spool, id) { [root = shop.scratch.url] in
            let data = try? Workshop.manifest("check-hangs", [("data", "succeed", [])])
            let draft = root.appending(path: "draft")
            try? data?.write(to: draft)
            try? FileManager.default.moveItem(at: draft, to: inbox.appending(path: "check-hangs.yaml"))
        }
        once(
            { ((try? spool.find(id)) ?? nil)?.folder == .failed },
            then: { try? FileManager.default.removeItem(at: inbox.appending(path: "check-hangs.yaml")) })
        let start = Date()
        #expect(try shop.run { $0.grace = 0.3 }.failed == [id])
        #expect(Date().timeIntervalSince(start) < 20)
        #expect(try shop.spool.job(matching: "slow").reason?.contains("'timeout'") == true)
        #expect(try shop.scratch.names(in: "spool/tmp").isEmpty)
    }

    @Test func aStopEndsACheckAtOnce() throws {
        let shop = try Workshop()
        _ = try drop(shop, "check-hangs")
        let stop = try StopFlag()
        let temporary = shop.spool.temporary.path
        once({ (try? FileManager.default.contentsOfDirectory(atPath: temporary))?.count == 2 }, then: { stop.stop() })
        let start = Date()
        #expect(try shop.run(stop: stop).stopped)
        #expect(Date().timeIntervalSince(start) < 20)
        // It is looked at again by the next runner.
        #expect(try shop.scratch.names(in: "spool/inbox") == ["check-hangs.yaml"])
        #expect(try shop.scratch.names(in: "spool/tmp").isEmpty)
    }

    @Test func aCheckThatHangsThreeTimesRefusesTheManifest() throws {
        let shop = try Workshop()
        _ = try drop(shop, "check-hangs")
        #expect(try shop.run { $0.checkLimit = 0.2 }.rejected == ["check-hangs.yaml"])
        let text = try String(
            contentsOf: shop.spool.folder(.rejected).appending(path: "check-hangs.diagnostics.txt"), encoding: .utf8)
        #expect(text.contains("the check of the manifest took more than 0.2 s"))
    }

    /// The runner wakes up when the check ends, not when it would look by itself.
    @Test func aCheckThatEndsWakesTheRunnerUp() throws {
        let shop = try Workshop()
        let id = try shop.submit("quick", [("data", "succeed", [])])
        let start = Date()
        #expect(
            try shop.run {
                $0.poll = 30
                $0.heartbeat = 30
            }.done == [id])
        #expect(Date().timeIntervalSince(start) < 10)
    }

    /// Many drops, whose checks take seconds together: the first one's stage does not wait for the last one's check.
    @Test func dropAfterDropKeepsNoStageFromStarting() throws {
        let shop = try Workshop()
        for number in 10..<30 {
            let job = "check-takes-a-moment-\(number)"
            try Workshop.manifest(job, [("data", "succeed", [])], reuse: .never)
                .write(to: shop.spool.folder(.inbox).appending(path: "\(job).yaml"))
        }
        #expect(try shop.run().done.count == 20)
        let first = try #require(shop.events.firstIndex(of: "data 1"))
        let last = try #require(shop.events.lastIndex { $0.hasPrefix("accepted") })
        #expect(first < last)
        // One stage follows the other meanwhile.
        #expect(shop.events[..<last].count { $0 == "data done" } >= 6)
        // And what came together was taken in for a while before that.
        #expect(shop.events[..<first].count { $0.hasPrefix("accepted") } > 1)
    }

    /// The check of an accepted job whose record was damaged hangs, and another job goes on.
    @Test func aDamagedRecordHoldsUpNoOtherJob() throws {
        let shop = try Workshop()
        try shop.scratch.write(Workshop.manifest("night", [("data", "succeed", [])]), to: "base/report.json")
        let id = try shop.spool.submit(
            manifest: Data(#"{"given-by-base": 1}"#.utf8), name: "night", base: shop.scratch["base"].path)
        try shop.spool.hold(id)
        _ = try shop.run()
        try Data().write(to: shop.spool.resolved(id))
        try shop.scratch.write("", to: "base/hang")
        try shop.spool.release(id)
        let other = try shop.submit("other", [("data", "succeed", [])])
        let stop = try StopFlag()
        let spool = shop.spool
        once({ ((try? spool.find(other)) ?? nil)?.folder == .done }, then: { stop.stop() })
        let start = Date()
        #expect(try shop.run(stop: stop).done == [other])
        #expect(Date().timeIntervalSince(start) < 20)
        #expect(try shop.state(id) == .queued)
        try FileManager.default.removeItem(at: shop.scratch["base/hang"])
        #expect(try shop.run().done == [id])
    }

    /// Each token is read once or twice, not once for each job that is handed in.
    @Test func keysAreFoundWithoutReadingAllJobsAgain() throws {
        let shop = try Workshop()
        for number in 0..<40 {
            let id = try shop.submit(
                "job\(number)", [("data", "succeed", [])], rules: JobRules(key: "key\(number % 38)"))
            try shop.spool.hold(id)
        }
        let counter = ReadCounter("/queued/")
        let counted = try Spool(at: shop.spool.root, files: FileSystem(faults: counter))
        _ = try shop.run(spool: counted)
        #expect(try shop.spool.tokens(in: .queued).count == 38)
        #expect(try shop.spool.tokens(in: .rejected).count == 2)
        #expect(counter.count < 200)
    }

    /// What a job is never changes once it is accepted: one that waits for its time is read at the first look, not at each, and
    /// nothing of its stages is.
    @Test func aWaitingJobIsReadOnce() throws {
        let shop = try Workshop()
        let later = JobRules(notBefore: Date().timeIntervalSince1970 + 86_400)
        let id = try shop.submit("later", [("data", "succeed", [])], rules: later)
        let counter = ReadCounter("work/\(id)/")
        let counted = try Spool(at: shop.spool.root, files: FileSystem(faults: counter))
        let stop = try StopFlag()
        let spool = shop.spool
        once(
            { ((try? spool.find(id)) ?? nil)?.folder == .queued },
            then: {
                usleep(500_000)
                stop.stop()
            })
        _ = try shop.run(stop: stop, spool: counted) {
            $0.drain = false
            $0.poll = 0.02
        }
        // `resolved.json`, and `job.json` for its digest.
        #expect(counter.count == 2)
    }
}
