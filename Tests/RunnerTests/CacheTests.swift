import Basics
import Foundation
import Runner
import Spool
import TestSupport
import Testing

/// Results of earlier jobs that are used again.
@Suite(.serialized, .timeLimit(.minutes(2))) struct CacheTests {
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
        // The entry names a job that is gone: the stages run, and are remembered again.
        let third = try shop.submit("third", Self.stages)
        #expect(try shop.run().done == [third])
        #expect(shop.events.filter { $0 == "data 1" }.count == 2)
        let fourth = try shop.submit("fourth", Self.stages)
        #expect(try shop.run().done == [fourth])
        #expect(shop.events.filter { $0 == "data cached" }.count == 2)
        let outcome = try #require(try shop.spool.attempts(fourth, "data").first.flatMap { shop.spool.outcome(of: $0) })
        #expect(outcome.result == .done && outcome.reason.hasPrefix("taken from work/third-"))
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

    @Test func aTornEntryIsNone() throws {
        let key = try #require(try shop.spool.publishedReceipt(first, "data")).key
        try Data("{\"format\": \"jdnas-ca".utf8).write(to: shop.spool.cacheFile(key))
        let second = try shop.submit("second", Self.stages)
        #expect(try shop.run().done == [second])
        #expect(news.contains("data 1") && news.contains("report cached"))
    }
}
