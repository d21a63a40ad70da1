import Archive
import Basics
import Bundles
import Foundation
import Spool
import TestSupport
import Testing

/// `bundle verify|list|show|unpack` and `collect`.
@Suite struct BundleCommandTests {
    @Test func looksIntoABundle() throws {
        let folder = try TemporaryFolder()
        try build(folder["b.tar.zst"])
        #expect(try run(["bundle", "verify", "b.tar.zst"], in: folder.url).output == "b.tar.zst: whole, 2 members\n")
        #expect(
            try run(["bundle", "list", "b.tar.zst"], in: folder.url).output
                == "BYTES  MEMBER\n   12  metrics.json\n    4  report.html\n")
        let list = try JSON(parsing: try run(["bundle", "list", "--json", "b.tar.zst"], in: folder.url).output)
        #expect(list[1]?["sha256"]?.string == Digest(of: "html").hex)
        #expect(try run(["bundle", "show", "b.tar.zst", "metrics.json"], in: folder.url).output == "{\"AP\": 0.3}\n")
        #expect(try run(["bundle", "show", "b.tar.zst"], in: folder.url).output.contains("\"job\": \"night\""))
        let wrong = try run(["bundle", "show", "b.tar.zst", "metric.json"], in: folder.url)
        #expect(wrong.code == 1)
        #expect(
            wrong.error.hasSuffix("the bundle has no member 'metric.json'\n  remedy: did you mean 'metrics.json'?\n"))

        #expect(try run(["bundle", "unpack", "b.tar.zst"], in: folder.url).output == "b\n")
        #expect(folder.files().contains("b/metrics.json"))
        #expect(try run(["bundle", "unpack", "b.tar.zst"], in: folder.url).code == 1)
    }

    @Test func tellsWhatIsDamaged() throws {
        let folder = try TemporaryFolder()
        try build(folder["b.tar.zst"])
        let whole = try Data(contentsOf: folder["b.tar.zst"])
        try folder.write(whole.prefix(whole.count / 2), to: "torn.tar.zst")
        try folder.write("no archive", to: "text.tar.zst")
        let outcome = try run(["bundle", "verify", "b.tar.zst", "torn.tar.zst", "text.tar.zst"], in: folder.url)
        #expect(outcome.code == 1)
        #expect(outcome.output == "b.tar.zst: whole, 2 members\n")
        #expect(outcome.error.contains("torn.tar.zst: error: "))
        #expect(outcome.error.contains("text.tar.zst: error: "))
    }

    @Test func collects() throws {
        let folder = try TemporaryFolder()
        let spool = try Spool(at: folder["s"], create: true)
        let good = try finishedJob(spool, "good")
        let bad = try finishedJob(spool, "bad")
        try build(spool.bundle(good))
        try folder.write("torn", to: "s/outbox/\(bad).tar.zst")

        let first = try run(["collect", "--to", "got", "--spool", "s"], in: folder.url)
        #expect(first.code == 1)
        #expect(first.output.hasSuffix("/got/\(good).tar.zst\n"))
        #expect(first.error.contains("outbox/\(bad).tar.zst: error: the bundle is damaged: "))
        #expect(folder.files().filter { $0.hasPrefix("got/") } == ["got/\(good).tar.zst"])

        let second = try run(["collect", "--to", "got", "--spool", "s"], in: folder.url)
        #expect(second.output.hasSuffix("/got/\(good).tar.zst: there already\n"))
        try folder.write("else", to: "got/\(good).tar.zst")
        let third = try run(["collect", "--to", "got", "--spool", "s"], in: folder.url)
        #expect(third.error.contains("another file of this name is there"))
    }

    private func build(_ url: URL) throws {
        try BundleBuilder.build(
            members: [
                .init(path: "metrics.json", contents: .data(Data("{\"AP\": 0.3}\n".utf8))),
                .init(path: "report.html", contents: .data(Data("html".utf8))),
            ], about: ["job": "night"], to: url)
    }

    private func finishedJob(_ spool: Spool, _ name: String) throws -> JobID {
        let id = try spool.submit(manifest: Data("job: \(name)\n".utf8), name: name, base: "/tmp")
        let token = try #require(try spool.find(id)?.token)
        let queued = try spool.accept(token, resolved: Data("{\"stages\": []}".utf8))
        let running = try spool.claim(queued, from: .queued, for: .current)
        _ = try spool.move(
            running, from: .running, to: .done(started: .now, finished: .now, bundle: "outbox/\(id).tar.zst"))
        return id
    }
}
