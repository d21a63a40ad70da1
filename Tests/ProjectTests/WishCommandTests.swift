import Basics
import Foundation
import TestSupport
import Testing

/// `jdnas hold`, `release`, `cancel`, `priority`, `retry`, `wait`, `pause`, `resume` and `drain`, with no runner at work and after one.
@Suite(.serialized) struct WishCommandTests {
    private let folder: TemporaryFolder
    private static let manifest = """
        job: drawn
        stages:
          - name: data
            uses: dataset-pack
            with: {format: synth, train: 2, val: 1, width: 96, height: 64}
        """

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Self.manifest, to: "drawn.yaml")
        try folder.write(Self.manifest.replacing("drawn", with: "other"), to: "other.yaml")
    }

    private func jdnas(_ words: String...) throws -> Outcome { try run(words, in: folder.url) }

    @Test func aJobIsHeldReleasedAndAwaited() throws {
        #expect(try jdnas("submit", "drawn.yaml", "other.yaml").code == 0)
        let held = try jdnas("hold", "drawn")
        #expect(held.code == 0 && held.output.contains("held (no runner works here now"), "\(held.output)\(held.error)")
        #expect(try jdnas("priority", "7", "other").code == 0)
        #expect(try jdnas("priority", "--", "-7", "drawn").code == 0)
        let list = try jdnas("list").output
        #expect(list.contains("held, priority -7") && list.contains("submitted, priority 7"), "\(list)")
        let early = try jdnas("wait", "drawn", "--timeout", "0.3")
        #expect(early.code == 124 && early.error.contains("no runner works on this spool"))
        #expect(try jdnas("run", "--drain").code == 0)
        #expect(try jdnas("wait", "other").output.contains("done"))
        #expect(try jdnas("release", "drawn").output.contains("goes on"))
        #expect(try jdnas("release", "drawn").output.contains("was not held"))
        #expect(try jdnas("run", "--drain").code == 0)
        let done = try jdnas("wait", "drawn", "other")
        #expect(done.code == 0 && done.output.split(separator: "\n").count == 2)
        // What has ended cannot be wished for any more.
        let late = try jdnas("cancel", "drawn")
        #expect(late.code == 1 && late.error.contains("this job is done already"))
    }

    @Test func aCancelledJobHasFailed() throws {
        #expect(try jdnas("submit", "drawn.yaml", "other.yaml").code == 0)
        // A slip in one name, and nothing is done.
        #expect(try jdnas("cancel", "drawn", "nowhere").code == 1)
        #expect(try !jdnas("list").output.contains("cancelling"))
        #expect(try jdnas("cancel", "drawn").code == 0)
        #expect(try jdnas("list").output.contains("cancelling"))
        #expect(try jdnas("run", "--drain").code == 1)
        let end = try jdnas("wait", "drawn", "other")
        #expect(end.code == 1 && end.output.contains("failed: cancelled on request") && end.output.contains("done"))
    }

    @Test func aFailedJobIsTriedAgain() throws {
        #expect(try jdnas("submit", "drawn.yaml").code == 0)
        #expect(try jdnas("cancel", "drawn").code == 0)
        #expect(try jdnas("run", "--drain").code == 1)
        let wrong = try jdnas("retry", "drawn", "--from", "dta")
        #expect(wrong.code == 1 && wrong.error.contains("the job has no stage 'dta'\n  remedy: did you mean 'data'?"))
        let asked = try jdnas("retry", "drawn", "--from", "data")
        #expect(asked.code == 0 && asked.output.contains("to be tried again, anew from data (no runner works here now"))
        #expect(try jdnas("list").output.contains("failed, to be tried again"))
        // Taken back, and wished once more.
        #expect(try jdnas("cancel", "drawn").output.contains("not to be tried again"))
        #expect(try jdnas("wait", "drawn").code == 1)
        #expect(try jdnas("retry", "drawn").code == 0)
        #expect(try jdnas("wait", "drawn", "--timeout", "0.1").code == 124, "what is to be tried again has not ended")
        #expect(try jdnas("run", "--drain").code == 0)
        #expect(try jdnas("wait", "drawn").code == 0)
        let late = try jdnas("retry", "drawn")
        #expect(late.code == 1)
        #expect(
            late.error.contains(
                "only a job that failed can be tried again; this one is done\n  remedy: submit it again"))
    }

    @Test func aPausedSpoolSaysSo() throws {
        #expect(try jdnas("submit", "drawn.yaml").code == 0)
        #expect(
            try jdnas("pause").output.hasPrefix("paused: no stage is started until 'jdnas resume' (no runner works"))
        let list = try jdnas("list").output
        #expect(
            list.contains("submitted, paused") && list.contains("the spool is paused: no stage is started"), "\(list)")
        #expect(try jdnas("show", "drawn").output.contains("submitted, paused"))
        let ran = try jdnas("run", "--drain")
        #expect(ran.code == 0 && ran.output.contains("note: paused: drawn-"))
        #expect(try jdnas("resume").output.hasPrefix("goes on"))
        #expect(try jdnas("resume").output == "was not paused\n")
        #expect(try jdnas("run", "--drain").code == 0)
        #expect(try jdnas("wait", "drawn").code == 0)
        let nobody = try jdnas("drain")
        #expect(
            nobody.code == 0 && nobody.output.hasPrefix("no runner works on this spool; 'jdnas run --drain' starts one")
        )
    }

    /// What scripts read: ids of what was handed in, and how it ended.
    @Test func programsAreToldAsJSON() throws {
        let submitted = try jdnas("submit", "--json", "--priority", "-4", "drawn.yaml", "other.yaml")
        let entries = try #require(try JSON(parsing: submitted.output).array, "\(submitted.error)")
        #expect(entries.map { $0["file"] } == ["drawn.yaml", "other.yaml"])
        #expect(entries.allSatisfy { $0["isNew"] == true })
        let ids = entries.compactMap { $0["id"]?.string }
        #expect(try jdnas("show", ids[1]).output.contains("submitted, priority -4"))
        #expect(try jdnas("cancel", ids[1]).code == 0)
        let early = try jdnas("wait", "--json", "--timeout", "0", ids[0], ids[1])
        #expect(early.code == 124)
        #expect(try JSON(parsing: early.output).array?.map { $0["state"] } == [nil, nil])
        #expect(try jdnas("run", "--drain").code == 1)
        let late = try jdnas("wait", "--json", ids[0], ids[1])
        let ends = try JSON(parsing: late.output)
        #expect(late.code == 1 && ends.array?.map { $0["state"] } == ["done", "failed"], "\(late.output)")
        #expect(ends[1]?["reason"] == "cancelled on request")
    }

    @Test func mistakesAreTold() throws {
        #expect(try jdnas("submit", "drawn.yaml").code == 0)
        for (words, code, text) in [
            (["priority", "1000", "drawn"], Int32(1), "'1000' is no priority"), (["priority", "5"], 2, "priority"),
            (["submit", "--priority", "high", "drawn.yaml"], 1, "'high' is no priority"),
            (["hold"], 2, "hold"), (["wait", "nowhere"], 1, "there is no job 'nowhere'"),
            (["wait", "drawn", "--timeout", "soon"], 1, "no number of seconds"),
        ] {
            let outcome = try run(words, in: folder.url)
            #expect(outcome.code == code && outcome.error.contains(text), "\(words): \(outcome.error)")
        }
    }
}
