import Basics
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Searches whose candidates are trained by worker processes, run by the built programs as a user would.
@Suite(.serialized) struct WorkersTests {
    private let folder: TemporaryFolder
    private static let spool = "spool"

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            """
            backbone: resnet18
            norm_groups: 16
            neck_width: 32
            head_width: 64
            input: {shorter: 64, longer: 96}
            anchors: {sizes: [8, 16, 32, 64, 128]}
            proposals:
              training: {before_nms: 100, after_nms: 50}
              inference: {before_nms: 50, after_nms: 25}
            """, to: "detector.yaml")
    }

    private func drain(_ job: String, savesAfterSeconds seconds: String = "60") throws -> Outcome {
        try folder.write(job, to: "job.yaml")
        return try run(
            ["run", "--spool", Self.spool, "--drain", "--threads", "1", "job.yaml"], in: folder.url,
            environment: ["JDNAS_CHECKPOINT_SECONDS": seconds])
    }

    /// What a job's stage has told, over all attempts.
    private func log(of job: String) throws -> String {
        let work = folder[Self.spool].appending(path: "work")
        let paths = FileManager.default.subpaths(atPath: work.path) ?? []
        return try paths.filter { $0.hasPrefix("\(job)-") && $0.hasSuffix("/log.txt") && !$0.contains("/workers/") }
            .map { try String(contentsOf: work.appending(path: $0), encoding: .utf8) }.joined()
    }

    private func search(_ job: String, _ more: String) -> String {
        """
        job: \(job)
        seed: 5
        stages:
          - name: search
            uses: joint-search
            needs: [first/data, first/base, first/teachers]
            with:
              latency: 0.95
              candidates: 4
              children: 2
              batch_size: 2
              importance_batches: 1
              trial: {epochs: 2}
              finish: {epochs: 1}
              \(more)
        """
    }

    /// A member of the artifact of a job's search.
    private func member(_ name: String, of job: String) throws -> Data {
        let work = folder[Self.spool].appending(path: "work")
        let jobs = try FileManager.default.contentsOfDirectory(atPath: work.path).filter { $0.hasPrefix("\(job)-") }
        let stage = work.appending(path: try #require(jobs.first)).appending(path: "search")
        for path in FileManager.default.subpaths(atPath: stage.path) ?? [] where path.hasSuffix(name) {
            return try Data(contentsOf: stage.appending(path: path))
        }
        throw Failure("no \(name) in \(stage.path)")
    }

    /// The first lines that two files do not share.
    private static func difference(_ own: Data, _ other: Data) -> String {
        let lines = [own, other].map { String(decoding: $0, as: UTF8.self).split(separator: "\n") }
        let pair = zip(lines[0], lines[1]).first { $0 != $1 }
        return pair.map { ":\n\($0)\ninstead of\n\($1)" } ?? ": \(lines[0].count) and \(lines[1].count) lines"
    }

    /// In this process, by one worker, by two, with one of them killed, with the stage killed: always the same bits.
    @Test func whoTrainsDoesNotMatter() throws {
        let first = try drain(
            """
            job: first
            seed: 5
            stages:
              - name: data
                uses: dataset-pack
                with: {format: synth, train: 16, val: 2, width: 96, height: 64, search_fraction: 0.25}
              - name: base
                uses: train
                needs: [data]
                with: {detector: detector.yaml, epochs: 1, batch_size: 2, warm_up: 1}
              - name: teachers
                uses: teacher-pool
                needs: [data, base]
                with: {epochs: 1, batch_size: 2, warm_up: 1, card_samples: 1, latency_images: 1, opening: 0}
            """)
        #expect(first.code == 0, "\(first.output) \(first.error)")
        let measuring = try drain(search("measuring", "latency_rounds: 5"))
        #expect(measuring.code == 0, "\(measuring.output) \(measuring.error)")
        try member("latency-table.json", of: "measuring").write(to: folder["table.json"])

        let table = "latency_table: table.json"
        for (job, more) in [
            ("alone", table), ("one", "\(table)\n      workers: 1\n      worker_threads: 1"),
            ("two", "\(table)\n      workers: 2\n      worker_threads: 1"),
        ] {
            let outcome = try drain(search(job, more))
            #expect(outcome.code == 0, "\(job): \(outcome.output) \(outcome.error)")
        }
        // The stage, while its workers work, then a worker of the next attempt, and another one: both when they have saved what
        // they had reached.
        let killing = Killer(
            under: folder[Self.spool].path, victims: [("run", SIGKILL), ("work", SIGKILL), ("work", SIGKILL)],
            after: "work", saved: true)
        let killed = try drain(
            search("killed", "\(table)\n      workers: 3\n      worker_threads: 1"), savesAfterSeconds: "0")
        let kills = killing.stop()
        #expect(killed.code == 0 && kills == 3, "\(kills) kills: \(killed.output) \(killed.error)")
        // Who was trained again, and why, is kept with the result.
        let receipt = try JSON(parsing: member("receipt.json", of: "killed"))
        let notes = receipt["summary"]?["notes"]?.array?.compactMap(\.string) ?? []
        let isTold = notes.contains { $0.hasPrefix("the worker of ") && $0.contains("signal 9") }
        #expect(isTold, "\(notes)")
        let told = try log(of: "killed")
        #expect(told.contains(": another worker goes on after step "), "\(told)")
        // Asked to stop, the stage has its workers save what they have reached.
        let stopping = Killer(under: folder[Self.spool].path, victims: [("run", SIGTERM)], after: "work")
        let stopped = try drain(search("stopped", "\(table)\n      workers: 4\n      worker_threads: 1"))
        #expect(stopping.stop() == 1 && stopped.code == 0, "\(stopped.output) \(stopped.error)")
        #expect(stopping.score == "500", "a worker goes before its stage")
        #expect(try log(of: "stopped").contains("notice: 2 of 4 workers are started"))
        let paths = FileManager.default.subpaths(atPath: folder[Self.spool].appending(path: "work").path) ?? []
        #expect(
            paths.contains {
                $0.hasPrefix("stopped-") && $0.contains("/attempts/1-1/checkpoint/")
                    && $0.contains("-training/optimiser.safetensors")
            })
        for job in ["one", "two", "killed", "stopped"] {
            for name in ["student/weights.safetensors", "history.jsonl", "front.json", "lineage.json"] {
                let (own, other) = (try member(name, of: job), try member(name, of: "alone"))
                let isSame = own == other
                #expect(isSame, "\(name) of \(job)\(Self.difference(own, other))")
            }
        }
    }
}

/// Sends signals to processes of `jdnas-stage` that work under a folder, one after the other, each soon after it has begun.
private final class Killer: Sendable {
    private let folder: String
    private let saved: Bool
    private let state: Mutex<(victims: [(command: String, signal: Int32)], kills: Int, score: String?)>
    private let done = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - victims: the commands of the processes, in turn, and the signals for them.
    ///   - after: a command that must be at work, and have told something, before the first one.
    ///   - saved: workers are victims when they have saved a state.
    init(under folder: String, victims: [(String, Int32)], after: String? = nil, saved: Bool = false) {
        self.folder = folder
        self.saved = saved
        state = Mutex((victims.map { (command: $0.0, signal: $0.1) }, 0, nil))
        DispatchQueue(label: "killer").async { [self] in
            while let victim = state.withLock({ $0.victims.first }) {
                usleep(150_000)
                if let after, state.withLock({ $0.kills == 0 }) {
                    guard let worker = process(after),
                        FileManager.default.fileExists(atPath: worker.argument + "/events.jsonl")
                    else { continue }
                    let score = try? String(
                        contentsOf: URL(filePath: "/proc/\(worker.pid)/oom_score_adj"), encoding: .utf8)
                    state.withLock { $0.score = score?.trimmingCharacters(in: .whitespacesAndNewlines) }
                }
                guard let (pid, work) = process(victim.command) else { continue }
                if saved, victim.command == "work" {
                    let states = try? FileManager.default.contentsOfDirectory(atPath: work + "/checkpoint")
                    guard states?.contains(where: { !$0.hasPrefix(".") }) == true else { continue }
                }
                kill(pid, victim.signal)
                state.withLock {
                    $0.kills += 1
                    $0.victims = Array($0.victims.dropFirst())
                }
            }
            done.signal()
        }
    }

    /// How readily the kernel ends the worker that was waited for, where memory is out (proc(5)).
    var score: String? { state.withLock { $0.score } }

    /// Ends it; how many signals it sent.
    func stop() -> Int {
        state.withLock { $0.victims = [] }
        done.wait()
        return state.withLock { $0.kills }
    }

    private func process(_ command: String) -> (pid: Int32, argument: String)? {
        let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        for pid in pids.compactMap({ Int32($0) }) {
            guard let line = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline")) else { continue }
            let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            if words.count == 3, words[1] == command, words[2].hasPrefix(folder) { return (pid, words[2]) }
        }
        return nil
    }
}
