import Basics
import Foundation
import Glibc
import Spool
import TestSupport

/// A spool, a runner that is killed again and again, and everything that users can do meanwhile.
final class Torture {
    let disk: Disk
    let folder: URL
    let spool: Spool
    var random: RandomStream
    var jobs = TortureJobs()
    var counts = Counts()
    private(set) var violations: [String] = []
    var runner: Command?
    /// Seconds since the runner was started.
    var runnerStart = Date()

    /// Job names that were handed in for sure, of which one job each has to come.
    var accepted: Set<String> = []
    /// Names of which a job may have come: `submit` was killed, or the disk was full.
    var possible: Set<String> = []
    /// Ids of jobs that `jdnas gc` has removed, or was removing when it was killed.
    var removed: Set<JobID> = []
    /// Ids of jobs whose stages were asked to run anew.
    var anew: Set<JobID> = []
    /// The attempt that was seen as published, by job and stage.
    var published: [String: String] = [:]

    let program = BuiltPrograms.folder.appending(path: "jdnas")
    private let environment: [String: String]
    /// Nil where there is none that can be set.
    let clock: FakeClock?
    /// Nil where there are none that can be had.
    let faults: FaultyDisk?
    private let log: URL

    init(seed: UInt64) throws {
        disk = try Disk(mebibytes: 192)
        folder = disk.url.deletingLastPathComponent()
        random = RandomStream(seed: seed)
        spool = try Spool(at: disk.url.appending(path: "spool"), create: true)
        log = folder.appending(path: "runner.log")
        clock = FakeClock(in: folder)
        let stage = BuiltPrograms.root.appending(path: "Tests/Programs/torture-stage.sh").path
        faults = FaultyDisk(in: folder, of: disk.url)
        environment = [["JDNAS_STAGE": stage], clock?.environment, faults?.environment].compactMap(\.self)
            // Libraries are the only thing that both name.
            .reduce([:]) { $0.merging($1) { "\($0):\($1)" } }
        try Data().write(to: log)
    }

    /// What cannot be done on this machine, and is left out.
    var missing: [String] {
        (clock == nil ? ["without jumps of the clock: there is no C compiler"] : [])
            + (faults == nil
                ? ["without calls that say that the disk is full, or read-only: there is no C compiler"] : [])
            + (disk.isMounted
                ? [] : ["without a disk that is full, or read-only: no small one can be mounted (root can)"])
    }

    func violated(_ what: String) {
        violations.append(what)
        print("torture: \(what)")
    }

    // MARK: Programs

    func start(_ words: String..., log: URL? = nil) throws -> Command { try start(words, log: log) }

    func start(_ words: [String], log: URL? = nil) throws -> Command {
        try Command(program, words + ["--spool", spool.root.path], environment: environment, log: log)
    }

    /// Runs a command to its end. A crash of it is a violation.
    @discardableResult
    func jdnas(_ words: String...) -> Command.End {
        let command: Command
        do { command = try start(words) } catch {
            return Command.End(code: 127, isKilled: false, output: "", error: "\(error)")
        }
        guard let end = command.wait(seconds: 120) else {
            command.kill(SIGKILL)
            violated("'\(words.joined(separator: " "))' did not end in two minutes")
            return command.wait()
        }
        if end.isKilled { violated("'\(words.joined(separator: " "))' was ended by signal \(end.code): \(end.error)") }
        return end
    }

    var hasRunner: Bool { runner?.isRunning ?? false }

    func startRunner() {
        guard !hasRunner else { return }
        if let ended = runner?.wait(), ended.isKilled, ended.code != SIGKILL {
            violated("a runner was ended by signal \(ended.code)")
        }
        runner = try? start("run", "--threads", "1", log: log)
        runnerStart = Date()
        counts.add("runners")
    }

    func stopRunner(_ signal: Int32) {
        guard let runner, hasRunner else { return }
        runner.kill(signal)
        if runner.wait(seconds: 90) == nil {
            violated("a runner did not end in 90 s after signal \(signal)")
            runner.kill(SIGKILL)
            _ = runner.wait()
        }
        counts.add("runners ended by signal \(signal)")
    }

    /// The processes that work in the spool: stages, and what they have started.
    func stages() -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { pid in
            let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
            return folder?.hasPrefix(spool.root.path + "/work/") ?? false
        }
    }

    func end() {
        runner?.kill(SIGKILL)
        _ = runner?.wait()
        for pid in stages() { kill(pid, SIGKILL) }
        disk.unmount()
    }

    /// Copies the spool and the runners' log to where they outlive the test.
    func keep() -> String {
        let target = FileManager.default.temporaryDirectory.appending(path: "jdnas-torture-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        _ = Command.run("cp", ["-a", spool.root.path, log.path, target.path])
        return target.path
    }
}

/// How often what was done.
struct Counts {
    private var counts: [String: Int] = [:]
    mutating func add(_ what: String, _ number: Int = 1) { counts[what, default: 0] += number }
    var text: String { counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ") }
}
