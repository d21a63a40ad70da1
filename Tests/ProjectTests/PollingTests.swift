import Foundation
import Glibc
import Spool
import TestSupport
import Testing

/// Where nothing tells of a drop, because another machine made it, or no instance of inotify(7) is left, looks find it.
@Suite(.timeLimit(.minutes(10))) struct PollingTests {
    /// A closed file is taken at the second look that sees it, after waits of two periods at most. Told by the looks, and the
    /// waits that the runner asks the kernel for, so that a busy machine changes nothing.
    @Test func aDropIsTakenWithinTwoPeriods() throws {
        let folder = try TemporaryFolder()
        _ = try Spool(at: folder["s"], create: true)
        let drop = folder["s/inbox/drop.yaml"]
        let log = try folder.write("", to: "log.txt")
        let process = Process()
        process.executableURL = Project.programs.appending(path: "jdnas")
        process.arguments = ["run", "--threads", "1", "--log", "logfmt", "--spool", folder["s"].path]
        process.currentDirectoryURL = folder.url
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.environment = ProcessInfo.processInfo.environment.merging([
            "JDNAS_STAGE": StopTests.fake, "LD_PRELOAD": try Self.library(in: folder),
            "JDNAS_TEST_LOOKS": try folder.write("", to: "looks.txt").path, "JDNAS_TEST_DROP": drop.path,
        ]) { $1 }
        try process.run()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        func wait(until holds: () throws -> Bool) rethrows {
            let end = Date().addingTimeInterval(60)
            while process.isRunning, Date() < end, try !holds() { usleep(20_000) }
        }
        func looks() throws -> [Line] { try folder.text("looks.txt").split(separator: "\n").compactMap(Line.init) }

        try folder.write(StopTests.report("drop", "succeed"), to: "drop.yaml")
        // While it waits, stopped: no look is half done.
        var before: [Line] = []
        try wait {
            var isDropped = false
            try Self.whileStopped(process.processIdentifier) {
                before = try looks()
                guard before.contains(.look(seen: false)), case .wait = before.last else { return }
                isDropped = rename(folder["drop.yaml"].path, drop.path) == 0
            }
            return isDropped
        }
        try wait { try folder.text("log.txt").contains("event=job-done") }

        // The check of its manifest is the first thing that is started.
        let after = try looks().dropFirst(before.count)
        let start = try #require(after.firstIndex(of: .start), "\(after.prefix(20))")
        let found = after[..<start].split { $0.milliseconds != nil }.count { $0.contains(.look(seen: true)) }
        #expect(found >= 2, "one look is enough with inotify only: \(after[..<start])")
        // With the wait in which it was dropped.
        let waits = ([before.last].compactMap(\.self) + after[..<start]).compactMap(\.milliseconds)
        #expect(waits.reduce(0, +) <= 2 * 1000, "\(waits)")
        let order = ["accepted", "stage-started", "stage-done", "job-done"]
        let events = try folder.text("log.txt").matches(of: /event=([a-z-]+)/).map { String($0.1) }
        #expect(events.filter(order.contains) == order)
    }

    /// A line of Tests/Programs/no-inotify.c.
    private enum Line: Equatable {
        case look(seen: Bool)
        case wait(Int)
        case start

        init?(_ text: Substring) {
            let words = text.split(separator: " ")
            guard words.count == 2, let number = Int(words[1]) else { return nil }
            switch words[0] {
            case "look": self = .look(seen: number == 1)
            case "wait": self = .wait(number)
            case "start": self = .start
            default: return nil
            }
        }

        var milliseconds: Int? { if case .wait(let time) = self { time } else { nil } }
    }

    private static func library(in folder: TemporaryFolder) throws -> String {
        let library = folder["no-inotify.so"].path
        let source = Project.root.appending(path: "Tests/Programs/no-inotify.c").path
        let outcome = try run(
            ["clang", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], of: URL(filePath: "/usr/bin/env"),
            in: folder.url)
        try #require(outcome.code == 0, "\(outcome.error)")
        return library
    }

    /// Stops a process for `body` (SIGSTOP), and lets it go on.
    private static func whileStopped(_ pid: Int32, _ body: () throws -> Void) throws {
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        // proc_pid_stat(5): the state stands behind the name.
        func isStopped() throws -> Bool {
            try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8).contains(") T ")
        }
        while try !isStopped() { usleep(1000) }
        try body()
    }
}
