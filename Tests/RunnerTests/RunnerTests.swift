import Archive
import Basics
import Foundation
import Glibc
import Runner
import Spool
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(10))) struct RunnerTests {
    @Test func aChainOfStagesEndsInABundle() throws {
        let shop = try Workshop()
        let id = try shop.submit("blood", [("data", "succeed", []), ("base", "succeed", ["data"])])
        let summary = try shop.run()
        #expect(summary.done == [id])
        #expect(summary.exitCode == 0)
        #expect(
            shop.events == [
                "accepted blood.yaml", "data 1", "data done", "base 1", "base done", "blood done", "data says hello",
                "base says hello",
            ])
        let status = try shop.spool.job(matching: "blood")
        #expect(status.state == .done)
        #expect(status.stages.map(\.state) == [.done, .done])
        #expect(status.bundle == shop.spool.bundle(id).path)
        let names = try ArchiveReader(shop.spool.bundle(id)).members().map(\.path)
        for name in [
            "bundle.json", "job.json", "manifest.yaml", "resolved.json", "logs/data.txt", "receipts/base.json",
            "data/result.txt",
        ] { #expect(names.contains(name), "\(name) is not in the bundle") }
    }

    @Test func aDroppedFileRunsAndIsKept() throws {
        let shop = try Workshop()
        let manifest = try Workshop.manifest("dropped", [("data", "succeed", [])])
        try manifest.write(to: shop.spool.folder(.inbox).appending(path: "mine.yaml"))
        let summary = try shop.run()
        let id = try #require(summary.done.first)
        #expect(id.jobName == "dropped")
        #expect(try Data(contentsOf: shop.spool.manifest(id)) == manifest)
        #expect(try shop.scratch.names(in: "spool/inbox").isEmpty)
    }

    @Test func aBadManifestIsRejectedAndTheNextJobRuns() throws {
        let shop = try Workshop()
        let inbox = shop.spool.folder(.inbox)
        try Data("job: bad\n".utf8).write(to: inbox.appending(path: "bad.yaml"))
        try Data(#"{"crash-the-check": 1}"#.utf8).write(to: inbox.appending(path: "crash.yaml"))
        try Data("x".utf8).write(to: inbox.appending(path: "notes.txt"))
        let submitted = try shop.spool.submit(manifest: Data("job: worse\n".utf8), name: "worse", base: "/")
        let good = try shop.submit("good", [("data", "succeed", [])])
        let summary = try shop.run()
        #expect(summary.done == [good])
        #expect(Set(summary.rejected) == ["bad.yaml", "crash.yaml", "notes.txt", "worse.yaml"])
        #expect(summary.exitCode == 1)
        let folder = shop.spool.folder(.rejected)
        let text = try String(contentsOf: folder.appending(path: "bad.diagnostics.txt"), encoding: .utf8)
        #expect(text == "bad.yaml:2:3: error: no such plugin\n  remedy: choose another\n")
        #expect(try Data(contentsOf: folder.appending(path: "bad.yaml")) == Data("job: bad\n".utf8))
        let crash = try String(contentsOf: folder.appending(path: "crash.diagnostics.txt"), encoding: .utf8)
        #expect(crash.contains("signal 11"))
        #expect(try shop.state(submitted) == .rejected)
        #expect(try Data(contentsOf: folder.appending(path: "\(submitted).yaml")) == Data("job: worse\n".utf8))
    }

    @Test func anInputErrorFailsAtOnceWithABundle() throws {
        let shop = try Workshop()
        let id = try shop.submit(
            "bad", [("data", "succeed", []), ("base", "input", ["data"]), ("report", "succeed", ["base"])])
        let next = try shop.submit("next", [("data", "succeed", [])])
        let summary = try shop.run()
        #expect(summary.failed == [id])
        #expect(summary.done == [next])
        #expect(summary.exitCode == 1)
        let status = try shop.spool.job(matching: id.text)
        #expect(status.reason == "base: a.jpg: the image is corrupt (replace it)")
        #expect(status.stages.map(\.state) == [.done, .failed, .waiting])
        #expect(try shop.spool.attempts(id, "base").count == 1)
        let reader = ArchiveReader(shop.spool.bundle(id))
        #expect(try String(decoding: reader.data(of: "failure.txt"), as: UTF8.self).contains("corrupt"))
        #expect(try !reader.data(of: "data/result.txt").isEmpty)
    }

    @Test func aCrashedStageGoesOnFromItsCheckpoint() throws {
        let shop = try Workshop()
        let id = try shop.submit("crash", [("data", "crash-once", [])])
        #expect(try shop.run().done == [id])
        #expect(shop.events.dropFirst().prefix(4) == ["data 1", "data failed, again", "data 2 resumed", "data done"])
        let receipt = try #require(try shop.spool.publishedReceipt(id, "data"))
        let result = shop.spool.output(of: receipt).appending(path: "result.txt")
        #expect(try String(contentsOf: result, encoding: .utf8) == "half of data from attempt 1")
        let first = try #require(try shop.spool.attempts(id, "data").first)
        let outcome = try #require(shop.spool.outcome(of: first))
        #expect(outcome.signal == 9)
        #expect(outcome.reason.hasPrefix("ended by signal 9"))
        // And what it was at.
        #expect(outcome.reason.contains("data: attempt 1, crash-once"))
    }

    @Test(arguments: [("always-crash", "signal 9"), ("lie", "without a receipt"), ("lie-of-kind", "without a receipt")])
    func aStageThatNeverSucceedsUsesUpItsAttempts(_ behaviour: String, _ reason: String) throws {
        let shop = try Workshop()
        let id = try shop.submit("never", [("data", behaviour, [])])
        #expect(try shop.run().failed == [id])
        #expect(try shop.spool.attempts(id, "data").count == 3)
        let status = try shop.spool.job(matching: id.text)
        #expect(status.reason?.contains(reason) == true)
        #expect(status.reason?.hasSuffix("(attempt 3 of 3)") == true)
        // Why it was not published is told, and the receipt kept.
        guard behaviour == "lie-of-kind" else { return }
        let told = shop.events.filter {
            $0.contains("the receipt is of the kind 'nothing', and the stage makes 'dataset'")
        }
        #expect(told.count == 3, "\(shop.events)")
        let aside = FileManager.default.subpaths(atPath: shop.spool.root.appending(path: "aside").path) ?? []
        #expect(aside.filter { $0.contains("receipt") && $0.hasSuffix(".json") }.count == 3, "\(aside)")
    }

    @Test func aFailureOfTheMachineIsTriedAgainWithItsLastWordsKept() throws {
        let shop = try Workshop()
        let id = try shop.submit("disk", [("data", "fail-once", [])])
        #expect(try shop.run().done == [id])
        let first = try #require(try shop.spool.attempts(id, "data").first)
        #expect(
            shop.spool.outcome(of: first)?.reason
                == "ended with exit code 74: data: attempt 1, fail-once, 1 threads | disk trouble")
    }

    @Test func aJobReadsAnEarlierJobsArtifact() throws {
        let shop = try Workshop()
        try shop.submit("first", [("data", "succeed", [])])
        try shop.submit("second", [("base", "succeed", ["first/data"])])
        let orphan = try shop.submit("third", [("base", "succeed", ["nobody/data"])])
        let summary = try shop.run()
        #expect(summary.done.count == 2)
        #expect(summary.failed == [orphan])
        #expect(try shop.spool.job(matching: "third").reason?.contains("no job 'nobody'") == true)
    }

    @Test func aSecondRunnerIsRefused() throws {
        let shop = try Workshop()
        let lock = try SchedulerLock.acquire(shop.spool)
        let refusal = #expect(throws: Failure.self) { try shop.run() }
        #expect(refusal?.what.contains("process \(getpid())") == true)
        lock.release()
        _ = try shop.run()
    }

    @Test func aMissingStageProgramIsNamed() throws {
        let shop = try Workshop()
        let runner = try Runner(spool: shop.spool, stageProgram: URL(filePath: "/nowhere/jdnas-stage"))
        let failure = #expect(throws: Failure.self) { try runner.run() }
        #expect(failure?.place == "/nowhere/jdnas-stage")
    }

    @Test func aDamagedReceiptMakesItsStageRunAgain() throws {
        let shop = try Workshop()
        let id = try shop.submit("torn", [("data", "succeed", []), ("base", "succeed", ["data"])])
        _ = try shop.run()
        // As if the job were still under way, with half a receipt.
        let token = try #require(try shop.spool.find(id)?.token)
        _ = try shop.spool.move(token, from: .done, to: .queued(accepted: .now))
        try FileManager.default.removeItem(at: shop.spool.bundle(id))
        let receipt = shop.spool.receiptFile(id, "data")
        try Data(Data(contentsOf: receipt).dropLast(30)).write(to: receipt)
        _ = try shop.run()
        #expect(try shop.spool.attempts(id, "data").count == 2)
        // The published receipt and the attempt's are one file: both names are set aside, each with a reason.
        #expect(try shop.scratch.names(in: "spool/aside").count == 4)
    }
}
