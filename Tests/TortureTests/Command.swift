import Foundation
import Glibc
import TestSupport

/// A program that was started, and what it wrote.
final class Command {
    struct End {
        var code: Int32
        /// Whether a signal ended it.
        var isKilled: Bool
        var output: String
        var error: String
    }

    private let process = Process()
    private let captured: [URL]

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// - Parameter log: where both outputs go; captured if nil.
    init(_ program: URL, _ words: [String], environment: [String: String] = [:], log: URL? = nil) throws {
        captured = ["out", "err"].map {
            FileManager.default.temporaryDirectory.appending(path: "torture-\($0)-\(UUID().uuidString)")
        }
        process.executableURL = program
        process.arguments = words
        process.standardInput = FileHandle.nullDevice
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let log {
            let handle = try FileHandle(forUpdating: log)
            try handle.seekToEnd()
            process.standardOutput = handle
            process.standardError = handle
        } else {
            for url in captured { try Data().write(to: url) }
            process.standardOutput = try FileHandle(forWritingTo: captured[0])
            process.standardError = try FileHandle(forWritingTo: captured[1])
        }
        try process.run()
    }

    func kill(_ signal: Int32) { if isRunning { Glibc.kill(pid, signal) } }

    func wait() -> End {
        process.waitUntilExit()
        let texts = captured.map { String(decoding: (try? Data(contentsOf: $0)) ?? Data(), as: UTF8.self) }
        for url in captured { try? FileManager.default.removeItem(at: url) }
        return End(
            code: process.terminationStatus, isKilled: process.terminationReason == .uncaughtSignal, output: texts[0],
            error: texts[1])
    }

    /// Waits for so long; nil if it still runs then.
    func wait(seconds: Double) -> End? {
        let end = Date(timeIntervalSinceNow: seconds)
        while isRunning, Date() < end { usleep(10_000) }
        return isRunning ? nil : wait()
    }

    /// A program of the system, to its end.
    static func run(_ name: String, _ words: [String]) -> End {
        guard let command = try? Command(URL(filePath: "/usr/bin/env"), [name] + words) else {
            return End(code: 127, isKilled: false, output: "", error: "env cannot be started")
        }
        return command.wait()
    }

    /// Compiles a file of Tests/Programs into a library that programs can be started with; false where there is no compiler.
    static func buildLibrary(_ source: String, at library: String) -> Bool {
        let source = BuiltPrograms.root.appending(path: "Tests/Programs/\(source)").path
        return ["clang", "cc"].contains {
            run($0, ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]).code == 0
        }
    }
}
