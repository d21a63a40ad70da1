import Basics
import Foundation
import Spool
import Synchronization
import TestSupport
import Testing

@testable import StatusPage

@Suite struct WriterTests {
    private let scratch: TemporaryFolder
    private let spool: Spool

    init() throws {
        scratch = try TemporaryFolder(inMemory: true)
        spool = try Spool(at: scratch.url, create: true)
    }

    private var inode: UInt64? { FileStatus(spool.statusPage)?.inode }

    @Test func thePageIsWrittenWhenThereIsSomethingNew() throws {
        let writer = StatusPageWriter(spool)
        writer.refresh(at: 0)
        let first = try #require(inode)
        #expect(try String(contentsOf: spool.statusPage, encoding: .utf8).contains("No jobs yet"))
        writer.refresh(at: 4)
        #expect(inode == first, "the same contents")
        _ = try spool.submit(manifest: Data(), name: "new", base: "/")
        writer.refresh(at: 5)
        #expect(inode == first, "too early")
        writer.refresh(at: 6.5)
        #expect(inode != first)
        #expect(try String(contentsOf: spool.statusPage, encoding: .utf8).contains("1 job waits"))
        // A page that says the same is written again before it would seem to be old.
        let second = inode
        writer.refresh(at: 20)
        #expect(inode == second)
        writer.refresh(at: 23)
        #expect(inode != second)
        #expect(try scratch.names(in: "tmp").isEmpty)
    }

    @Test func theLastPageSaysThatTheRunnerHasEnded() throws {
        let lock = try SchedulerLock.acquire(spool)
        let writer = StatusPageWriter(spool)
        writer.refresh(at: 0)
        #expect(try String(contentsOf: spool.statusPage, encoding: .utf8).contains("A runner works here"))
        writer.finish(at: 0.1)
        #expect(try String(contentsOf: spool.statusPage, encoding: .utf8).contains("ended at"))
        lock.release()
    }

    /// Readers see a whole page at any time.
    @Test func thePageIsNeverHalf() throws {
        let writer = StatusPageWriter(spool)
        writer.refresh(at: 0)
        let page = spool.statusPage
        let isDone = Mutex(false)
        let torn = Mutex(0)
        let looked = DispatchSemaphore(value: 0)
        let thread = Thread {
            while !isDone.withLock({ $0 }) {
                let data = (try? Data(contentsOf: page)) ?? Data()
                if !data.starts(with: Data("<!DOCTYPE".utf8)) || data.suffix(8) != Data("</html>\n".utf8) {
                    torn.withLock { $0 += 1 }
                }
            }
            looked.signal()
        }
        thread.start()
        for number in 1...100 {
            try scratch.write("x", to: "inbox/\(number).yaml")
            writer.refresh(isNews: true, at: Double(number) * 30)
        }
        isDone.withLock { $0 = true }
        looked.wait()
        #expect(torn.withLock { $0 } == 0)
    }

    /// A full disk is told once, and the page comes back when there is room.
    @Test func whatCannotBeWrittenIsToldOnce() throws {
        let faults = NoRoom()
        let writer = StatusPageWriter(try Spool(at: scratch.url, files: FileSystem(faults: faults)))
        writer.refresh(at: 0)
        #expect(writer.takeFailure()?.what == "write: no room")
        writer.refresh(at: 30)
        #expect(writer.takeFailure() == nil && inode == nil)
        writer.finish(at: 31)
        #expect(try scratch.names(in: "tmp").isEmpty)
        faults.isOver.withLock { $0 = true }
        writer.refresh(at: 60)
        #expect(inode != nil)
    }

    private var page: String { (try? String(contentsOf: spool.statusPage, encoding: .utf8)) ?? "" }

    /// The latest twenty, each text once, the latest first; also on the pages of later runners, and on one of no runner.
    @Test func notesStay() throws {
        let first = StatusPageWriter(spool)
        for number in 0..<30 { first.note("note \(number) & more", at: Sample.after(Double(number))) }
        first.note("note 25 & more", at: Sample.after(99))
        first.refresh(at: 0)
        let shown = page.matches(of: /<li><time[^>]*>[^<]*<\/time> <span>note (\d+) &amp; more/).map { String($0.1) }
        #expect(shown == (["25", "29", "28", "27", "26"] + (10..<25).reversed().map(String.init)))
        let second = StatusPageWriter(spool)
        second.refresh(at: 0)
        #expect(page.contains("note 29 &amp; more"))
        second.note("of the second", at: Sample.after(100))
        second.finish(at: 1)
        #expect(page.contains("of the second") && page.contains("note 11 ") && !page.contains("note 10 "))
        try StatusPageWriter.write(spool)
        #expect(page.contains("of the second"))
        #expect(spool.runnerNotes().map(\.time).prefix(2) == [Sample.after(100), Sample.after(99)])
        #expect(try scratch.names(in: "tmp").isEmpty)
        #expect(try scratch.names(in: "status") == ["index.html", "notes.json"])
        // News, no record: what nobody understands is none.
        for text in ["{", #"{"format": "jdnas-notes/2", "notes": []}"#] {
            try scratch.write(text, to: "status/notes.json")
            try StatusPageWriter.write(spool)
            #expect(!page.contains("Notes</h2>"))
        }
    }

    /// Notes of a full disk are written down when there is room again.
    @Test func notesWaitForRoom() throws {
        let faults = NoRoom(in: "notes.json")
        let writer = StatusPageWriter(try Spool(at: scratch.url, files: FileSystem(faults: faults)))
        writer.note("no room for anything")
        writer.refresh(at: 0)
        #expect(writer.takeFailure()?.what.hasPrefix("the latest notes are on the page") == true)
        #expect(spool.runnerNotes().isEmpty)
        #expect(page.contains("no room for anything"))
        faults.isOver.withLock { $0 = true }
        writer.refresh(at: 60)
        #expect(page.contains("no room for anything") && spool.runnerNotes().count == 1)
    }

    @Test func thePageCanBeAskedFor() throws {
        try FileManager.default.removeItem(at: spool.statusFolder)
        try StatusPageWriter.write(spool)
        #expect(inode != nil)
    }
}

private final class NoRoom: FileFaults {
    let isOver = Mutex(false)
    private let draft: String

    init(in draft: String = "status.html") { self.draft = draft }

    func before(_ call: FileCall, at path: String) throws {
        if call == .write, path.hasSuffix(draft), !isOver.withLock({ $0 }) {
            throw Failure("write: no room", at: path, cause: .system)
        }
    }

    func after(_ call: FileCall, at path: String) {}
}
