import Basics
import Foundation
import Spool
import StageKit
import Synchronization
import TestSupport
import Testing

@Suite struct StageProgressTests {
    @Test func writesWhatTheSpoolReads() throws {
        let scratch = try TemporaryFolder()
        defer { withExtendedLifetime(scratch) {} }
        let base = scratch.url
        let file = base.appending(path: "progress.json")
        let lines = Mutex<[String]>([])
        let progress = StageProgress(file: file) { line in lines.withLock { $0.append(line) } }
        progress.report(fraction: 0.25, message: "epoch 1 of 4", metrics: ["loss": 0.51234, "bad": .nan])
        // Too soon for the file; told at the end nevertheless.
        progress.report(fraction: 0.5, message: "epoch 2 of 4")
        progress.show("the front", header: ["candidate", "AP"], rows: [["7", "31.0"]])
        progress.report(fraction: 1, message: "done", metrics: ["AP": 31])
        let read = try #require(ProgressFile(reading: file))
        #expect(read.fraction == 1)
        #expect(read.message == "done")
        #expect(read.metrics == ["AP": 31])
        #expect(read.table == .init(title: "the front", header: ["candidate", "AP"], rows: [["7", "31.0"]]))
        // The course has the first and the last word, a line each.
        let course = try String(contentsOf: base.appending(path: "progress.jsonl"), encoding: .utf8)
        let told = try course.split(separator: "\n").map { try JSON(parsing: Data($0.utf8)) }
        #expect(told.map { $0["message"] } == ["epoch 1 of 4", "done"])
        #expect(told.map { $0["fraction"] } == [0.25, 1])
        #expect(course.hasSuffix("\n") && told[0]["metrics"] == ["loss": 0.51234] && told[1]["table"] == nil)
        #expect(lines.withLock { $0 } == ["25% epoch 1 of 4, bad nan, loss 0.5123", "100% done, AP 31"])
    }

    /// What comes before the work is no part of its pace, and of next to nothing none is told.
    @Test func whatIsLeftGoesByTheWork() throws {
        let scratch = try TemporaryFolder()
        let file = scratch["progress.json"]
        let progress = StageProgress(file: file) { _ in }
        func left() throws -> Double? { try JSON(parsing: Data(contentsOf: file))["eta"]?.number }
        progress.report(fraction: 0.1, message: "measuring")
        usleep(1_000_000)
        progress.report(fraction: 0.1, message: "the first epoch begins")
        #expect(try left() == nil)
        usleep(550_000)
        progress.report(fraction: 0.105, message: "the first epoch")
        #expect(try ProgressFile(reading: file)?.message == "the first epoch" && left() == nil)
        usleep(550_000)
        progress.report(fraction: 0.55, message: "half of it")
        let elapsed = try #require(try JSON(parsing: Data(contentsOf: file))["elapsed"]?.number)
        // As long as since the first epoch began, and not since the start.
        let eta = try #require(try left())
        #expect(eta > 1 && eta < elapsed - 0.9, "\(eta) of \(elapsed)")
    }

    /// A line each `pace`, and the last one: a night must not fill the disk with them.
    @Test(arguments: [(Duration.zero, 3), (.seconds(60), 2)])
    func theCourseIsToldAtItsPace(_ pace: Duration, _ lines: Int) throws {
        let scratch = try TemporaryFolder()
        let progress = StageProgress(file: scratch["progress.json"], pace: pace) { _ in }
        progress.report(fraction: 0.2, message: "one")
        usleep(550_000)
        progress.report(fraction: 0.4, message: "two")
        progress.report(fraction: 1, message: "three")
        if pace > .zero { progress.report(fraction: 1, message: "and once more") }
        let course = try String(contentsOf: scratch["progress.jsonl"], encoding: .utf8)
        #expect(course.split(separator: "\n").count == lines)
    }
}
