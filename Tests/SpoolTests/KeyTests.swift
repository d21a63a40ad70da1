import Basics
import Foundation
import Spool
import TestSupport
import Testing

/// Which job has a key, by what lies on the disk at that moment.
@Suite struct KeyTests {
    private let scratch: TemporaryFolder
    private let spool: Spool

    init() throws {
        scratch = try TemporaryFolder(inMemory: true)
        spool = try Spool(at: scratch.url, create: true)
    }

    private func submit(_ name: String, key: String?) throws -> JobID {
        try spool.submit(manifest: CrashTests.manifest, name: name, base: "/", key: key)
    }

    private func token(_ id: JobID) throws -> Token { try #require(try spool.find(id)).token }

    @Test func aKeyIsThatOfAJobThatWaitsRunsOrIsDone() throws {
        let first = try submit("first", key: "a")
        let second = try submit("second", key: "a")
        _ = try submit("third", key: nil)
        var keys = KeyIndex()
        #expect(!keys.isComplete)
        try keys.update(from: spool)
        #expect(keys.isComplete)
        // Of two that were handed in, the earlier one has it.
        #expect(try keys.holder(of: "a", in: spool)?.id == min(first, second))
        #expect(try keys.holder(of: "a", beside: first, in: spool)?.id == second)
        #expect(try keys.holder(of: "b", in: spool) == nil)
        // It is known where they are by now, without another look at all of them.
        let queued = try spool.accept(token(second), resolved: Data())
        #expect(try keys.holder(of: "a", in: spool) ?? (first, .done) == (second, .queued))
        let running = try spool.claim(queued, from: .queued, for: .current)
        #expect(try keys.holder(of: "a", in: spool) ?? (first, .done) == (second, .running))
        let done = JobState.done(started: .now, finished: .now, bundle: "b")
        _ = try spool.move(running, from: .running, to: done)
        #expect(try keys.holder(of: "a", in: spool) ?? (first, .inbox) == (second, .done))
    }

    @Test func whatFailedOrIsGoneHasNone() throws {
        let failed = try submit("failed", key: "a")
        let gone = try submit("gone", key: "b")
        var keys = KeyIndex()
        try keys.update(from: spool)
        let queued = try spool.accept(token(failed), resolved: Data())
        _ = try spool.move(
            queued, from: .queued, to: .failed(reason: "r", stage: nil, finished: .now, bundle: "b"))
        try FileManager.default.removeItem(at: spool.folder(.inbox).appending(path: "\(gone).json"))
        #expect(try keys.holder(of: "a", in: spool) == nil)
        #expect(try keys.holder(of: "b", in: spool) == nil)
        // Tried again, it has its key again.
        _ = try spool.retry(token(failed))
        #expect(try keys.holder(of: "a", in: spool)?.id == failed)
    }

    /// A disk that did not answer when the jobs were taken in.
    @Test func whatCouldNotBeReadIsReadLater() throws {
        let id = try submit("hidden", key: "a")
        let file = spool.folder(.inbox).appending(path: "\(id).json")
        let whole = try Data(contentsOf: file)
        try Data(whole.dropLast(20)).write(to: file)
        var keys = KeyIndex()
        try keys.update(from: spool)
        #expect(try keys.holder(of: "a", in: spool) == nil)
        try whole.write(to: file)
        #expect(try keys.holder(of: "a", in: spool)?.id == id)
    }

    @Test func newJobsAreTakenInByAnotherLook() throws {
        var keys = KeyIndex()
        try keys.update(from: spool)
        let id = try submit("late", key: "a")
        try keys.update(from: spool, in: .inbox)
        #expect(try keys.holder(of: "a", in: spool)?.id == id)
    }
}
