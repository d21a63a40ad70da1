import Basics
import Foundation
import Runner
import Spool
import StageKit
import TestSupport
import Testing

/// A spool that this version, or an earlier one of the same format, has written is read, gone on with, and written in the same
/// way. Set JDNAS_FREEZE to a new folder's name to have the present code write such a spool there.
@Suite(.serialized, .timeLimit(.minutes(10))) struct FrozenFormatTests {
    /// A copy of it, with room to work.
    private func thaw() throws -> Workshop {
        let scratch = try TemporaryFolder(inMemory: true)
        try FileManager.default.copyItem(at: FrozenSpool.fixture, to: scratch["spool"])
        return try Workshop(scratch: scratch)
    }

    private func id(_ job: String) throws -> JobID { try #require(JobID(FrozenSpool.id(job))) }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["JDNAS_FREEZE"] != nil)) func freeze() throws {
        let path = try #require(ProcessInfo.processInfo.environment["JDNAS_FREEZE"])
        try FrozenSpool.write(to: URL(filePath: path, directoryHint: .isDirectory))
    }

    /// Names, keys and their order, white space, digests, keys of results: everything.
    @Test func theSameIsWritten() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        try FrozenSpool.write(to: scratch.url)
        let (made, frozen) = try (FrozenText.contents(of: scratch.url), FrozenText.contents(of: FrozenSpool.fixture))
        let advice: Comment =
            """
            The spool's format has changed. Raise Spool.format, go on reading what Tests/Fixtures/spool-v1 holds, and freeze the new \
            format beside it (docs/spool.md). Only a change that earlier versions read as well may go into the same fixture.
            """
        #expect(Set(made.keys).symmetricDifference(frozen.keys).sorted() == [], advice)
        for (path, text) in frozen.sorted(by: { $0.key < $1.key }) { #expect(made[path] == text, "\(path): \(advice)") }
        #expect(!frozen.values.contains { $0.contains(NSTemporaryDirectory()) || $0.contains("/dev/shm") })
    }

    @Test func everyStateIsRead() throws {
        let shop = try thaw()
        let told = try shop.spool.jobs().map { job -> String in
            let stages = job.stages.map { "\($0.name) \($0.state) \(Int($0.fraction * 100))%" }
            let wishes = [
                job.priority == 0 ? nil : "priority \(job.priority)", job.isHeld ? "held" : nil,
                job.isCancelled ? "cancelled" : nil, job.isToBeRetried ? "to be retried" : nil,
                job.isPaused ? "paused" : nil, job.bundle == nil ? nil : "bundle",
            ]
            let parts = ["\(job.name) \(job.state)"] + [job.reason].compactMap(\.self) + stages
            return (parts + wishes.compactMap(\.self)).joined(separator: "; ")
        }
        #expect(
            told == [
                "finished done; data done 100%; base done 100%; bundle",
                "broken failed; data: a.jpg: the image is corrupt (replace it); data failed 0%; bundle",
                "again failed; data: ended by signal 9, Killed (out of memory, or kill -9; it had used up to 1 MiB): "
                    + "data: attempt 1, crash-once, 1 threads; data failed 50%; to be retried; bundle",
                "anew queued; data waiting 0%; base waiting 0%; paused",
                "refused rejected; refused.yaml:2:3: error: no such plugin",
                "imports done; base done 100%; bundle", "unpublished running; data running 0%; paused",
                "prepared running; data done 100%; paused",
                "running running; pack done 100%; data interrupted 50%; base waiting 0%; paused",
                "queued queued; data waiting 0%; paused", "held queued; data waiting 0%; held; paused",
                "urgent queued; data waiting 0%; priority 5; paused",
                "given-up queued; data waiting 0%; cancelled; paused", "submitted inbox; paused",
                "bad rejected; bad.yaml:2:3: error: no such plugin",
            ])
        let jobs = try shop.spool.jobs().filter { JobID($0.id) != nil }
        #expect(jobs.map(\.id) == FrozenSpool.jobs.map(FrozenSpool.id))
        #expect(jobs.map { $0.submitted?.description ?? "" }.allSatisfy { $0.hasPrefix("2026-01-02T03:00:") })
        #expect(shop.spool.pauseWish == .now && shop.spool.isToDrain)
        #expect(shop.spool.runner?.host == "elsewhere" && shop.spool.runner?.pid == 100)
        #expect(try shop.spool.notices().map(\.command.count) == [3])
        #expect(try shop.spool.wishes()[id("again")]?.retry?.from == "data")
    }

    @Test func tokensAndRecordsAreRead() throws {
        let shop = try thaw()
        for job in FrozenSpool.jobs {
            let (folder, token) = try #require(try shop.spool.find(id(job)))
            #expect(try !shop.spool.manifestData(of: token).isEmpty)
            if folder != .inbox, folder != .rejected { #expect(try shop.spool.resolvedData(of: token.id) != nil) }
        }
        func token(_ job: String) throws -> Token { try #require(try shop.spool.find(id(job))).token }
        #expect(try token("anew").retry == Token.Retry(epoch: 1, anew: ["data": 1, "base": 1]))
        #expect(try token("anew").epoch == 2)
        #expect(try token("queued").key == "second" && token("queued").environment == ["TEAM": "cells"])
        #expect(try token("submitted").key == "third" && token("submitted").environment == ["TEAM": "cells"])
        guard case .running(let owner, let started) = try token("running").state,
            case .done(_, let finished, let bundle) = try token("prepared").state,
            case .failed(_, let stage, _, _) = try token("broken").state
        else {
            Issue.record("a state is another one")
            return
        }
        #expect(owner.host == "elsewhere" && owner.isAlive == nil && started.description == "2026-01-02T03:02:00.000Z")
        #expect(bundle == "\(try id("prepared")).tar.zst" && finished > started && stage == "data")
        let attempt = try #require(try shop.spool.attempts(id("running"), "data").first)
        let outcome = try #require(shop.spool.outcome(of: attempt))
        #expect(outcome.result == .cancelled && outcome.reason == "stopped with the runner" && outcome.exitCode == 75)
        #expect(outcome.ended.seconds(since: outcome.started) == 60 && outcome.peakBytes == 1 << 20)
        let receipt = try #require(try shop.spool.publishedReceipt(id("finished"), "base"))
        #expect(receipt.members.map(\.path) == ["result.txt"] && receipt.headline == ["base says hello"])
        #expect(receipt.used == ResourceUse(seconds: 60, userSeconds: 0.25, systemSeconds: 0.125, peakBytes: 1 << 20))
    }

    /// A runner recovers it, and brings everything to its end.
    @Test func aRunnerGoesOnWithIt() throws {
        let shop = try thaw()
        #expect(throws: Failure.self) { try shop.run() }
        let hourAgo = [FileAttributeKey.modificationDate: Date(timeIntervalSinceNow: -3600)]
        try FileManager.default.setAttributes(hourAgo, ofItemAtPath: shop.spool.lockFile.path)
        #expect(try shop.spool.resume())
        let summary = try shop.run {
            $0.takeOver = true
            $0.base = "/"
        }
        #expect(
            Set(summary.done.map(\.jobName)) == [
                "again", "anew", "unpublished", "prepared", "running", "queued", "urgent", "submitted", "dropped",
            ])
        #expect(summary.failed.map(\.jobName) == ["given-up"] && summary.rejected.isEmpty && summary.left.isEmpty)
        #expect(shop.events.contains("data 2 resumed") && !shop.events.contains { $0.contains("damaged") })
        let ends = shop.events.filter { $0.hasSuffix(" done") }
        #expect(try #require(ends.firstIndex(of: "urgent done")) < #require(ends.firstIndex(of: "queued done")))
        let told = try String(contentsOf: shop.spool.log.appending(path: "on_done.txt"), encoding: .utf8)
        #expect(told == "finished is done\n")
        #expect(try shop.spool.attempts(id("unpublished"), "data").count == 1, "what was finished is published")
        #expect(try shop.spool.release(id("held")) && shop.run().done == [id("held")])
        let findings = try Doctor(at: shop.spool.root, bundles: .jobs, isDeep: true).examine()
        #expect(findings.filter { $0.severity == .fault }.map(\.what) == [])
    }

    @Test func resultsAreUsedAgain() throws {
        let shop = try thaw()
        try FileManager.default.removeItem(at: shop.spool.lockFile)
        _ = try shop.spool.resume()
        for job in ["anew", "unpublished", "prepared", "running", "queued", "urgent", "given-up", "submitted"] {
            try shop.spool.hold(id(job))
        }
        let same = try shop.submit("same", FrozenSpool.stages, more: "finished")
        let bundle = shop.spool.bundle(try id("finished")).path
        let reader = try shop.submit("reader", [("base", "succeed", ["file:\(bundle)/data"])], more: "imports")
        let imports = try shop.scratch.names(in: "spool/imports")
        #expect(try Set(shop.run { $0.base = "/" }.done).isSuperset(of: [same, reader]))
        #expect(shop.events.filter { $0 == "data cached" }.count == 1)
        #expect(shop.events.filter { $0 == "base cached" }.count == 2)
        #expect(try shop.scratch.names(in: "spool/imports") == imports && imports.count == 1)
    }

    /// A later version may have put anything into its marker.
    @Test(arguments: [
        #"{"format": "jdnas-spool/2"}"#, #"{"format": "jdnas-spool/2", "about": 7, "more": []}"#,
    ]) func aLaterFormatIsRefused(_ marker: String) throws {
        let shop = try thaw()
        let file = try shop.scratch.write(marker, to: "spool/spool.json")
        for attempt in [
            { _ = try Spool(at: shop.spool.root) }, { _ = try Spool(at: shop.spool.root, create: true) },
            { _ = try Doctor(at: shop.spool.root, bundles: .jobs) },
        ] {
            let failure = #expect(throws: Failure.self, performing: attempt)
            #expect(failure?.what == "a spool of format jdnas-spool/2, and this jdnas knows jdnas-spool/1 only")
            #expect(failure?.remedy == "use the version of jdnas that made it, or a later one")
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == marker)
    }
}
