import Basics
import Foundation
import Manifest
import Runner
import Spool
import StageKit
import TestSupport

/// A spool with one of everything that the present code writes, made by the runner and by the calls of the commands: what lies
/// in Tests/Fixtures/spool-v1.
struct FrozenSpool {
    static let fixture = BuiltPrograms.root.appending(path: "Tests/Fixtures/spool-v1")

    /// The jobs, in the order in which they were handed in.
    static let jobs = [
        "finished", "broken", "again", "anew", "refused", "imports", "unpublished", "prepared", "running", "queued",
        "held", "urgent", "given-up", "submitted",
    ]

    /// What a job's id becomes.
    static func id(_ job: String) -> String {
        let number = (jobs.firstIndex(of: job) ?? 0) + 10
        return "\(job)-20260102-0300\(number)-0000\(number)"
    }

    private let shop: Workshop
    private var ids: [String: JobID] = [:]
    private var spool: Spool { shop.spool }

    /// Writes it into a new folder. Ids and times are the same each time.
    static func write(to folder: URL) throws {
        var frozen = try FrozenSpool()
        try frozen.endJobs()
        try frozen.stopAJob()
        try frozen.queueJobs()
        try frozen.undoPublications()
        try frozen.makeWishes()
        try frozen.handIn()
        try FrozenText(of: frozen.shop.scratch, ids: frozen.ids).write(to: folder)
    }

    private init() throws { shop = try Workshop() }

    private func run(stop: StopFlag? = nil) throws { _ = try shop.run(stop: stop) { $0.base = "/" } }

    private mutating func submit(
        _ job: String, _ stages: [(String, String, [String])], rules: JobRules? = nil, stageRules: StageRules? = nil,
        environment: [String: String] = [:]
    ) throws {
        // Each has results of its own, but where the test is about that.
        let manifest = try Workshop.manifest(
            job, stages, more: .string(job), rules: rules, stageRules: stageRules)
        ids[job] = try spool.submit(
            manifest: manifest, name: job, base: "/", key: rules?.key, environment: environment)
    }

    private func id(_ job: String) throws -> JobID {
        guard let id = ids[job] else { throw Failure("no job \(job)", cause: .defect) }
        return id
    }

    private func token(_ job: String) throws -> Token {
        guard let found = try spool.find(id(job)) else { throw Failure("no token of \(job)", cause: .defect) }
        return found.token
    }

    // MARK: Steps

    private mutating func endJobs() throws {
        let dropped = try Workshop.manifest(
            "finished", FrozenSpool.stages, more: "finished", rules: JobRules(key: "nightly"))
        try dropped.write(to: spool.folder(.inbox).appending(path: "finished.yaml"))
        try run()
        ids["finished"] = try spool.tokens(in: .done).first?.id
        let bundle = shop.scratch["old.tar.zst"]
        try FileManager.default.copyItem(at: spool.bundle(id("finished")), to: bundle)

        let once = StageRules(retries: StageRules.Retries(infrastructure: 0))
        try submit("broken", [("data", "input", [])])
        try submit("again", [("data", "crash-once", [])], stageRules: once)
        try submit("anew", [("data", "succeed", []), ("base", "crash-once", ["data"])], stageRules: once)
        ids["refused"] = try spool.submit(manifest: Data("job: worse\n".utf8), name: "refused", base: "/")
        try submit("imports", [("base", "succeed", ["file:\(bundle.path)/data"])])
        try submit("unpublished", [("data", "succeed", [])])
        try submit("prepared", [("data", "succeed", [])])
        try Data("job: bad\n".utf8).write(to: spool.folder(.inbox).appending(path: "bad.yaml"))
        try run()
    }

    static let stages = [("data", "succeed", [String]()), ("base", "succeed", ["data"])]

    private mutating func stopAJob() throws {
        try submit(
            "running", [("pack", "succeed", []), ("data", "hang-once", ["pack"]), ("base", "succeed", ["data"])])
        let stop = try StopFlag()
        InterruptionTests.whenCheckpointed(spool, try id("running")) { stop.stop() }
        try run(stop: stop)
    }

    private mutating func queueJobs() throws {
        try spool.pause(.now)
        // Each day, all day.
        let rules = JobRules(
            after: ["finished"], key: "second", notBefore: 1_767_225_600, window: DailyWindow("00:00-24:00"))
        try submit("queued", [("data", "succeed", [])], rules: rules, environment: ["TEAM": "cells"])
        for job in ["held", "urgent", "given-up"] {
            let rules = job == "urgent" ? JobRules(priority: 5) : nil
            try submit(job, [("data", "succeed", [])], rules: rules)
        }
        try run()
    }

    /// As a runner leaves it that is killed before it publishes a result, or a verdict.
    private func undoPublications() throws {
        for job in ["unpublished", "prepared"] {
            let ended = try token(job)
            let running = try spool.move(ended, from: .done, to: .running(owner: .current, started: .now))
            try FileManager.default.removeItem(at: spool.bundle(ended.id))
            if job == "prepared" {
                _ = try spool.prepare(running, in: .running, for: ended.state)
                continue
            }
            try FileManager.default.removeItem(at: spool.receiptFile(ended.id, "data"))
            for attempt in try spool.attempts(ended.id, "data") {
                try FileManager.default.removeItem(at: attempt.outcome)
            }
            let name = ended.id.text
            for entry in try FileManager.default.contentsOfDirectory(atPath: spool.cache.path) {
                let file = spool.cache.appending(path: entry)
                if try String(contentsOf: file, encoding: .utf8).contains(name) {
                    try FileManager.default.removeItem(at: file)
                }
            }
        }
    }

    private func makeWishes() throws {
        _ = try spool.retry(token("anew"), from: "data")
        // Of the end that does not hold any more; the job has none now.
        try FileManager.default.removeItem(at: spool.bundle(id("anew")))
        try spool.wishRetry(id("again"), from: "data")
        try spool.hold(id("held"))
        try spool.cancel(id("given-up"))
        try spool.drain()
        try spool.post(
            Notice(
                id: id("finished"), epoch: 1, number: 1, state: .done, reason: nil,
                command: ["sh", "-c", "echo $JDNAS_JOB_NAME is $JDNAS_STATE"], base: "/"))
    }

    private mutating func handIn() throws {
        try submit(
            "submitted", [("data", "succeed", [])], rules: JobRules(key: "third"), environment: ["TEAM": "cells"])
        try Workshop.manifest("dropped", [("data", "succeed", [])], more: "dropped")
            .write(to: spool.folder(.inbox).appending(path: "dropped.yaml"))
        _ = try SchedulerLock.acquire(spool)
    }
}
