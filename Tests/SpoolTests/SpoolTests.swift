import Basics
import Foundation
import Spool
import Synchronization
import TestSupport
import Testing

@Suite struct SpoolTests {
    @Test func aSubmittedJobIsSeenWithItsManifest() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        let id = try spool.submit(manifest: Data("job: a\n".utf8), name: "a", base: "/somewhere")
        #expect(id.jobName == "a")
        #expect(try spool.jobs().map(\.id) == [id.text])
        let token = try #require(try spool.tokens(in: .inbox).first)
        #expect(token.base == "/somewhere")
        #expect(try spool.manifestData(of: token) == Data("job: a\n".utf8))
    }

    @Test func aReaderNeedsASpool() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        #expect(throws: Failure.self) { try Spool(at: scratch.url.appending(path: "none")) }
        try Data("x".utf8).write(to: scratch.url.appending(path: "thesis.tex"))
        let failure = #expect(throws: Failure.self) { try Spool(at: scratch.url, create: true) }
        #expect(failure?.what.contains("thesis.tex") == true)
    }

    @Test func anInboxMadeByHandBecomesASpool() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let inbox = scratch.url.appending(path: "inbox")
        try FileManager.default.createDirectory(at: inbox, withIntermediateDirectories: false)
        try Data("job: a\n".utf8).write(to: inbox.appending(path: "a.yaml"))
        let spool = try Spool(at: scratch.url, create: true)
        var watcher = InboxWatcher()
        #expect(try watcher.look(at: spool) == [])
        #expect(watcher.isWaiting)
        #expect(try watcher.look(at: spool).count == 1)
    }

    @Test func jobsAreFoundByIdBeginningAndName() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        let first = try spool.submit(manifest: Data("1".utf8), name: "blood", base: "/")
        let second = try spool.submit(manifest: Data("2".utf8), name: "blood", base: "/")
        #expect(try spool.job(matching: first.text).id == first.text)
        #expect(try spool.job(matching: "blood").name == "blood")
        let common = String(zip(first.text, second.text).prefix { $0 == $1 }.map(\.0))
        let ambiguous = #expect(throws: Failure.self) { try spool.job(matching: common) }
        #expect(ambiguous?.remedy?.contains(second.text) == true)
        let wrong = #expect(throws: Failure.self) { try spool.job(matching: "blodo") }
        #expect(wrong?.remedy == "did you mean 'blood'?")
    }

    /// A thousand jobs that come at once are not a thousand listings of a thousand names.
    @Test func theOrderOfJobsIsCheap() throws {
        // Other tests hand in jobs at the same time, by the same clock of this process: where they let it run ahead of the real
        // one each job is looked for, and rightly so. It comes back when they pause.
        for _ in 0..<100 {
            let (count, seconds) = try listingsOfFiftyJobs()
            #expect(count >= 1)
            if Double(count) <= 2 + seconds { return }
            usleep(200_000)
        }
        Issue.record("each job costs a listing")
    }

    private func listingsOfFiftyJobs() throws -> (count: Int, seconds: Double) {
        let scratch = try TemporaryFolder(inMemory: true)
        let listings = Listings()
        let spool = try Spool(at: scratch.url, create: true, files: FileSystem(faults: listings))
        let start = ProcessInfo.processInfo.systemUptime
        for _ in 0..<50 { _ = try spool.submit(manifest: Data("1".utf8), name: "blood", base: "/") }
        let seconds = ProcessInfo.processInfo.systemUptime - start
        #expect(try Set(spool.tokens(in: .inbox).map(\.submitted)).count == 50)
        return (listings.count.withLock { $0 }, seconds)
    }
}

/// Counts how often the jobs are listed.
private final class Listings: FileFaults {
    let count = Mutex(0)

    func before(_ call: FileCall, at path: String) {
        if call == .list, path.hasSuffix("/work") || path.hasSuffix("/work/") { count.withLock { $0 += 1 } }
    }

    func after(_ call: FileCall, at path: String) {}
}
