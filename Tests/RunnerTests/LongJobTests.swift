import Foundation
import Runner
import Spool
import StageKit
import Testing

/// Jobs of many stages, at which a runner looks many times.
@Suite(.timeLimit(.minutes(10))) struct LongJobTests {
    /// Twenty stages that read the first one's result, and one that runs long enough for dozens of looks.
    private static let stages =
        [("data", "succeed", []), ("base", "talks-once", ["data"])]
        + (0..<20).map { ("late-\($0)", "succeed", ["data"]) }

    /// A receipt is read once, and when its job ends: not for each stage at each look.
    @Test func receiptsAreNotReadAgainAtEachLook() throws {
        let shop = try Workshop()
        let id = try shop.submit("long", Self.stages, reuse: .never)
        let counter = ReadCounter("work/\(id)/data/receipt")
        let counted = try Spool(at: shop.spool.root, files: FileSystem(faults: counter))
        #expect(try shop.run(spool: counted) { $0.poll = 0.02 }.done == [id])
        #expect((1...10).contains(counter.count), "\(counter.count)")
    }

    /// One that changed meanwhile is; so is an artifact missed that is gone.
    @Test(arguments: ["receipt", "artifact"]) func whatChangesMeanwhileIsSeen(_ what: String) throws {
        let shop = try Workshop()
        let id = try shop.submit("long", Self.stages, reuse: .never)
        let data = shop.spool.stageFolder(id, "data")
        var isChanged = false
        shop.onEvent = { event in
            // The runner's own thread: it looks at the spool next.
            guard event == "base 1", !isChanged else { return }
            isChanged = true
            if what == "receipt" {
                try? Data("{}".utf8).write(to: shop.spool.receiptFile(id, "data"))
            } else if let attempt = try? shop.spool.attempts(id, "data").first {
                try? FileManager.default.removeItem(at: attempt.output.appending(path: "result.txt"))
            }
        }
        #expect(try shop.run { $0.poll = 0.02 }.done == [id])
        #expect(isChanged && shop.events.filter { $0 == "data done" }.count == 2, "\(shop.events) in \(data.path)")
    }
}
