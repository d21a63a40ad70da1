import Basics
import Foundation
import Glibc
import Spool
import TestSupport
import Testing

/// How `jdnas run` takes signals, with a stage program that only waits.
@Suite(.timeLimit(.minutes(10))) struct StopTests {
    static let fake = Project.root.appending(path: "Tests/Programs/fake-stage.sh").path

    /// A manifest for the fake program of a job with one stage, which behaves so.
    static func report(_ job: String, _ behaviour: String) -> Data {
        let stage: JSON = [
            "name": "data", "plugin": "make-dataset", "pluginVersion": 1, "options": ["behaviour": .string(behaviour)],
            "needs": [], "consumes": [], "produces": "dataset",
        ]
        let report: JSON = [
            "file": "x", "diagnostics": [],
            "resolved": ["format": "jdnas-resolved/1", "job": .string(job), "seed": 7, "stages": [stage]],
        ]
        return Data(report.prettyText.utf8)
    }

    /// A spool with one job for the fake program.
    private func spool(in folder: TemporaryFolder, _ behaviour: String) throws -> JobID {
        try Spool(at: folder["s"], create: true)
            .submit(manifest: Self.report("stop", behaviour), name: "stop", base: "/")
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

    /// With `--config`, SIGHUP has the settings read again; the stage goes on, and SIGTERM stops it as ever.
    @Test func aHangupReadsTheSettingsAgain() throws {
        let folder = try TemporaryFolder()
        let id = try spool(in: folder, "hang-once")
        try folder.write("cpus: 1\n", to: "runner.yaml")
        let process = Process()
        process.executableURL = Project.programs.appending(path: "jdnas")
        process.arguments = ["run", "--threads", "1", "--log", "logfmt", "--spool", "s", "--config", "runner.yaml"]
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(["JDNAS_STAGE": Self.fake]) { $1 }
        let log = folder["log.txt"]
        #expect(FileManager.default.createFile(atPath: log.path, contents: nil))
        process.standardOutput = try FileHandle(forWritingTo: log)
        try process.run()
        func wait(until holds: () -> Bool) {
            let end = Date().addingTimeInterval(60)
            while process.isRunning, Date() < end, !holds() { usleep(10_000) }
        }
        func isLogged(_ text: String) -> Bool {
            ((try? String(contentsOf: log, encoding: .utf8)) ?? "").contains(text)
        }
        let progress = folder["s/work/\(id)/data/attempts/1-1/progress.json"].path
        wait { FileManager.default.fileExists(atPath: progress) }
        // The command line wins over the file.
        try folder.write("cpus: 4\nthreads: 3\n", to: "runner.yaml")
        kill(process.processIdentifier, SIGHUP)
        wait { isLogged("event=reloaded changes=\"cpus 1 → 4\"") }
        #expect(isLogged("event=reloaded changes=\"cpus 1 → 4\""))
        try folder.write("cpus: four\n", to: "runner.yaml")
        kill(process.processIdentifier, SIGHUP)
        wait { isLogged("runner.yaml:1:7: error") }
        #expect(isLogged("runner.yaml:1:7: error") && process.isRunning)
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try Spool(at: folder["s"]).find(id)?.folder == .running)
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
