import Basics
import CLinux
public import Foundation
import Glibc

/// How a process ended, and what it took.
public struct ProcessEnd: Sendable, Hashable {
    /// nil where a signal ended it.
    public let exitCode: Int?
    public let signal: Int?
    public let userSeconds: Double
    public let systemSeconds: Double
    /// The largest resident set, of it or of a process that it waited for.
    public let peakBytes: Int

    init(_ end: jd_exit) {
        exitCode = end.code >= 0 ? Int(end.code) : nil
        signal = end.signal > 0 ? Int(end.signal) : nil
        userSeconds = end.user_seconds
        systemSeconds = end.system_seconds
        peakBytes = Int(end.peak_bytes)
    }
}

/// A process in a group of its own that dies with the thread that started it (see `jd_spawn`).
public final class ChildProcess {
    public let pid: Int32
    /// Readable when the process has ended (pidfd_open(2)).
    public let descriptor: Int32
    private var ended: ProcessEnd?

    /// - Parameters:
    ///   - output, error: files that are appended to.
    ///   - addressSpace: limit in bytes; 0 for none.
    public init(
        _ program: URL, _ arguments: [String], environment: [String: String], directory: URL? = nil, output: URL,
        error: URL, addressSpace: UInt64 = 0
    ) throws {
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw Failure.system("open", at: "/dev/null", errno: errno) }
        defer { close(input) }
        let out = try ChildProcess.append(output)
        defer { close(out) }
        let err = try ChildProcess.append(error)
        defer { close(err) }

        var pid: pid_t = 0
        var descriptor: Int32 = -1
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        let code = withStrings([program.path] + arguments) { argv in
            withStrings(variables) { envp in
                program.path.withCString { path in
                    withOptionalString(directory?.path) { folder in
                        var request = jd_spawn_request(
                            program: path, arguments: argv, environment: envp, directory: folder, input: input,
                            output: out, error: err, parent_death_signal: SIGKILL, address_space: addressSpace)
                        return jd_spawn(&request, &pid, &descriptor)
                    }
                }
            }
        }
        guard code == 0 else {
            throw Failure.system(
                "cannot start the program", at: program.path, errno: code,
                remedy: "check that it is there and can be executed")
        }
        self.pid = pid
        self.descriptor = descriptor
    }

    deinit {
        if ended == nil {
            signalGroup(SIGKILL)
            var end = jd_exit()
            jd_wait(pid, true, &end)
        }
        close(descriptor)
    }

    /// Waits until the process ends or `wakeUp` becomes readable, `seconds` at most; how it ended, or nil.
    public func wait(seconds: Double, wakeUp: Int32? = nil) throws -> ProcessEnd? {
        if let ended { return ended }
        let watched = [descriptor] + (wakeUp.map { [$0] } ?? [])
        var ready: Int32 = -1
        let code = jd_poll(watched, Int32(watched.count), Int32(min(max(0, seconds), 3600) * 1000), &ready)
        guard code == 0 else { throw Failure.system("poll", at: "process \(pid)", errno: code) }
        guard ready == 0 else { return nil }
        // It has ended and is not reaped, so its number, and its group's, is still its own: whatever it started ends too.
        signalGroup(SIGKILL)
        var end = jd_exit()
        let waited = jd_wait(pid, true, &end)
        guard waited == 0 else { throw Failure.system("wait4", at: "process \(pid)", errno: waited) }
        ended = ProcessEnd(end)
        return ended
    }

    /// Sends a signal to the process and all it started.
    public func signalGroup(_ number: Int32) {
        if ended == nil { kill(-pid, number) }
    }

    /// Waits until one of some processes ends, `seconds` at most.
    public static func wait(any children: [ChildProcess], seconds: Double) throws {
        let descriptors = children.filter { $0.ended == nil }.map(\.descriptor)
        guard descriptors.count == children.count, !descriptors.isEmpty else { return }
        var ready: Int32 = -1
        let code = jd_poll(descriptors, Int32(descriptors.count), Int32(min(max(0, seconds), 3600) * 1000), &ready)
        guard code == 0 else { throw Failure.system("poll", at: "processes", errno: code) }
    }

    /// This process's environment, for one that computes with so many threads: results depend on their number.
    public static func environment(threads: Int) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["OMP_NUM_THREADS"] = String(threads)
        environment["OPENBLAS_NUM_THREADS"] = String(threads)
        environment["OMP_DYNAMIC"] = "false"
        // A waiting thread spins for some microseconds, which bridges the gap between two loops, and then sleeps: left
        // to itself libgomp spins for milliseconds, and a machine with other users loses most of its time to that.
        if environment["OMP_WAIT_POLICY"] == nil, environment["GOMP_SPINCOUNT"] == nil {
            environment["GOMP_SPINCOUNT"] = "20000"
        }
        return environment
    }

    private static func append(_ url: URL) throws -> Int32 {
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.system("open", at: url.path, errno: errno) }
        return descriptor
    }
}

private func withStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return body(&pointers)
}

private func withOptionalString<Result>(_ string: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    guard let string else { return body(nil) }
    return string.withCString { body($0) }
}
