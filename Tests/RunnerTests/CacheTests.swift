import Basics
import Foundation
import Runner
import Spool
import StageKit
import TestSupport
import Testing

/// Results of earlier jobs that are used again.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CacheTests {
    private let shop: Workshop
    private let first: JobID
    private static let stages = [("data", "succeed", [String]()), ("report", "succeed", ["data"])]

    init() throws {
        shop = try Workshop()
        first = try shop.submit("first", Self.stages)
        #expect(try shop.run().done == [first])
    }

    private func result(_ id: JobID, _ stage: String = "data") throws -> URL {
        let receipt = try #require(try shop.spool.publishedReceipt(id, stage))
        return shop.spool.output(of: receipt).appending(path: "result.txt")
    }

    /// What happened since the first job.
    private var news: [String] {
        shop.events.drop { $0 != "first done" }.dropFirst().filter { !$0.hasPrefix("accepted") }
    }

    @Test func anotherJobTakesWhatIsThere() throws {
        let second = try shop.submit("second", Self.stages)
        #expect(try shop.run().done == [second])
        #expect(shop.events.filter { $0.hasSuffix(" cached") } == ["data cached", "report cached"])
        #expect(shop.events.filter { $0 == "data 1" }.count == 1)
        let (a, b) = try (shop.spool.publishedReceipt(first, "data"), shop.spool.publishedReceipt(second, "data"))
        #expect(a?.artifactDigest == b?.artifactDigest && a?.key == b?.key && a?.attempt != b?.attempt)
        // Either may go.
        try FileManager.default.removeItem(at: shop.spool.workFolder(first))
        #expect(try String(contentsOf: result(second), encoding: .utf8) == "all of data")
        let third = try shop.submit("third", Self.stages)
        #expect(try shop.run().done == [third])
        #expect(shop.events.filter { $0 == "data cached" }.count == 2)
        let outcome = try #require(try shop.spool.attempts(third, "data").first.flatMap { shop.spool.outcome(of: $0) })
        // All jobs that had it are gone: the stages run.
        for id in [second, third] { try FileManager.default.removeItem(at: shop.spool.workFolder(id)) }
        let fourth = try shop.submit("fourth", Self.stages)
        #expect(try shop.run().done == [fourth])
        #expect(shop.events.filter { $0 == "data 1" }.count == 2)
        #expect(outcome.result == .done && outcome.reason.hasPrefix("taken from work/second-"))
    }

    @Test func anotherKeyIsAnotherResult() throws {
        let other = try shop.submit("other", [("data", "fail-once", [])])
        #expect(try shop.run().done == [other])
        #expect(!news.contains("data cached"))
        let threads = try shop.submit("threads", Self.stages)
        #expect(try shop.run { $0.threads = 2 }.done == [threads])
        #expect(!news.contains("data cached"))
        let unwanted = try shop.submit("unwanted", Self.stages)
        #expect(try shop.run { $0.useCache = false }.done == [unwanted])
        #expect(!news.contains("data cached"))
    }

    /// An earlier result that was tampered with is no result.
    @Test(arguments: ["gone", "shorter", "changed"]) func whatHasChangedIsMadeAgain(_ how: String) throws {
        let file = try result(first)
        switch how {
        case "gone": try FileManager.default.removeItem(at: file)
        case "shorter": try Data("all".utf8).write(to: file)
        default: try Data("ALL of data".utf8).write(to: file)
        }
        let second = try shop.submit("second", Self.stages)
        #expect(try shop.run().done == [second])
        #expect(!news.contains("data cached") && news.contains(how == "changed" ? "data 2" : "data 1"), "\(news)")
        #expect(try String(contentsOf: result(second), encoding: .utf8) == "all of data")
    }

    /// Nor is one that says it is of another kind than the stage makes.
    @Test func whatIsOfAnotherKindIsMadeAgain() throws {
        var receipt = try #require(try shop.spool.publishedReceipt(first, "data"))
        receipt.kind = "detector"
        try receipt.sealed().write(to: shop.spool.receiptFile(first, "data"), options: .atomic)
        let second = try shop.submit("second", Self.stages)
        #expect(try shop.run().done == [second])
        #expect(!news.contains("data cached") && news.contains("data 2"), "\(news)")
        #expect(try shop.spool.publishedReceipt(second, "data")?.kind == "dataset")
    }

    @Test func aTornEntryIsNone() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: shop.spool.cache.path) {
            try Data("{\"format\": \"jdnas-ca".utf8).write(to: shop.spool.cache.appending(path: name))
        }
        let second = try shop.submit("second", Self.stages)
        #expect(try shop.run().done == [second])
        #expect(news.contains("data 1") && !news.contains("report cached"))
    }

    /// What options name on the disk is part of what is asked for: a data set that was touched is read again.
    @Test func filesThatOptionsNameCount() throws {
        let file = try shop.scratch.write("one", to: "outside/a.txt")
        let folder = JSON.string("file://" + file.deletingLastPathComponent().path + "/")
        func news(_ name: String, _ more: JSON, reuse: Reuse? = .anywhere) throws -> [String] {
            let seen = shop.events.count
            let id = try shop.submit(name, [("data", "succeed", [])], more: ["deep": [more]], reuse: reuse)
            #expect(try shop.run().done == [id])
            return shop.events.dropFirst(seen).filter { $0.hasPrefix("data") && $0 != "data says hello" }
        }
        #expect(try news("one", folder) == ["data 1", "data done"])
        #expect(try news("two", folder) == ["data cached"])
        try Data("two".utf8).write(to: file)
        #expect(try news("three", folder) == ["data 1", "data done"])
        #expect(try news("four", folder) == ["data cached"])
        #expect(try news("five", .string(file.path)) == ["data 1", "data done"])
        // Plugins say whether a result may be used again at all.
        #expect(try news("six", folder, reuse: .never) == ["data 1", "data done"])
        #expect(try news("seven", folder, reuse: nil) == ["data 1", "data done"])
        #expect(try news("eight", folder, reuse: .thisMachine) == ["data 1", "data done"])
        #expect(try news("nine", folder, reuse: .thisMachine) == ["data cached"])
    }

    /// Where files cannot have second names they are copied.
    @Test func withoutLinksThereAreCopies() throws {
        let second = try shop.submit("second", Self.stages)
        struct NoLinks: FileFaults {
            func before(_ call: FileCall, at path: String) throws {
                if call == .link, path.contains("/output/") {
                    throw Failure("link: Operation not permitted", at: path, cause: .system)
                }
            }
            func after(_ call: FileCall, at path: String) throws {}
        }
        let copies = try Spool(at: shop.spool.root, files: FileSystem(faults: NoLinks()))
        #expect(try shop.run(spool: copies).done == [second])
        #expect(news.contains("data cached") && news.contains("report cached"))
        #expect(try String(contentsOf: result(second), encoding: .utf8) == "all of data")
    }
}
