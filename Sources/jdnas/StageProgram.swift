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
        withArguments([path] + arguments) { _ = execv(path, $0) }
        throw Failure.system("execv", at: path, errno: errno)
    }

    /// Runs the program, with our standard output and error, and returns its exit code.
    static func run(_ arguments: [String]) throws -> Int32 {
        let path = try url().path
        var pid: pid_t = 0
        let code = withArguments([path] + arguments) { posix_spawn(&pid, path, nil, nil, $0, environ) }
        guard code == 0 else { throw Failure.system("posix_spawn", at: path, errno: code) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            if errno != EINTR { throw Failure.system("waitpid", at: path, errno: errno) }
        }
        // WIFEXITED and WEXITSTATUS, which are macros.
        guard status & 0x7F == 0 else {
            throw Failure("jdnas-stage was ended by signal \(status & 0x7F)", at: path, cause: .defect)
        }
        return status >> 8 & 0xFF
    }

    private static func withArguments<Result>(
        _ arguments: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = arguments.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
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

    func run(_ arguments: Arguments) throws -> Int32 { try StageProgram.become([name] + arguments.raw) }
}
