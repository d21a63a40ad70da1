import Basics
import Foundation
import Manifest
import StageKit
import TestSupport
import Testing

/// Tasks in processes: each is done once, whatever becomes of its first worker.
@Suite struct WorkerPoolTests {
    private struct Sharing: WorkingPlugin {
        let name = "sharing"
        let version = 1
        let summary = "for tests"
        let consumes: [InputRequirement] = []
        let produces = ArtifactKind.dataset
        func options(_ reader: inout ConfigReader) -> Int? { 0 }
        func run(_ options: Int, _ context: StageContext) throws {}
        func work(_ task: WorkerTask) throws {}
    }

    /// A pool of workers that do as they are told, and what came of it.
    private final class Bench {
        let folder: TemporaryFolder
        let cancellation = Cancellation()
        let pool: WorkerPool
        var said: [Int: String] = [:]
        var order: [Int] = []
        var events: [JSON] = []
        var most = 0
        var interruptions = 0

        init(workers: Int) throws {
            folder = try TemporaryFolder()
            let program = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Programs/fake-worker.sh")
            let context = try StageContext(
                stage: "search", attempt: folder["attempt"], cancellation: cancellation, program: program,
                log: { _ in })
            pool = WorkerPool(Sharing(), count: workers, threads: 1, context)
        }

        func run(_ how: [String], event: (Int, JSON) throws -> Void = { _, _ in }) throws {
            try pool.run(how.count) { index, task in
                try Data("\(how[index])\n".utf8).write(to: task.appending(path: "how"))
                return "task \(index)"
            } event: { index, told in
                most = max(most, pool.tasks.count)
                events.append(told)
                try event(index, told)
            } done: { index, result in
                order.append(index)
                said[index] = try String(contentsOf: result.appending(path: "said"), encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
            } interrupted: {
                interruptions += 1
            }
        }

        /// What is left of the tasks.
        var tasks: [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: folder["attempt/workers"].path)) ?? []
        }
    }

    @Test func everyTaskIsDoneOnce() throws {
        let bench = try Bench(workers: 2)
        try bench.run(["slow", "quick", "quick", "quick"])
        #expect(bench.said == [0: "slow", 1: "quick", 2: "quick", 3: "quick"])
        #expect(bench.order.first != 0 && bench.order.count == 4, "the quick ones do not wait")
        #expect(bench.most == 2 && bench.events.count == 4)
        #expect(bench.tasks == [] && bench.pool.troubles == [])
    }

    @Test func aDeadWorkerIsReplacedOnce() throws {
        let bench = try Bench(workers: 2)
        try bench.run(["quick", "dies-once", "quick"])
        #expect(bench.said == [0: "quick", 1: "again", 2: "quick"])
        #expect(bench.pool.troubles.count == 1)
        let trouble = bench.pool.troubles.first ?? ""
        #expect(
            trouble == "the worker of task 1 died (signal 9: killed, perhaps for want of memory); another one went on")

        let failure = #expect(throws: Failure.self) { try bench.run(["dies"]) }
        #expect(failure?.cause == .system && failure?.what.hasSuffix("and the two before it too") == true)
        #expect(failure?.remedy?.contains("fewer workers") == true)
    }

    /// Two large tasks may be too much for the memory: after a second death a task is tried when no other is at work.
    @Test func whoDiesAgainIsTriedAlone() throws {
        let bench = try Bench(workers: 3)
        var beside = 0
        try bench.run(["slow", "dies-twice", "slow", "dies-twice", "quick", "quick"]) { index, told in
            guard told["begun"]?.integer == 3 else { return }
            beside = max(beside, bench.pool.working)
        }
        #expect(bench.said == [0: "slow", 1: "third", 2: "slow", 3: "third", 4: "quick", 5: "quick"])
        #expect(bench.pool.troubles.count == 4 && beside == 1)
    }

    /// Those who wait for that are let go where the stage is stopped.
    @Test func stoppingDoesNotWaitForWhoWaits() throws {
        let bench = try Bench(workers: 2)
        let failure = #expect(throws: Failure.self) {
            try bench.run(["ticks", "dies"]) { _, _ in
                if bench.pool.troubles.count == 2 { bench.cancellation.cancel() }
            }
        }
        #expect(failure?.cause == .cancelled && bench.interruptions == 1)
    }

    /// What was mended is told by an attempt that goes on from a checkpoint, too.
    @Test func troublesAreKept() throws {
        let bench = try Bench(workers: 1)
        try bench.run(["dies-once"])
        let checkpoints = CheckpointFolder(directory: bench.folder["attempt/checkpoint"], resume: nil)
        try checkpoints.save(named: "state") { try bench.pool.keepTroubles(in: $0) }
        let context = try StageContext(
            stage: "search", attempt: bench.folder["second"], resume: checkpoints.resumeDirectory, log: { _ in })
        #expect(WorkerPool(Sharing(), count: 1, threads: 1, context).troubles == bench.pool.troubles)
        #expect(bench.pool.troubles.count == 1)
    }

    /// What was handed in counts, however the worker ended then.
    @Test func aResultOutlivesItsWorker() throws {
        let bench = try Bench(workers: 1)
        try bench.run(["dies-done"])
        #expect(bench.said == [0: "done"] && bench.pool.troubles == [] && bench.events.count == 1)
    }

    /// More of them than a small poll(2) holds.
    @Test func manyWorkersAtATime() throws {
        let bench = try Bench(workers: 40)
        try bench.run([String](repeating: "slow", count: 40))
        #expect(bench.said.count == 40 && bench.most > 8)
    }

    @Test func whatWouldHappenAgainIsNotTriedAgain() throws {
        let bench = try Bench(workers: 1)
        let wrong = #expect(throws: Failure.self) { try bench.run(["wrong"]) }
        #expect(wrong?.what == "wrong input" && wrong?.remedy == "mend it" && bench.events.count == 1)
        let full = #expect(throws: Failure.self) { try bench.run(["full"]) }
        #expect(full?.what.contains("no space left") == true && bench.events.count == 4)
    }

    /// Workers are asked to stop and have time to save; what is finished then is taken in.
    @Test func stoppingWaitsForTheWorkers() throws {
        let bench = try Bench(workers: 2)
        var asked = 0
        let failure = #expect(throws: Failure.self) {
            try bench.run(["waits", "waits", "quick"]) { _, event in
                asked += event["begun"] == nil ? 0 : 1
                if asked == 2 { bench.cancellation.cancel() }
            }
        }
        #expect(failure?.cause == .cancelled)
        #expect(bench.said == [:] && bench.interruptions == 1)
    }

    @Test func stoppingTakesInWhatIsFinished() throws {
        let bench = try Bench(workers: 2)
        let failure = #expect(throws: Failure.self) {
            try bench.run(["waits", "ends"]) { _, _ in
                if bench.events.count == 2 { bench.cancellation.cancel() }
            }
        }
        #expect(failure?.cause == .cancelled && bench.said == [1: "in time"] && bench.interruptions == 1)
    }

    /// Where the stage gives up, nobody is left working.
    @Test func noWorkerOutlivesAnError() throws {
        struct Stop: Error {}
        let bench = try Bench(workers: 2)
        #expect(throws: Stop.self) { try bench.run(["waits", "waits"]) { _, _ in throw Stop() } }
        let path = bench.folder["attempt/workers"].path
        let alive = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { pid in
            let line = (try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline"))) ?? Data()
            return String(decoding: line, as: UTF8.self).contains(path)
        }
        #expect(alive == [])
    }
}
