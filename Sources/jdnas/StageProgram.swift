import Basics
import CommandKit
import Foundation
import Glibc

/// The program that computes: `$JDNAS_STAGE`, else `jdnas-stage` beside this one.
enum StageProgram {
    static func url() throws -> URL {
        if let path = ProcessInfo.processInfo.environment["JDNAS_STAGE"], !path.isEmpty {
            guard access(path, X_OK) == 0 else {
                throw Failure(
                    "cannot be run", at: path, remedy: "let JDNAS_STAGE name jdnas-stage, or unset it", cause: .system)
            }
            return URL(filePath: path)
        }
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let url = URL(filePath: own).deletingLastPathComponent().appending(path: "jdnas-stage")
        guard access(url.path, X_OK) == 0 else {
            throw Failure(
                "jdnas-stage is not beside jdnas", at: url.path,
                remedy: "install both programs in one folder, or set JDNAS_STAGE", cause: .system)
        }
        return url
    }

    /// Becomes the program (execv(2)); returns only by throwing.
    static func become(_ arguments: [String]) throws -> Int32 {
        let path = try url().path
        let pointers = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        execv(path, pointers)
        throw Failure.system("execv", at: path, errno: errno)
    }

    /// Runs the program, with our standard output and error, and returns its exit code.
    static func run(_ arguments: [String]) throws -> Int32 { try run(arguments, into: nil).code }

    /// What the program writes to its standard output, and its exit code.
    ///
    /// - Parameter input: what it reads from its standard input; ours, if nil.
    static func output(_ arguments: [String], input: Data? = nil) throws -> (code: Int32, output: Data) {
        try run(arguments, into: Pipe(), input: input)
    }

    private static func run(
        _ arguments: [String], into pipe: Pipe?, input: Data? = nil
    ) throws -> (code: Int32, output: Data) {
        let process = Process()
        process.executableURL = try url()
        process.arguments = arguments
        if let pipe { process.standardOutput = pipe }
        let source = input.map { _ in Pipe() }
        if let source { process.standardInput = source }
        do { try process.run() } catch {
            throw Failure(
                "jdnas-stage cannot be started: \(error.localizedDescription)", at: try url().path,
                remedy: "check that it can be executed", cause: .system)
        }
        if let input, let source {
            // One that does not read is noticed by its end.
            signal(SIGPIPE, SIG_IGN)
            try? source.fileHandleForWriting.write(contentsOf: input)
            try? source.fileHandleForWriting.close()
        }
        // To its end before it is waited for: a full pipe would stop it.
        let output = pipe?.fileHandleForReading.readDataToEndOfFile() ?? Data()
        process.waitUntilExit()
        guard process.terminationReason == .exit else {
            throw Failure(
                "jdnas-stage was ended by signal \(process.terminationStatus)", at: try url().path, cause: .defect)
        }
        return (process.terminationStatus, output)
    }
}

/// A command that is wholly `jdnas-stage`'s.
struct Forwarded: Command {
    let name: String
    let summary: String
    let passesArguments = true

    init(_ name: String, _ summary: String) {
        self.name = name
        self.summary = summary
    }

    func run(_ arguments: Arguments) throws -> Int32 {
        try StageProgram.become(name.split(separator: " ").map(String.init) + arguments.raw)
    }
}
