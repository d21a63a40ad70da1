import Foundation
import Glibc

/// What /proc tells of memory (proc(5)).
public enum ProcessMemory {
    /// Bytes that a process and all that it has started hold, shared pages counted by share; nil if there is no such process.
    /// What it started is told by parents, not by groups: its workers have groups of their own.
    public static func ofTree(_ root: Int32) -> Int? {
        var children: [Int32: [Int32]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = Int32(name), let parent = parent(of: pid) else { continue }
            children[parent, default: []].append(pid)
        }
        guard var sum = ofProcess(root) else { return nil }
        var open = children[root] ?? []
        while let pid = open.popLast() {
            sum += ofProcess(pid) ?? 0
            open += children[pid] ?? []
        }
        return sum
    }

    private static func parent(of pid: Int32) -> Int32? {
        // `pid (name) state ppid …`: the name may hold anything.
        guard let text = read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let words = text[text.index(after: end)...].split(separator: " ")
        return words.count > 1 ? Int32(words[1]) : nil
    }

    /// Proportional set size, or where the kernel does not tell it the resident set.
    static func ofProcess(_ pid: Int32) -> Int? {
        if let text = read("/proc/\(pid)/smaps_rollup"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Pss:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        {
            return kibibytes << 10
        }
        guard let text = read("/proc/\(pid)/statm") else { return nil }
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * Int(getpagesize()) }
    }

    /// How many processes this machine has killed for want of memory since it started.
    public static func outOfMemoryKills() -> Int { counter("oom_kill", in: "/proc/vmstat") ?? 0 }

    /// Bytes of memory that this machine has.
    public static func ofMachine() -> Int { counter("MemTotal:", in: "/proc/meminfo").map { $0 << 10 } ?? Int.max }

    private static func counter(_ name: String, in file: String) -> Int? {
        for line in (read(file) ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count > 1, words[0] == name { return Int(words[1]) }
        }
        return nil
    }

    private static func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
