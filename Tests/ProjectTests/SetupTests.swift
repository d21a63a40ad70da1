import Foundation
import TestSupport
import Testing

/// `scripts/setup` on machines that this one is not.
@Suite struct SetupTests {
    /// Runs it with these programs, each a line of shell, and the few that it cannot do without.
    private func setup(_ programs: [String: String], _ words: String...) throws -> Outcome {
        let folder = try TemporaryFolder()
        for (name, body) in programs {
            let file = try folder.write("#!/bin/sh\n\(body)\n", to: name)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
        for name in ["env", "grep"] {
            try FileManager.default.createSymbolicLink(
                at: folder[name], withDestinationURL: URL(filePath: "/usr/bin/\(name)"))
        }
        return try run(
            ["scripts/setup"] + words, of: URL(filePath: "/bin/bash"), in: Project.root,
            environment: ["PATH": folder.url.path])
    }

    private let missing = "exit 1"

    @Test func withoutRootAndSudoItSaysWhatToDo() throws {
        let outcome = try setup(["uname": "echo x86_64", "dpkg-query": missing, "id": "echo 1000"])
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("neither root nor is there a sudo"))
        #expect(outcome.error.contains("remedy: have root run: apt-get install --no-install-recommends libdnnl-dev"))
    }

    @Test func anotherMachineIsTold() throws {
        let outcome = try setup(["uname": "echo aarch64"])
        #expect(outcome.code == 1)
        #expect(outcome.error.hasPrefix("error: this is a machine of the kind 'aarch64'\n  remedy: build on x86_64"))
    }

    @Test func whatAptSaysLastIsSeen() throws {
        let outcome = try setup([
            "uname": "echo x86_64", "dpkg-query": missing, "id": "echo 0",
            "apt-get": "case $* in *install*) echo 'E: Unable to locate package' >&2; exit 100 ;; esac",
        ])
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("E: Unable to locate package\nerror: the packages could not be installed"))
    }

    /// All is there but Chromium.
    private static let noChromium = "case $* in *chromium*) exit 1 ;; esac; echo install ok installed"

    @Test func chromiumIsForTestsOnly() throws {
        let programs = [
            "uname": "echo x86_64", "dpkg-query": Self.noChromium, "id": "echo 0", "swift": "",
            "apt-get": "echo $* >&2",
        ]
        let build = try setup(programs)
        #expect(build.code == 0 && build.output == "")
        let tests = try setup(programs, "tests")
        #expect(tests.code == 0 && tests.output == "installing: chromium\n")
        let unknown = try setup(programs, "test")
        #expect(
            unknown.code == 1 && unknown.error == "error: setup knows no 'test'\n  remedy: say 'tests', or nothing\n")
    }

    /// It is no reason not to run the other tests.
    @Test func withoutChromiumTheOtherTestsRun() throws {
        let outcome = try setup(
            ["uname": "echo x86_64", "dpkg-query": Self.noChromium, "id": "echo 1000", "swift": ""], "tests")
        #expect(outcome.code == 0)
        #expect(outcome.error.contains("remedy: have root run: apt-get install --no-install-recommends chromium\n"))
        #expect(outcome.error.hasSuffix("note: tests that need chromium are skipped\n"))
    }

    @Test func aMissingSwiftIsTold() throws {
        let outcome = try setup(["uname": "echo x86_64", "dpkg-query": "echo install ok installed"])
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("no 'swift' on PATH"))
    }
}
