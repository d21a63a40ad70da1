import Basics
import Foundation
import Runner
import Spool
import Synchronization
import TestSupport
import Testing

/// The page in a spool while a runner works, and after.
@Suite(.serialized, .timeLimit(.minutes(10))) struct StatusPageTests {
    private func page(_ shop: Workshop) throws -> String {
        try String(contentsOf: shop.spool.statusPage, encoding: .utf8)
    }

    @Test func itFollowsTheJobs() throws {
        let shop = try Workshop()
        let done = try shop.submit("good", [("data", "succeed", [])])
        let failed = try shop.submit("bad", [("data", "input", [])])
        try shop.spool.hold(try shop.submit("later", [("data", "succeed", [])]))
        try Data("job: nonsense\n".utf8).write(to: shop.spool.folder(.inbox).appending(path: "drop.yaml"))
        _ = try shop.run()
        let html = try page(shop)
        for text in [
            "No runner works here", "ended at", "data says hello", "\(done)", "\(failed)",
            "a.jpg: the image is corrupt",
            "held, until it is released", "drop.yaml:2:3: error: no such plugin", "1 job is held",
        ] { #expect(html.contains(text), "\(text)") }
    }

    @Test func aRunningStageIsSeen() throws {
        let shop = try Workshop()
        let id = try shop.submit("long", [("data", "hang-once", []), ("base", "succeed", ["data"])])
        let stop = try StopFlag()
        let seen = Mutex("")
        InterruptionTests.whenCheckpointed(shop.spool, id) { [page = shop.spool.statusPage] in
            let end = Date().addingTimeInterval(30)
            while Date() < end {
                let html = (try? String(contentsOf: page, encoding: .utf8)) ?? ""
                seen.withLock { $0 = html }
                if html.contains("half way") { break }
                usleep(20_000)
            }
            stop.stop()
        }
        _ = try shop.run(stop: stop)
        let html = seen.withLock { $0 }
        for text in ["A runner works here", "half way", "50\u{A0}% data, long", "3.0 s left", "data-runner=\"works\""] {
            #expect(html.contains(text), "\(text)")
        }
        let after = try page(shop)
        #expect(after.contains("ended at") && after.contains("interrupted at 50\u{A0}%"))
    }

    /// What the runner had to say in the night is there in the morning, also when it was started again since.
    @Test func notesAreThere() throws {
        let shop = try Workshop()
        let held = try shop.submit("held", [("data", "succeed", [])])
        try shop.spool.hold(held)
        _ = try shop.run()
        #expect(try page(shop).contains("</time> <span>held: \(held)</span>"))
        let again = try Workshop(scratch: shop.scratch)
        let bad = try again.submit("bad", [("data", "no-room-four-times", [])])
        _ = try again.run { $0.retryPause = 0.01 }
        #expect(try page(shop).contains("<span>\(bad): data: output/result.txt: write: No space left on device</span>"))
        #expect(try page(shop).contains("<span>held: \(held)</span>"))
    }

    /// Nothing that befalls the page holds up a job.
    @Test func jobsDoNotDependOnIt() throws {
        let shop = try Workshop()
        let id = try shop.submit("good", [("data", "succeed", [])])
        let faulty = try Spool(at: shop.spool.root, files: FileSystem(faults: PageFault()))
        #expect(try shop.run(spool: faulty).done == [id])
        #expect(shop.events.count { $0.contains("the status page is not current") } == 1)
        #expect(!FileManager.default.fileExists(atPath: shop.spool.statusPage.path))
    }

    private struct PageFault: FileFaults {
        func before(_ call: FileCall, at path: String) throws {
            if path.hasSuffix("status.html") { throw Failure("no room", at: path, cause: .system) }
        }
        func after(_ call: FileCall, at path: String) {}
    }
}
