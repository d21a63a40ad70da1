import Basics
import Foundation
import Runner
import Spool
import TestSupport
import Testing

/// What a job does is settled when it is accepted, whatever becomes of the files that its manifest refers to.
@Suite(.serialized, .timeLimit(.minutes(10))) struct AcceptanceTests {
    /// A job that was accepted and waits; its manifest says what `report.json` beside it says.
    private func accepted(in shop: Workshop) throws -> JobID {
        try shop.scratch.write(Workshop.manifest("night", [("data", "succeed", [])]), to: "base/report.json")
        let id = try shop.spool.submit(
            manifest: Data(#"{"given-by-base": 1}"#.utf8), name: "night", base: shop.scratch["base"].path,
            environment: ["DATA": "/data/a b", "N": "3"])
        try shop.spool.hold(id)
        _ = try shop.run()
        #expect(try shop.state(id) == .queued)
        try shop.spool.release(id)
        return id
    }

    private func change(in shop: Workshop) throws {
        try shop.scratch.write(Workshop.manifest("night", [("data", "succeed", [])], more: 2), to: "base/report.json")
    }

    @Test func anEditedFileChangesNothing() throws {
        let shop = try Workshop()
        let id = try accepted(in: shop)
        let resolved = try Data(contentsOf: shop.spool.resolved(id))
        try change(in: shop)
        #expect(try shop.run().done == [id])
        #expect(try Data(contentsOf: shop.spool.resolved(id)) == resolved)
    }

    /// Made anew from the manifest, which means the same still.
    @Test(arguments: ["", "{}", "no JSON"]) func aDamagedRecordIsMadeAnew(_ damage: String) throws {
        let shop = try Workshop()
        let id = try accepted(in: shop)
        let resolved = try Data(contentsOf: shop.spool.resolved(id))
        try Data(damage.utf8).write(to: shop.spool.resolved(id))
        #expect(try shop.run().done == [id])
        #expect(try Data(contentsOf: shop.spool.resolved(id)) == resolved)
    }

    /// A whole one that somebody edited is damaged as well.
    @Test func anEditedRecordIsMadeAnew() throws {
        let shop = try Workshop()
        let id = try accepted(in: shop)
        let text = try String(contentsOf: shop.spool.resolved(id), encoding: .utf8)
        try Data(text.replacing("\"seed\": 7", with: "\"seed\": 8").utf8).write(to: shop.spool.resolved(id))
        #expect(try shop.run().done == [id])
        #expect(try String(contentsOf: shop.spool.resolved(id), encoding: .utf8) == text)
    }

    @Test func aDamagedRecordOfAManifestThatMeansSomethingElseNow() throws {
        let shop = try Workshop()
        let id = try accepted(in: shop)
        try change(in: shop)
        try Data().write(to: shop.spool.resolved(id))
        let summary = try shop.run()
        #expect(summary.done.isEmpty)
        #expect(summary.failed == [id])
        let reason = try shop.spool.jobs().first { $0.id == id.text }?.reason
        #expect(reason?.contains("means something else now than when it was accepted") == true)
    }

    /// The check is told the environment of whoever handed the job in.
    @Test func theEnvironmentOfTheSubmission() throws {
        let shop = try Workshop()
        let id = try accepted(in: shop)
        let arguments = try String(contentsOf: shop.scratch["base/arguments.txt"], encoding: .utf8)
        #expect(arguments.contains("--env\nDATA=/data/a b\n--env\nN=3\n"))
        // Also when its token was lost.
        try FileManager.default.removeItem(at: shop.spool.folder(.queued).appending(path: "\(id).json"))
        try shop.scratch.write("", to: "base/arguments.txt")
        try Data().write(to: shop.spool.resolved(id))
        #expect(try shop.run().done == [id])
        #expect(try String(contentsOf: shop.scratch["base/arguments.txt"], encoding: .utf8) == arguments)
    }
}
