import Basics
import Foundation
import Glibc
import Runner
import Spool
import TestSupport
import Testing

@Suite struct ConsoleTests {
    private func text(terminal: Bool, _ body: (ConsoleReporter) throws -> Void) throws -> String {
        let scratch = try TemporaryFolder(inMemory: true)
        let file = scratch.url.appending(path: "out")
        let descriptor = open(file.path, O_WRONLY | O_CREAT, 0o644)
        try body(ConsoleReporter(descriptor: descriptor, terminal: terminal))
        close(descriptor)
        return try String(contentsOf: file, encoding: .utf8)
    }

    private func progress(_ fraction: Double) throws -> ProgressFile {
        let json = #"{"fraction": \#(fraction), "message": "loss 0.25", "eta": 185}"#
        return try JSONDecoder().decode(ProgressFile.self, from: Data(json.utf8))
    }

    @Test func aTerminalHasOneLineThatIsRewritten() throws {
        let id = try JobID(job: "a", at: try #require(Timestamp("2025-01-01T00:00:00.000Z")), random: 1)
        let text = try text(terminal: true) { console in
            console.report(.stageProgress(id, stage: "base", try progress(0.25)))
            console.report(.stageProgress(id, stage: "base", try progress(0.5)))
            console.report(.stageDone(id, stage: "base", seconds: 61))
        }
        let clear = "\r\u{1B}[K"
        #expect(
            text
                == "\(clear)\(id)  base  25%  3 min 05 s left  loss 0.25\(clear)\(id)  base  50%  3 min 05 s left  loss 0.25"
                + "\(clear)\(id): base done in 1 min 01 s\n")
    }

    @Test func elsewhereALineATenthIsEnough() throws {
        let id = try JobID(job: "a", at: .now, random: 1)
        let text = try text(terminal: false) { console in
            for percent in 0..<100 {
                console.report(.stageProgress(id, stage: "base", try progress(Double(percent) / 100)))
            }
        }
        #expect(text.split(separator: "\n").count == 10)
        #expect(!text.contains("\u{1B}"))
    }

    @Test func theEndOfAJobSaysWhereTheBundleLies() throws {
        let id = try JobID(job: "a", at: .now, random: 1)
        let bundle = URL(filePath: "/spool/outbox/a.tar.zst")
        let text = try text(terminal: false) {
            $0.report(
                .jobDone(
                    id, seconds: 5, bundle: bundle, pages: [URL(filePath: "/spool/work/a/report.html")],
                    headline: ["AP 41.0 (base 40.2)"]))
        }
        #expect(
            text == "\(id): done in 5.0 s\n  AP 41.0 (base 40.2)\n  bundle: /spool/outbox/a.tar.zst\n"
                + "  report: /spool/work/a/report.html\n")
    }
}
