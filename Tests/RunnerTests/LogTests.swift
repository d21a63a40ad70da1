import Basics
import Foundation
import Glibc
import Runner
import Spool
import TestSupport
import Testing

@Suite struct LogTests {
    private func lines(_ format: LogReporter.Format, _ events: [RunnerEvent]) throws -> [String] {
        let scratch = try TemporaryFolder(inMemory: true)
        let file = scratch.url.appending(path: "out")
        let descriptor = open(file.path, O_WRONLY | O_CREAT, 0o644)
        let reporter = LogReporter(format, descriptor: descriptor)
        for event in events { reporter.report(event) }
        close(descriptor)
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private let id = try! JobID(job: "a", at: Timestamp("2025-01-01T00:00:00.000Z")!, random: 1)

    @Test func logfmtQuotesWhatNeedsIt() throws {
        let line = try #require(
            try lines(.logfmt, [.stageFailed(id, stage: "base", reason: "say \"no\"\n=", again: true)]).first)
        #expect(line.hasPrefix("time=20"))
        #expect(
            line.hasSuffix(
                " level=warn event=stage-failed job=\(id) stage=base again=true reason=\"say \\\"no\\\"\\n=\""))
    }

    @Test func jsonIsOneObjectALine() throws {
        let found = try lines(.json, [.accepted(id, source: "ä.yaml"), .stopped])
        #expect(found.count == 2)
        let first = try JSON(parsing: Data(found[0].utf8))
        #expect(first["event"]?.string == "accepted" && first["source"]?.string == "ä.yaml")
        #expect(try JSON(parsing: Data(found[1].utf8))["level"]?.string == "info")
    }

    @Test func progressIsToldByTenths() throws {
        let events = try [0.01, 0.02, 0.11, 0.12, 1].map { fraction -> RunnerEvent in
            let data = Data(#"{"fraction": \#(fraction), "message": "m", "eta": 3}"#.utf8)
            return .stageProgress(id, stage: "base", try JSONDecoder().decode(ProgressFile.self, from: data))
        }
        #expect(try lines(.logfmt, events).count == 3)
    }

    /// What systemd hears, as it listens, of some events.
    private func heard(_ events: [RunnerEvent]) throws -> [String] {
        let scratch = try TemporaryFolder(inMemory: true)
        let path = scratch.url.appending(path: "s").path
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        let manager = ServiceManager(next: SilentReporter(), socket: path)
        var messages: [String] = []
        var buffer = [UInt8](repeating: 0, count: 1000)
        for event in events {
            manager.report(event)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                guard count > 0 else { break }
                messages.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
        }
        return messages
    }

    private func started(_ stage: String) -> RunnerEvent {
        .stageStarted(id, stage: stage, plugin: "train", attempt: 1, resumed: false)
    }

    private let ready = RunnerEvent.started(spool: URL(filePath: "/s"), owner: .current)

    @Test func systemdIsTold() throws {
        #expect(
            try heard([ready, started("base"), .stopping]) == [
                "READY=1\nSTATUS=waits for jobs", "STATUS=\(id): base", "STOPPING=1\nSTATUS=stages save their state",
            ])
    }

    /// One of two that run has ended: the other one runs still.
    @Test func systemdIsToldHowManyStagesRun() throws {
        let other = try JobID(job: "b", at: Timestamp("2025-01-01T00:00:00.000Z")!, random: 1)
        let second = RunnerEvent.stageStarted(other, stage: "data", plugin: "p", attempt: 1, resumed: false)
        let done = RunnerEvent.jobDone(other, seconds: 1, bundle: URL(filePath: "/b"), pages: [], headline: [])
        #expect(
            try heard([
                started("base"), second, .stageDone(other, stage: "data", seconds: 1), done, second,
                .jobFailed(other, reason: "", bundle: URL(filePath: "/b")), started("more"),
                .stageStopped(id, stage: "more"), .stageFailed(id, stage: "base", reason: "", again: true),
            ]) == [
                "STATUS=\(id): base", "STATUS=2 stages run: \(id): base, \(other): data", "STATUS=\(id): base",
                "STATUS=2 stages run: \(id): base, \(other): data", "STATUS=\(id): base",
                "STATUS=2 stages run: \(id): base, \(id): more", "STATUS=\(id): base", "STATUS=waits for jobs",
            ])
        let many = try heard(["a", "b", "c", "d"].map(started))
        #expect(many.last == "STATUS=4 stages run: \(id): a, \(id): b, \(id): c, …")
    }

    @Test func systemdIsToldOfReloads() throws {
        let messages = try heard([ready, started("base"), .reloading, .reloaded(changes: nil)])
        try #require(messages.count == 4)
        #expect(messages[2].wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=[0-9]+/) != nil)
        #expect(messages[3] == "READY=1\nSTATUS=\(id): base")
    }
}
