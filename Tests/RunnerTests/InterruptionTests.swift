import Basics
import CLinux
import Foundation
import Glibc
import Runner
import Spool
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(10))) struct InterruptionTests {
    /// Calls `body` in another thread once a stage has saved its checkpoint; gives up after a minute.
    static func whenCheckpointed(_ spool: Spool, _ id: JobID, _ body: @escaping @Sendable () -> Void) {
        Thread.detachNewThread {
            let end = Date().addingTimeInterval(60)
            while Date() < end {
                let attempts = (try? spool.attempts(id, "data")) ?? []
                if attempts.contains(where: { ProgressFile(reading: $0.progress) != nil }) { return body() }
                usleep(10_000)
            }
        }
    }

    @Test func aStoppedRunnerLeavesAJobThatGoesOn() throws {
        let shop = try Workshop()
        let id = try shop.submit("stop", [("data", "hang-once", [])])
        let stop = try StopFlag()
        InterruptionTests.whenCheckpointed(shop.spool, id) { stop.stop() }
        let summary = try shop.run(stop: stop)
        #expect(summary.stopped)
        #expect(summary.failed.isEmpty && summary.done.isEmpty)
        #expect(try shop.state(id) == .running)
        #expect(try shop.spool.job(matching: "stop").stages.map(\.state) == [.interrupted])
        #expect(try shop.run().done == [id])
        #expect(shop.events.contains("data 2 resumed"))
    }

    /// The runner is killed while a stage runs; the next one goes on from the checkpoint as if nothing had happened.
    @Test func aKilledRunnerTakesItsStageAlongAndTheNextOneGoesOn() async throws {
        let shop = try Workshop()
        let id = try shop.submit("kill", [("data", "hang-once", []), ("base", "succeed", ["data"])])
        let root = shop.spool.root.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String, text = id.text as String] in
            let spool = try Spool(at: URL(filePath: root))
            guard let id = JobID(text) else { return }
            InterruptionTests.whenCheckpointed(spool, id) { kill(getpid(), SIGKILL) }
            _ = try Runner(spool: spool, stageProgram: Workshop.program, options: Workshop.options).run()
        }
        #expect(try shop.state(id) == .running)
        #expect(try shop.spool.job(matching: "kill").stages.map(\.state) == [.interrupted, .waiting])
        #expect(try shop.run().done == [id])
        #expect(shop.events.first == "data 2 resumed")
        let attempts = try shop.spool.attempts(id, "data")
        #expect(attempts.map(\.name) == ["1-1", "2-2"])
        #expect(shop.spool.outcome(of: attempts[0]) == nil)
    }

    /// Killed at any moment whatsoever, again and again: in the end each job is done once.
    @Test func randomKillsLoseNothing() async throws {
        let shop = try Workshop()
        let seed = UInt64.random(in: 0...(.max))
        var random = RandomStream(seed: seed)
        var jobs: [JobID] = []
        for number in 0..<3 {
            jobs.append(try shop.submit("job\(number)", [("data", "succeed", []), ("base", "crash-once", ["data"])]))
        }
        let root = shop.spool.root.path
        for _ in 0..<8 {
            let delay = UInt32(random.uniform(0, 400_000))
            await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String, delay = delay as UInt32] in
                let spool = try Spool(at: URL(filePath: root))
                Thread.detachNewThread {
                    usleep(delay)
                    kill(getpid(), SIGKILL)
                }
                _ = try Runner(spool: spool, stageProgram: Workshop.program, options: Workshop.options).run()
                while true { sleep(1) }
            }
        }
        _ = try shop.run()
        #expect(try shop.spool.tokens(in: .done).map(\.id) == jobs, "seed \(seed)")
        for folder in StateFolder.allCases where folder != .done {
            #expect(try shop.spool.tokens(in: folder).isEmpty, "seed \(seed)")
        }
        let bundles = try shop.scratch.names(in: "spool/outbox")
        #expect(bundles == jobs.map { "\($0).tar.zst" }.sorted(), "seed \(seed)")
    }

    @Test func nothingThatAStageStartedOutlivesIt() throws {
        let shop = try Workshop()
        let id = try shop.submit("stop", [("data", "hang-once", [])])
        let stop = try StopFlag()
        InterruptionTests.whenCheckpointed(shop.spool, id) { stop.stop() }
        _ = try shop.run(stop: stop)
        let attempt = try #require(try shop.spool.attempts(id, "data").first)
        let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.filter {
            pid in
            let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
            return folder == attempt.url.path || folder == attempt.url.path.trimmingCharacters(in: ["/"])
        }
        #expect(left.isEmpty)
    }
}
