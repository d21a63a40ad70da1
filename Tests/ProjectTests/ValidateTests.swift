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
}
