import Basics
import Foundation
import Spool
import Synchronization
import TestSupport
import Testing

@testable import StatusPage

/// What the reader makes of a spool, and how little it reads for that.
@Suite struct ReaderTests {
    private let scratch: TemporaryFolder
    private let spool: Spool

    init() throws {
        scratch = try TemporaryFolder(inMemory: true)
        spool = try Spool(at: scratch.url, create: true)
    }

    private static func resolved(_ stages: [(String, [String])]) -> Data {
        let list = stages.map { name, needs -> JSON in
            ["name": .string(name), "plugin": "make", "needs": .array(needs.map { .string($0) })]
        }
        return Data(JSON.object(["description": "a test", "stages": .array(list)]).prettyText.utf8)
    }

    private func queue(_ name: String, _ stages: [(String, [String])] = [("data", [])]) throws -> Token {
        let id = try spool.submit(manifest: Data("job: \(name)\n".utf8), name: name, base: "/")
        let token = try #require(try spool.find(id)?.token)
        return try spool.accept(token, resolved: Self.resolved(stages))
    }

    /// A stage that is done, with a page among its results.
    @discardableResult
    private func finish(_ stage: String, of token: Token) throws -> Receipt {
        let attempt = try spool.newAttempt(token, stage: stage)
        try Data("working\n".utf8).write(to: attempt.log)
        try Data("{}".utf8).write(to: attempt.request)
        try Data("<html/>".utf8).write(to: attempt.output.appending(path: "report.html"))
        let receipt = Receipt(
            job: token.id, stage: stage, plugin: "make", pluginVersion: 1, kind: "evaluation", key: Digest(of: "k"),
            attempt: attempt.path, members: try Receipt.members(of: attempt.output) { _ in true },
            summary: ["headline": ["AP 0.5"]], inputs: [])
        try receipt.sealed().write(to: attempt.receipt)
        return try spool.publishReceipt(of: attempt)
    }

    @Test func theQueueIsInTheRunnersOrder() throws {
        let tokens = try ["one", "two", "three", "four"].map { try queue($0) }
        try spool.prioritise(tokens[2].id, 5)
        try spool.prioritise(tokens[0].id, -1)
        try spool.hold(tokens[1].id)
        try spool.cancel(tokens[3].id)
        try Data("job: x".utf8).write(to: spool.folder(.inbox).appending(path: "dropped.yaml"))
        var reader = OverviewReader(spool)
        let overview = try reader.read(at: 0)
        #expect(overview.queue.shown.map(\.id.jobName) == ["three", "two", "four", "one"])
        #expect(overview.queue.shown.map(\.wait) == [.turn, .held, .cancelled, .turn])
        #expect(overview.queue.shown.map(\.priority) == [5, 0, 0, -1])
        #expect(overview.queue.shown.map(\.stageCount) == [1, 1, 1, 1] && overview.heldCount == 1)
        #expect(overview.inbox == Excerpt(["dropped.yaml"]) && overview.runner == .nobody)
        // New wishes count at once, whatever is remembered.
        try spool.prioritise(tokens[3].id, 9)
        #expect(try reader.read(at: 100).queue.shown.first?.id == tokens[3].id)
    }

    @Test func whatAJobWaitsFor() throws {
        let first = try queue("first")
        let reader = try queue("reader", [("base", ["first/data", "file:/a/b"]), ("report", ["base"])])
        let exact = try queue("exact", [("base", ["\(first.id)/data"])])
        let vain = try queue("vain", [("base", ["nobody/data"])])
        var overviews = OverviewReader(spool)
        func waits(_ time: Double) throws -> [JobID: QueuedJob.Wait] {
            let queue = try overviews.read(at: time).queue.shown
            return Dictionary(uniqueKeysWithValues: queue.map { ($0.id, $0.wait) })
        }
        let before = try waits(0)
        #expect(before[first.id] == .turn && before[reader.id] == .other("first/data"))
        #expect(before[exact.id] == .other("\(first.id)/data") && before[vain.id] == .other("nobody/data"))
        let claimed = try spool.claim(first, from: .queued, for: .current)
        try finish("data", of: claimed)
        let after = try waits(10)
        #expect(after[first.id] == nil && after[reader.id] == .turn && after[exact.id] == .turn)
        #expect(after[vain.id] == .other("nobody/data"))
    }

    @Test func aLiveJobWithItsStages() throws {
        let token = try spool.claim(
            queue("live", [("data", []), ("search", ["data"]), ("report", ["search"])]), from: .queued, for: .current)
        try finish("data", of: token)
        for (message, reason) in [("", "out of memory"), ("generation 3", nil)] {
            let attempt = try spool.newAttempt(token, stage: "search")
            try Data("searching\n".utf8).write(to: attempt.log)
            let progress: JSON = [
                "fraction": 0.5, "message": .string(message), "eta": 40, "metrics": ["AP": 0.4],
                "table": ["title": "the front", "header": ["candidate"], "rows": [["7"]]],
            ]
            try Data(progress.prettyText.utf8).write(to: attempt.progress)
            if let reason {
                try spool.record(AttemptOutcome(result: .failed, reason: reason, started: .now), of: attempt)
            }
        }
        var reader = OverviewReader(spool)
        let job = try #require(try reader.read(at: 0).live.shown.first)
        #expect(job.description == "a test" && job.started != nil)
        #expect(job.stages.map(\.state) == [.done, .running, .waiting])
        #expect(job.stages.map(\.needs) == [[], ["data"], ["search"]])
        let (data, search) = (job.stages[0], job.stages[1])
        #expect(data.message == "AP 0.5" && data.seconds != nil && !data.isReused)
        #expect(data.log?.path == "work/\(token.id)/data/attempts/1-1/log.txt")
        #expect(search.fraction == 0.5 && search.message == "generation 3" && search.eta == 40)
        #expect(search.table?.rows == [["7"]] && search.metrics == ["AP": 0.4])
        #expect(search.attempts == 2 && search.earlierReason == "out of memory")
        // A receipt that does not hold any more makes the stage an open one again.
        try spool.setAsideReceipt(token.id, "data", because: "a test")
        #expect(try reader.read(at: 1).live.shown.first?.stages[0].state != .done)
    }

    @Test func jobsThatHaveEnded() throws {
        var tokens: [Token] = []
        for name in ["good", "bad"] { tokens.append(try spool.claim(queue(name), from: .queued, for: .current)) }
        let receipt = try finish("data", of: tokens[0])
        let started = Sample.time
        let good = try spool.move(
            tokens[0], from: .running, to: .done(started: started, finished: Sample.after(60), bundle: "b"))
        let attempt = try spool.newAttempt(tokens[1], stage: "data")
        try Data((1...40).map { "line \($0)\n" }.joined().utf8).write(to: attempt.log)
        let bad = try spool.move(
            tokens[1], from: .running,
            to: .failed(reason: "data: no", stage: "data", finished: Sample.after(90), bundle: "b"))
        try Data().write(to: spool.bundle(good.id))
        var reader = OverviewReader(spool)
        let overview = try reader.read(at: 0)
        #expect(overview.ended.count == 2 && overview.failedCount == 1 && overview.live.count == 0)
        let shown = Dictionary(uniqueKeysWithValues: overview.ended.shown.map { ($0.id, $0) })
        let done = try #require(shown[good.id])
        #expect(done.isDone && done.headline == ["AP 0.5"] && done.bundle?.path == "outbox/\(good.id).tar.zst")
        #expect(done.pages == [PageLink("report", "\(receipt.attempt)/output/report.html")])
        let failed = try #require(shown[bad.id])
        #expect(!failed.isDone && failed.reason == "data: no" && failed.bundle == nil)
        #expect(failed.lastLines.count == 12 && failed.lastLines.last == "line 40")
        // What a user deletes is linked no more.
        try FileManager.default.removeItem(at: spool.bundle(good.id))
        try FileManager.default.removeItem(at: spool.workFolder(good.id))
        let later = try #require(try reader.read(at: 9).ended.shown.first { $0.id == good.id })
        #expect(later.bundle == nil && later.pages.isEmpty && later.headline == ["AP 0.5"])
    }

    @Test func rejectedManifests() throws {
        let id = try spool.submit(manifest: Data("job: bad\n".utf8), name: "bad", base: "/")
        try spool.reject(try #require(try spool.find(id)?.token), diagnostics: "bad.yaml:1:1: error: no\n")
        try scratch.write("job: [", to: "rejected/drop.yaml")
        try scratch.write("drop.yaml:1:6: error: nonsense\n", to: "rejected/drop.diagnostics.txt")
        for number in 0..<20 { try scratch.write("x", to: "rejected/old-\(number).txt") }
        var reader = OverviewReader(spool)
        let rejected = try reader.read(at: 0).rejected
        #expect(rejected.count == 22 && rejected.shown.count == 10)
        #expect(Set(rejected.shown.prefix(2).map(\.name)) == ["drop.yaml", "\(id).yaml"])
        #expect(
            Set(rejected.shown.prefix(2).map(\.diagnostics)) == [
                "drop.yaml:1:6: error: nonsense\n", "bad.yaml:1:1: error: no\n",
            ])
    }

    /// What counts is when a job was handed in, not what its name or the digits in its id are.
    @Test func jobsOfTheSameSecondAreInTheirOrder() throws {
        let tokens = try (0..<12).map { try queue("job-\(9 - $0 % 10)") }
        var reader = OverviewReader(spool)
        #expect(try reader.read(at: 0).queue.shown.map(\.id) == tokens.map(\.id))
    }

    /// Ten thousand jobs: a page of the usual size, and no work where nothing has changed.
    @Test func aLongQueueIsReadOnce() throws {
        for number in 0..<10_000 {
            let token = Token(
                id: Sample.id("many", number, at: Sample.after(Double(number))), base: "/",
                submitted: Sample.after(Double(number)), manifestDigest: Digest(of: ""), source: "many.yaml",
                state: .queued(accepted: Sample.time))
            try SealedRecord.encode(token).write(to: spool.folder(.queued).appending(path: "\(token.id).json"))
        }
        let calls = CallCount()
        var reader = OverviewReader(try Spool(at: scratch.url, files: FileSystem(faults: calls)))
        let overview = try reader.read(at: 0)
        #expect(calls.take { $0 == .read && $1.contains("/queued/") } == 250)
        #expect(overview.queue.count == 10_000 && overview.queue.shown.count == 50)
        #expect(overview.queue.shown.first?.id == Sample.id("many", 0))
        #expect(overview.html(written: Sample.time).utf8.count < 60_000)
        // The folder's time has not stood still for long enough yet: its names are read again, its tokens are not.
        #expect(try reader.read(at: 3) == overview)
        #expect(calls.take { $0 == .list && $1.hasSuffix("/queued") } == 1)
        #expect(try reader.read(at: 5) == overview)
        #expect(calls.take { $1.contains("/queued") } == 0)
        // One more is seen at once, and read when it is to be shown.
        let new = try queue("new").id
        _ = calls.take { _, _ in true }
        #expect(try reader.read(at: 7).queue.count == 10_001)
        #expect(calls.take { $0 == .read && $1.contains("/queued/") } == 0)
        try spool.prioritise(new, 1)
        #expect(try reader.read(at: 8).queue.shown.first?.id == new)
        #expect(calls.take { $0 == .read && $1.contains("/queued/") } == 1)
    }
}

/// Counts calls of the file system.
private final class CallCount: FileFaults {
    private let calls = Mutex<[(FileCall, String)]>([])

    func before(_ call: FileCall, at path: String) { calls.withLock { $0.append((call, path)) } }
    func after(_ call: FileCall, at path: String) {}

    /// Those since the last time that fit.
    func take(_ fits: (FileCall, String) -> Bool) -> Int {
        calls.withLock { calls in
            defer { calls = [] }
            return calls.count { fits($0.0, $0.1) }
        }
    }
}
