import Basics
import Foundation
import Glibc
import Runner
import Spool
import TestSupport
import Testing

/// One odd file, or one damaged job, holds up nothing else.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TroubleTests {
    private func drop(_ shop: Workshop, _ name: String, _ data: Data) throws {
        try data.write(to: shop.spool.folder(.inbox).appending(path: name))
    }

    @Test func anUnreadableDropIsToldOnceAndPassedOver() throws {
        let shop = try Workshop()
        try drop(shop, "a-secret.yaml", Data("job: secret\n".utf8))
        try drop(shop, "fine.yaml", Workshop.manifest("fine", [("data", "succeed", [])]))
        let faulty = try Spool(at: shop.spool.root, files: FileSystem(faults: ReadFault(text: "a-secret")))
        let summary = try shop.run(spool: faulty)
        #expect(summary.done.map(\.jobName) == ["fine"])
        #expect(summary.left == ["a-secret.yaml"])
        #expect(summary.exitCode == 1)
        #expect(shop.events.count { $0.contains("a-secret.yaml is passed over") } == 1)
        #expect(try shop.scratch.names(in: "spool/inbox") == ["a-secret.yaml"])
    }

    @Test func anUnreadableSubmissionStaysAndTheNextJobRuns() throws {
        let shop = try Workshop()
        let hidden = try shop.submit("hidden", [("data", "succeed", [])])
        let fine = try shop.submit("fine", [("data", "succeed", [])])
        let faulty = try Spool(at: shop.spool.root, files: FileSystem(faults: ReadFault(text: "inbox/hidden")))
        let summary = try shop.run(spool: faulty)
        #expect(summary.done == [fine])
        #expect(summary.left == ["\(hidden).json"])
        #expect(try shop.state(hidden) == .inbox)
        // Once it can be read it runs.
        #expect(try shop.run().done == [hidden])
    }

    @Test(arguments: [".yaml", ".txt"]) func aVeryLongNameIsRejected(_ ending: String) throws {
        let shop = try Workshop()
        let name = String(repeating: "é", count: 124) + ending
        try drop(shop, name, Data("job: bad\n".utf8))
        let good = try shop.submit("good", [("data", "succeed", [])])
        let summary = try shop.run()
        #expect(summary.done == [good])
        #expect(summary.rejected == [name])
        let names = try shop.scratch.names(in: "spool/rejected")
        #expect(names.count == 2)
        #expect(names.allSatisfy { $0.hasPrefix(String(repeating: "é", count: 100)) })
        #expect(names.contains { $0.hasSuffix(".diagnostics.txt") })
    }

    @Test func aCheckThatFailsTwiceRefusesNothing() throws {
        let shop = try Workshop()
        try drop(shop, "mine.yaml", Workshop.manifest("check-crashes-twice", [("data", "succeed", [])]))
        let summary = try shop.run()
        #expect(summary.done.map(\.jobName) == ["check-crashes-twice"])
        #expect(summary.rejected.isEmpty)
        #expect(summary.exitCode == 0)
    }

    @Test func dropsAreTakenInTheOrderOfTheirTimes() throws {
        let shop = try Workshop()
        try drop(shop, "base.yaml", Workshop.manifest("base", [("data", "succeed", [])]))
        try drop(shop, "again.yaml", Workshop.manifest("again", [("base", "succeed", ["base/data"])]))
        let inbox = shop.spool.folder(.inbox)
        for (name, age) in [("base.yaml", 20.0), ("again.yaml", 10.0)] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: inbox.appending(path: name).path)
        }
        let summary = try shop.run()
        #expect(summary.done.map(\.jobName) == ["base", "again"])
        #expect(summary.failed.isEmpty)
    }

    @Test func aDamagedReceiptOfAnotherJobFailsOnlyTheJobThatNeedsIt() throws {
        let shop = try Workshop()
        let first = try shop.submit("first", [("data", "succeed", [])])
        #expect(try shop.run().done == [first])
        let receipt = shop.spool.receiptFile(first, "data")
        try Data(Data(contentsOf: receipt).dropLast(30)).write(to: receipt)
        let second = try shop.submit("second", [("base", "succeed", ["first/data"])])
        let third = try shop.submit("third", [("data", "succeed", [])])
        let summary = try shop.run()
        #expect(summary.failed == [second])
        #expect(summary.done == [third])
        #expect(try shop.spool.job(matching: "second").reason?.contains("the receipt of that stage is damaged") == true)
    }

    @Test func troubleWithOneJobHoldsUpNoOther() throws {
        let shop = try Workshop()
        let broken = try shop.submit("broken", [("data", "succeed", [])])
        let waiting = try shop.submit("waiting", [("base", "succeed", ["broken/data"])])
        let fine = try shop.submit("fine", [("data", "succeed", [])])
        // A file where the folder of its attempts has to be.
        try Data().write(to: shop.spool.workFolder(broken).appending(path: "data"))
        let summary = try shop.run()
        #expect(summary.done == [fine])
        #expect(Set(summary.left) == [broken.text, waiting.text])
        #expect(summary.exitCode == 1)
        #expect(shop.events.count { $0.hasPrefix("note \(broken)") } == 1)
        try FileManager.default.removeItem(at: shop.spool.workFolder(broken).appending(path: "data"))
        #expect(try shop.run().done == [broken, waiting])
    }

    @Test func whatCanNeverBeMetIsToldBeforeAnythingRuns() throws {
        let shop = try Workshop()
        let id = try shop.submit("vain", [("data", "succeed", []), ("base", "succeed", ["data", "nobody/data"])])
        #expect(try shop.run().failed == [id])
        #expect(try shop.spool.attempts(id, "data").isEmpty)
        #expect(try shop.spool.job(matching: "vain").reason?.contains("no job 'nobody'") == true)
    }

    @Test func twoInputsOfOneKindAreRefused() throws {
        let shop = try Workshop()
        try shop.submit("first", [("data", "succeed", [])])
        let id = try shop.submit("second", [("data", "succeed", []), ("base", "succeed", ["data", "first/data"])])
        #expect(try shop.run().failed == [id])
        let reason = try shop.spool.job(matching: "second").reason
        #expect(reason == "base: 'data' and 'first/data' are both a dataset, and 'make-dataset' reads one")
    }
}
