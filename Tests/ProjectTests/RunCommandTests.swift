import Basics
import Foundation
import TestSupport
import Testing

/// Jobs from manifest to bundle, through the built programs.
@Suite struct RunCommandTests {
    static let job = """
        job: pack
        stages:
          - name: data
            uses: dataset-pack
            with: {format: synth, train: 4, val: 2, width: 64, height: 48}
        """

    @Test func fromManifestToBundle() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.job, to: "pack.yaml")
        let submitted = try run(["submit", "pack.yaml", "--spool", "s"], in: folder.url)
        #expect(submitted.code == 0, "\(submitted.error)")
        let id = submitted.output.trimmingCharacters(in: .newlines)

        let ran = try run(["run", "--drain", "--spool", "s"], in: folder.url)
        #expect(ran.code == 0, "\(ran.output)\(ran.error)")
        #expect(ran.output.contains("\(id): data (dataset-pack) started"))
        #expect(ran.output.contains("\(id): done in "))

        #expect(try run(["collect", "--to", "got", "--spool", "s"], in: folder.url).code == 0)
        let bundle = "got/\(id).tar.zst"
        #expect(try run(["bundle", "verify", bundle], in: folder.url).code == 0)
        #expect(try run(["bundle", "show", bundle, "manifest.yaml"], in: folder.url).output == Self.job)
        #expect(try run(["show", "pack", "--spool", "s"], in: folder.url).output.contains(/data +done +100%/))
    }

    /// A wrong drop is rejected with its diagnostics beside it; the next job runs.
    @Test func aWrongDropStopsNothing() throws {
        let folder = try TemporaryFolder()
        try folder.write("job: x\nstages: [{name: a, uses: dataset-pak}]\n", to: "s/inbox/wrong.yaml")
        try folder.write(Self.job, to: "s/inbox/right.yaml")
        let ran = try run(["run", "--drain", "--spool", "s"], in: folder.url)
        #expect(ran.code == 1)
        #expect(
            try String(contentsOf: folder["s/rejected/wrong.diagnostics.txt"], encoding: .utf8)
                == """
                wrong.yaml:2:26: error: there is no stage plugin 'dataset-pak'
                    stages: [{name: a, uses: dataset-pak}]
                                             ^
                  remedy: did you mean 'dataset-pack'?

                """
        )
        let jobs = try JSON(parsing: try run(["list", "--json", "--spool", "s"], in: folder.url).output)
        #expect(Set(jobs.array?.compactMap { $0["state"]?.string } ?? []) == ["done", "rejected"])
    }

    /// A missing data set is told at submission, a damaged one when the stage runs.
    @Test func badDataSets() throws {
        let folder = try TemporaryFolder()
        let manifest = "job: p\nstages: [{name: d, uses: dataset-pack, with: {root: data}}]\n"
        try folder.write(manifest, to: "p.yaml")
        let refused = try run(["submit", "p.yaml", "--spool", "s"], in: folder.url)
        #expect(refused.code == 1)
        #expect(refused.error.contains("p.yaml:2:53: error: there is no folder 'data'"))

        #expect(
            try run(
                ["synth", "--to", "data", "--train", "2", "--val", "1", "--width", "64", "--height", "48"],
                in: folder.url
            )
            .code == 0)
        let picture = try #require(folder.files().first { $0.hasPrefix("data/train/") })
        try folder.write("no picture", to: picture)
        let ran = try run(["run", "--drain", "--spool", "s", "p.yaml"], in: folder.url)
        #expect(ran.code == 1)
        #expect(ran.output.contains((picture as NSString).lastPathComponent))
    }
}
