import Basics
import Foundation
import Manifest
import Runner
import Spool
import StageKit
import Synchronization
import TestSupport
import Testing

/// The time of day jumps, by an hour and more, while jobs are under way.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ClockTests {
    /// A clock that can be set.
    private final class JumpingClock: Sendable {
        private let offset: Mutex<Double>
        init(_ offset: Double = 0) { self.offset = Mutex(offset) }
        func jump(by seconds: Double) { offset.withLock { $0 += seconds } }
        var date: Date { Date(timeIntervalSinceNow: offset.withLock { $0 }) }
        func set(_ options: inout RunnerOptions) { options.clock = { self.date } }
    }

    /// Calls `body` in another thread once an attempt at a stage has ended; gives up after a minute.
    private static func whenEnded(_ spool: Spool, _ id: JobID, _ body: @escaping @Sendable () -> Void) {
        Thread.detachNewThread {
            let end = Date().addingTimeInterval(60)
            while Date() < end {
                let attempts = (try? spool.attempts(id, "data")) ?? []
                if attempts.contains(where: { spool.outcome(of: $0) != nil }) { return body() }
                usleep(5000)
            }
        }
    }

    private func outcomes(_ shop: Workshop, _ id: JobID) throws -> [AttemptOutcome] {
        try shop.spool.attempts(id, "data").compactMap { shop.spool.outcome(of: $0) }
    }

    @Test(arguments: [-3600.0, 3600, -86_400, 86_400]) func nothingTakesLongerForIt(_ jump: Double) throws {
        let shop = try Workshop()
        let id = try shop.submit("jump", [("data", "save-and-talk", []), ("base", "succeed", ["data"])])
        let clock = JumpingClock()
        InterruptionTests.whenCheckpointed(shop.spool, id) { clock.jump(by: jump) }
        #expect(try shop.run(change: clock.set).done == [id])
        let outcome = try #require(try outcomes(shop, id).first)
        #expect((0.5...60).contains(outcome.ended.seconds(since: outcome.started)))
        #expect(abs(outcome.ended.seconds(since: Timestamp(clock.date))) < 60)
        guard case .done(let started, let finished, _) = try shop.spool.find(id)?.token.state else {
            Issue.record("it is not done")
            return
        }
        #expect(finished >= started)
    }

    /// An hour that did not go by takes no time from a stage, and makes none hang.
    @Test func noStageIsOverItsTimeForIt() throws {
        let shop = try Workshop()
        let rules = StageRules(timeout: 1000)
        let id = try shop.submit("limit", [("data", "silent-once", [])], stageRules: rules)
        let clock = JumpingClock()
        InterruptionTests.whenCheckpointed(shop.spool, id) { clock.jump(by: 3600) }
        let summary = try shop.run {
            clock.set(&$0)
            ($0.stallLimit, $0.grace) = (2, 5)
        }
        #expect(summary.done == [id] && shop.events.contains("data 2 resumed"))
        #expect(try outcomes(shop, id).first?.reason.contains("no sign of life") == true)
    }

    @Test func aPauseIsNotPutOff() throws {
        let shop = try Workshop()
        let id = try shop.submit("again", [("data", "fail-once", [])])
        let clock = JumpingClock()
        ClockTests.whenEnded(shop.spool, id) { clock.jump(by: -3600) }
        let start = ProcessInfo.processInfo.systemUptime
        let summary = try shop.run {
            clock.set(&$0)
            $0.retryPause = 0.5
        }
        #expect(summary.done == [id] && ProcessInfo.processInfo.systemUptime - start < 60)
    }

    /// Over the end of a job's window, and back into it.
    @Test func aWindowThatOpensAgain() throws {
        let shop = try Workshop()
        let window = try #require(DailyWindow("22:00-06:00"))
        let id = try shop.submit("night", [("data", "hang-once", [])], rules: JobRules(window: window))
        let night = try #require(Calendar.current.date(from: DateComponents(year: 2026, month: 3, day: 4, hour: 23)))
        let clock = JumpingClock(night.timeIntervalSinceNow)
        let stop = try StopFlag()
        InterruptionTests.whenCheckpointed(shop.spool, id) { [spool = shop.spool] in
            ClockTests.whenEnded(spool, id) {
                clock.jump(by: -10 * 3600)
                while (try? spool.find(id)?.folder) != .done { usleep(10_000) }
                stop.stop()
            }
            clock.jump(by: 10 * 3600)
        }
        let summary = try shop.run(stop: stop) {
            clock.set(&$0)
            $0.drain = false
        }
        #expect(summary.done == [id] && shop.events.contains("data 2 resumed"))
        #expect(try outcomes(shop, id).map(\.result) == [.cancelled, .done])
    }

    /// Jobs that were handed in before the clock was put back come first, and those that name them find them.
    @Test func jobsKeepTheirOrder() throws {
        let shop = try Workshop()
        let hour = Timestamp(Date(timeIntervalSinceNow: 3600))
        let first = try handIn("first", at: hour, shop)
        let second = try shop.submit("second", [("base", "succeed", ["first/data"])])
        let third = try shop.submit("third", [("data", "succeed", [])], rules: JobRules(after: ["second"]))
        try Workshop.manifest("dropped", [("base", "succeed", ["third/data"])], more: "dropped")
            .write(to: shop.spool.folder(.inbox).appending(path: "dropped.yaml"))
        let summary = try shop.run()
        #expect(summary.failed == [] && summary.done.map(\.jobName) == ["first", "second", "third", "dropped"])
        let jobs = try shop.spool.jobs()
        #expect(jobs.map(\.name) == ["first", "second", "third", "dropped"])
        #expect(jobs.map(\.id).prefix(3) == [first.text, second.text, third.text])
        let times = jobs.compactMap(\.submitted)
        #expect(times.first == hour && times.allSatisfy { $0.seconds(since: hour) < 60 })
        let resolved = try Workshop.manifest("later", [("base", "succeed", ["dropped/base"])], more: 4)
        let report = try JSON(parsing: resolved).decode(ValidationReport.self)
        let plan = try JobPlanner(shop.spool, threads: 1).plan(#require(report.resolved))
        #expect(plan.stages.map(\.action) == [.run])
    }

    /// As `submit` would when the clock says that time.
    private func handIn(_ job: String, at time: Timestamp, _ shop: Workshop) throws -> JobID {
        let manifest = try Workshop.manifest(job, [("data", "succeed", [])])
        let id = try JobID(job: job, at: time, random: 1)
        try shop.scratch.write(manifest, to: "spool/work/\(id)/manifest.yaml")
        let token = Token(
            id: id, base: "/", submitted: time, manifestDigest: Digest(of: manifest), source: "\(job).yaml",
            state: .submitted)
        try shop.scratch.write(SealedRecord.encode(token), to: "spool/inbox/\(id).json")
        return id
    }
}
