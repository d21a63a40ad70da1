import Foundation
import Glibc

/// Which process holds something: enough to tell a dead one from a living one with the same number.
public struct Owner: Codable, Sendable, Hashable, CustomStringConvertible {
    public var host: String
    /// The kernel's boot id: another one means that the process is gone.
    public var boot: String
    /// The PID namespace (a container's): a number means nothing in another one.
    public var namespace: String
    public var pid: Int32
    /// The process's start, in clock ticks since boot (proc(5), stat field 22): tells it from a later one of the same number.
    public var start: String

    public static let current = Owner(pid: getpid())

    /// The owner record of a process of this host.
    public init(pid: Int32) {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        boot =
            (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        namespace = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
        self.pid = pid
        start = Owner.startOf(pid) ?? ""
    }

    /// Whether the process can be looked at from here at all.
    public var isLocal: Bool {
        let here = Owner.current
        return host == here.host && namespace == here.namespace
    }

    /// Whether the process lives; nil when it can't be known from here (another host or container).
    public var isAlive: Bool? {
        guard isLocal else { return nil }
        guard boot == Owner.current.boot else { return false }
        return Owner.startOf(pid) == start
    }

    public var description: String { "process \(pid) on \(host)" }

    private static func startOf(_ pid: Int32) -> String? {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
        // The second field is the program's name in parentheses and may hold anything: count after the last ')'.
        guard let close = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        // Field 3 is the first here. A zombie has ended, only nobody has reaped it yet.
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return String(fields[19])
    }
}
