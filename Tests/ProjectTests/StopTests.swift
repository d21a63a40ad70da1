import Basics
import Foundation
import Glibc
import Spool
import TestSupport
import Testing

/// How `jdnas run` takes signals, with a stage program that only waits.
@Suite(.timeLimit(.minutes(2))) struct StopTests {
    static let fake = Project.root.appending(path: "Tests/Programs/fake-stage.sh").path

    /// A spool with one job for the fake program, whose only stage behaves so.
    private func spool(in folder: TemporaryFolder, _ behaviour: String) throws -> JobID {
        let spool = try Spool(at: folder["s"], create: true)
        let stage: JSON = [
            "name": "data", "plugin": "make-dataset", "pluginVersion": 1, "options": ["behaviour": .string(behaviour)],
            "needs": [], "consumes": [], "produces": "dataset",
        ]
        let report: JSON = [
            "file": "x", "diagnostics": [],
            "resolved": ["format": "jdnas-resolved/1", "job": "stop", "seed": 7, "stages": [stage]],
        ]
        return try spool.submit(manifest: Data(report.prettyText.utf8), name: "stop", base: "/")
    }

    static let signals: [(number: Int32, code: Int32)] = [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)]

    @Test(arguments: signals)
    func aSignalStopsItWithTheWorkLeft(_ number: Int32, _ code: Int32) throws {
        let folder = try TemporaryFolder()
        let id = try spool(in: folder, "hang-once")
        let process = Process()
        process.executableURL = Project.programs.appending(path: "jdnas")
        process.arguments = ["run", "--drain", "--quiet", "--spool", folder["s"].path]
        process.environment = ProcessInfo.processInfo.environment.merging(["JDNAS_STAGE": Self.fake]) { $1 }
        try process.run()
        let progress = folder["s/work/\(id)/data/attempts/1-1/progress.json"].path
        while process.isRunning, !FileManager.default.fileExists(atPath: progress) { usleep(10_000) }
        kill(process.processIdentifier, number)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == code)
        #expect(try Spool(at: folder["s"]).job(matching: "stop").stages.first?.message == "stopped with the runner")
    }

    /// `jdnas run | head`: whoever reads may go, the work goes on.
    @Test func aReaderThatGoesAwayStopsNothing() throws {
        let folder = try TemporaryFolder()
        let id = try spool(in: folder, "talks-once")
        let command =
            "{ '\(Project.programs.appending(path: "jdnas").path)' run --drain --spool s; echo $? > code; } | true"
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", command]
        shell.currentDirectoryURL = folder.url
        shell.environment = ProcessInfo.processInfo.environment.merging(["JDNAS_STAGE": Self.fake]) { $1 }
        try shell.run()
        shell.waitUntilExit()
        #expect(try String(contentsOf: folder["code"], encoding: .utf8) == "0\n")
        #expect(try Spool(at: folder["s"]).find(id)?.folder == .done)
    }
}
