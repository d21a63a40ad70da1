import Basics
import Foundation
import TestSupport
import Testing

/// `jdnas validate`: everything that is wrong in all files, and an exit code.
@Suite struct ValidateTests {
    @Test func tellsAllOfAllFiles() throws {
        let folder = try TemporaryFolder()
        try folder.write("job: a\nstages:\n  - {name: x, uses: no-such-plugin, neds: []}\n", to: "a.yaml")
        try folder.write("job: b\n\tseed: 1\n", to: "b.yaml")
        try folder.write("job: c\nstages: [{name: x, uses: no-such-plugin, needs: [y]}]\n", to: "c.yaml")
        let outcome = try run(["validate", "a.yaml", "b.yaml", "gone.yaml", "c.yaml"], in: folder.url)
        #expect(outcome.code == 1)
        let lines = outcome.error.split(separator: "\n").filter { !$0.hasPrefix("  remedy: plugins here") }
        #expect(
            lines == [
                "a.yaml:3:21: error: there is no stage plugin 'no-such-plugin'",
                "      - {name: x, uses: no-such-plugin, neds: []}",
                "                        ^",
                "a.yaml:3:37: error: unknown key 'neds'",
                "      - {name: x, uses: no-such-plugin, neds: []}",
                "                                        ^",
                "  remedy: did you mean 'needs'?",
                "b.yaml:2:1: error: a tab cannot indent YAML",
                "            seed: 1",
                "    ^",
                "  remedy: indent with spaces",
                "gone.yaml:1:1: error: there is no file 'gone.yaml'",
                "  remedy: check the path; it is taken from \(folder.url.path)",
                "c.yaml:2:26: error: there is no stage plugin 'no-such-plugin'",
                "    stages: [{name: x, uses: no-such-plugin, needs: [y]}]",
                "                             ^",
                "c.yaml:2:50: error: there is no stage 'y'",
                "    stages: [{name: x, uses: no-such-plugin, needs: [y]}]",
                "                                                     ^",
                "  remedy: this job has no other stage; write 'JOB/y' for a stage of another job",
            ])
    }

    @Test func json() throws {
        let folder = try TemporaryFolder()
        try folder.write("job: A\nstages: [{name: x, uses: y}]\n", to: "a.yaml")
        let outcome = try run(
            ["validate", "--json", "--name", "shown.yaml", "a.yaml"], of: "jdnas-stage", in: folder.url)
        #expect(outcome.code == 1)
        let diagnostics = try JSON(parsing: outcome.output)[0]?["diagnostics"]?.array
        #expect(diagnostics?.first?["file"] == "shown.yaml")
        #expect(diagnostics?.first?["line"] == 1)
        #expect(diagnostics?.first?["column"] == 6)
        #expect(diagnostics?.first?["excerpt"] == "job: A\n     ^")
    }

    @Test func submitHandsInNothingThatIsWrong() throws {
        let folder = try TemporaryFolder()
        try folder.write("job: a\nstages: []\n", to: "a.yaml")
        let outcome = try run(["submit", "a.yaml", "--spool", "s"], in: folder.url)
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("a.yaml:2:9: error: the job has no stages"))
        #expect(folder.files() == ["a.yaml"])
    }

    static let shared =
        "variables: {train: 8}\nstages:\n  - name: data\n    uses: dataset-pack\n"
        + "    with: {format: synth, train: \"${train}\", val: \"${val}\", width: 96, height: 64}\n"

    /// Values come from the manifest, from what it includes, and from the environment, each told where it is wrong.
    @Test func variablesAndIncludes() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.shared, to: "parts/data.yaml")
        try folder.write(
            "job: night\ninclude: [parts/data.yaml]\nvariables: {val: '${env:JDNAS_TEST_VAL}'}\n", to: "a.yaml")
        let fine = try run(
            ["validate", "--json", "a.yaml"], in: folder.url, environment: ["JDNAS_TEST_VAL": "4"])
        #expect(fine.code == 0, "\(fine.error)")
        let resolved = try JSON(parsing: fine.output)[0]?["resolved"]
        #expect(resolved?["variables"] == ["train": 8, "val": 4])
        #expect(resolved?["included"]?[0]?["file"] == "parts/data.yaml")
        let given = try run(["validate", "--quiet", "--env", "JDNAS_TEST_VAL=0", "a.yaml"], in: folder.url)
        #expect(given.code == 1)
        #expect(
            given.error == """
                parts/data.yaml:5:51: error: 'val' must be from 1 to 1000000, not 0
                        with: {format: synth, train: "${train}", val: "${val}", width: 96, height: 64}
                                                                      ^
                  remedy: give a whole number from 1 to 1000000

                """)
        let missing = try run(["validate", "a.yaml"], in: folder.url)
        #expect(missing.error.contains("a.yaml:3:19: error: the environment has no variable 'JDNAS_TEST_VAL'"))
    }

    /// The environment is the submitter's, and what an included file said at the job's acceptance counts.
    @Test func whatAJobDoesIsSettled() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.shared, to: "parts/data.yaml")
        try folder.write(
            "job: night\ninclude: [parts/data.yaml]\nvariables: {val: '${env:JDNAS_TEST_VAL}'}\n", to: "a.yaml")
        let submitted = try run(
            ["submit", "a.yaml", "--spool", "s"], in: folder.url, environment: ["JDNAS_TEST_VAL": "4"])
        #expect(submitted.code == 0, "\(submitted.error)")
        let id = submitted.output.trimmingCharacters(in: .newlines)
        #expect(try run(["hold", id, "--spool", "s"], in: folder.url).code == 0)
        #expect(try run(["run", "--drain", "--spool", "s"], in: folder.url).code == 0)
        try folder.write("stages: [", to: "parts/data.yaml")
        #expect(try run(["release", id, "--spool", "s"], in: folder.url).code == 0)
        let ran = try run(["run", "--drain", "--spool", "s"], in: folder.url)
        #expect(ran.code == 0, "\(ran.error)")
        #expect(folder.files().contains("s/done/\(id).json"))
    }
}
