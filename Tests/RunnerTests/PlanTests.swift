import Basics
import Foundation
import Manifest
import Runner
import Spool
import StageKit
import TestSupport
import Testing

/// What a job would do, told before it does it.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PlanTests {
    private func job(_ stages: [(String, String, [String])], seed: UInt64 = 7, more: JSON = .null) throws -> ResolvedJob
    {
        let data = try Workshop.manifest("next", stages, more: more)
        var job = try #require(try JSON(parsing: data).decode(ValidationReport.self).resolved)
        job.seed = seed
        return job
    }

    private func plan(_ shop: Workshop, _ job: ResolvedJob, threads: Int = 1, useCache: Bool = true) throws -> JobPlan {
        try JobPlanner(shop.spool, threads: threads, useCache: useCache).plan(job)
    }

    private static let stages = [("data", "succeed", [String]()), ("base", "succeed", ["data"])]

    @Test func whatIsThereIsNotRun() throws {
        let shop = try Workshop()
        let empty = try plan(shop, job(Self.stages))
        #expect(empty.stages.map(\.action) == [.run, .run] && empty.stages.allSatisfy { $0.seconds == nil })
        #expect(empty.stages[0].why == "'make-dataset' has not run in this spool yet")
        #expect(empty.stages[1].why == "it reads 'data', which is to be made first")
        let first = try shop.submit("first", Self.stages)
        #expect(try shop.run().done == [first])
        let before = try shop.scratch.names(in: "spool/work")
        let full = try plan(shop, job(Self.stages))
        #expect(full.stages.map(\.action) == [.cached, .cached])
        #expect(full.stages[1].why == "\(first)/base has its result")
        #expect(full.estimate.seconds == 0 && full.estimate.unknown == 0)
        // It says what then happens.
        let second = try shop.submit("next", Self.stages)
        #expect(try shop.run().done == [second])
        #expect(shop.events.filter { $0.hasSuffix(" cached") } == ["data cached", "base cached"])
        #expect(try shop.scratch.names(in: "spool/work").count == before.count + 1)
    }

    @Test func whatHasNotRunIsForecast() throws {
        let shop = try Workshop()
        var asked: [ForecastQuery] = []
        func plan(_ job: ResolvedJob) throws -> JobPlan {
            try JobPlanner(shop.spool, threads: 3) {
                asked.append($0)
                return ForecastAnswer(["base": StageForecast(seconds: 90, disk: 7 << 30)])
            }.plan(job)
        }
        let new = try plan(job(Self.stages))
        #expect(new.stages.map(\.seconds) == [nil, 90] && new.stages.map(\.isRough) == [false, true])
        #expect(new.stages.map(\.disk) == [nil, 7 << 30])
        #expect(new.estimate.seconds == 90 && new.estimate.unknown == 1)
        #expect(asked.count == 1 && asked[0].threads == 3 && asked[0].known.isEmpty)
        // What has run is known; what is there is no work, and later stages' forecasts may read it.
        let first = try shop.submit("first", Array(Self.stages.prefix(1)))
        #expect(try shop.run().done == [first])
        let half = try JobPlanner(shop.spool, threads: 1) {
            asked.append($0)
            return ForecastAnswer()
        }.plan(job([Self.stages[0], ("base", "log", ["data"])]))
        #expect(half.stages.map(\.action) == [.cached, .run] && half.stages[1].seconds != nil)
        #expect(asked.last?.known["data"]?.kind == .dataset && asked.last?.known["data"]?.directory != nil)
        _ = try shop.submit("next", Self.stages)
        _ = try shop.run()
        let count = asked.count
        let known = try JobPlanner(shop.spool, threads: 1, useCache: false) {
            asked.append($0)
            return ForecastAnswer(["base": StageForecast(seconds: 90, disk: 5)])
        }.plan(job(Self.stages))
        #expect(known.stages.allSatisfy { $0.seconds != nil && $0.seconds != 90 && !$0.isRough })
        // Their room is forecast all the same.
        #expect(asked.count == count + 1 && known.stages.map(\.disk) == [nil, 5])
    }

    /// What a forecast fails at is told, and a timeout that ends a stage too early.
    @Test func whatMayFailIsTold() throws {
        let shop = try Workshop()
        var known = try job(Self.stages)
        known.stages[1].rules = StageRules(timeout: 60)
        let plan = try JobPlanner(shop.spool, threads: 3) { _ in
            ForecastAnswer(["base": StageForecast(seconds: 90)], doubts: ["data": "no images: give some"])
        }.plan(known)
        #expect(
            plan.stages.map(\.doubt) == [
                "it will hardly run: no images: give some",
                "it may take 1 min 30 s, and its timeout is 1 min 00 s",
            ])
        known.stages[1].rules = StageRules(timeout: 100)
        let quiet = try JobPlanner(shop.spool, threads: 3) { _ in
            ForecastAnswer(["base": StageForecast(seconds: 90)])
        }.plan(known)
        #expect(quiet.isPossible && quiet.stages.allSatisfy { $0.doubt == nil })
    }

    @Test func whatRunsIsExplained() throws {
        let shop = try Workshop()
        let first = try shop.submit("first", Self.stages, more: ["epochs": 12])
        #expect(try shop.run().done == [first])
        let other = try plan(shop, job(Self.stages, more: ["epochs": 16]))
        #expect(other.stages[0].why == "it differs from \(first)/data in more.epochs (12 → 16)")
        #expect(other.stages[0].basis == "\(first)/data, with other options, inputs or threads")
        #expect(try #require(other.stages[0].seconds) >= 0)
        let seeded = try plan(shop, job(Self.stages, seed: 8, more: ["epochs": 12]), threads: 2)
        #expect(
            seeded.stages[0].why == "it differs from \(first)/data in the seed (7 → 8), its threads (1 → 2)")
        let fresh = try plan(shop, job(Self.stages, more: ["epochs": 12]), useCache: false)
        #expect(fresh.stages[0].why == "earlier results are not to be used (--no-cache)")
        #expect(fresh.stages[0].basis == "\(first)/data")
    }

    @Test func whatWasBegunHasNoResult() throws {
        let shop = try Workshop()
        let first = try shop.submit("first", [("data", "fail", [])])
        #expect(try shop.run().failed == [first])
        let again = try plan(shop, job([("data", "fail", [])]))
        #expect(again.stages[0].action == .run)
        #expect(again.stages[0].why == "\(first)/data was begun, and has given no result")
    }

    @Test func whatCannotBeMetIsTold() throws {
        let shop = try Workshop()
        let found = try plan(shop, job([("base", "succeed", ["nobody/data"])]))
        #expect(!found.isPossible && found.stages[0].action == .impossible)
        #expect(found.stages[0].why.contains("no job 'nobody'"))
    }
}
