import Basics
import Foundation
import TestSupport
import Testing

/// The built programs from outside: what they print, and how they end.
@Suite struct CommandLineTests {
    static let commands = [
        "submit", "run", "list", "show", "logs", "validate", "schema", "bundle verify", "bundle list", "bundle show",
        "bundle unpack", "collect", "doctor", "gc", "retry", "pause", "resume", "drain", "status", "plan", "plugins",
        "evaluate", "detect", "export", "import", "synth",
    ]

    @Test(arguments: commands) func helpOfEachCommand(_ command: String) throws {
        let outcome = try run(command.split(separator: " ").map(String.init) + ["--help"], in: Project.root)
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("usage: jdnas \(command)"))
        #expect(outcome.error == "")
    }

    @Test func helpAndVersion() throws {
        let help = try run(["--help"], in: Project.root)
        #expect(help.code == 0)
        for command in Self.commands { #expect(help.output.contains("\n  \(command) ")) }
        let version = try run(["--version"], in: Project.root)
        #expect(version.output.wholeMatch(of: /jdnas \d+\.\d+\.\d+\n/) != nil)
        #expect(try run([], in: Project.root).code == 2)
    }

    static let mistakes: [(arguments: [String], error: String)] = [
        (["lst"], "jdnas: error: there is no command 'lst'\n  remedy: did you mean 'jdnas list'?\n"),
        (
            ["frobnicate"],
            "jdnas: error: there is no command 'frobnicate'\n  remedy: 'jdnas --help' lists the commands\n"
        ),
        (
            ["bundle", "verfy"],
            "jdnas: error: there is no command 'bundle verfy'\n  remedy: did you mean 'jdnas bundle verify'?\n"
        ),
        (["list", "--jsn"], "jdnas: error: 'list' has no option '--jsn'\n  remedy: did you mean '--json'?\n"),
        (["show"], "jdnas: error: 'show' needs JOB\n  remedy: 'show --help' shows how to use it\n"),
        (
            ["evaluate", "--detections", "x"],
            "jdnas: error: '--ground-truth' is missing\n  remedy: add '--ground-truth …'; '--help' tells more\n"
        ),
        (
            ["import", "--from", "x", "--out", "y", "--norm", "group"],
            "jdnas: error: '--norm' is frozen or batch, not 'group'\n  remedy: give one of them\n"
        ),
        (
            ["import", "--from", "x", "--out", "y", "--input", "1333x800"],
            "jdnas: error: '--input' has the form SHORTERxLONGER, not '1333x800'\n"
                + "  remedy: give two sides from 32 to 8192 such as 800x1333, the shorter one first\n"
        ),
    ]

    @Test(arguments: mistakes) func mistakesAreTold(_ arguments: [String], _ error: String) throws {
        let outcome = try run(arguments, in: Project.root)
        #expect(outcome.code == 2)
        #expect(outcome.error == error)
        #expect(outcome.output == "")
    }

    @Test func aMissingSpoolIsTold() throws {
        let folder = try TemporaryFolder()
        let outcome = try run(["list", "--spool", "nowhere"], in: folder.url)
        #expect(outcome.code == 1)
        #expect(
            outcome.error.contains("/nowhere: error: there is no spool here\n  remedy: name the spool with --spool"))
        #expect(folder.files().isEmpty)
    }

    @Test func aMissingStageProgramIsTold() throws {
        let outcome = try run(["plugins"], in: Project.root, environment: ["JDNAS_STAGE": "/no/such/program"])
        #expect(outcome.code == 1)
        #expect(outcome.error.hasPrefix("/no/such/program: error: cannot be run\n  remedy: "))
    }

    @Test(
        .enabled(if: SharedFolder.isPresent, Comment(rawValue: SharedFolder.hint)),
        arguments: ["coco_by", "bccd", "bccd_large"])
    func evaluateAgreesWithTheReference(_ name: String) throws {
        let folder = try #require(SharedFolder.url).appending(path: "eval")
        let outcome = try run(
            ["evaluate", "--ground-truth", "\(name)_gt.json", "--detections", "\(name)_dt.json", "--json"], in: folder)
        #expect(outcome.code == 0, "\(outcome.error)")
        let stats = try JSON(parsing: outcome.output)["stats"]?.array?.compactMap(\.number) ?? []
        let file = try Data(contentsOf: folder.appending(path: "\(name)_expected.json"))
        let expected = try JSON(parsing: file)["stats"]?.array?.compactMap(\.number) ?? []
        #expect(stats.count == 12)
        #expect(zip(stats, expected).allSatisfy { abs($0 - $1) < 1e-9 })
    }
}
