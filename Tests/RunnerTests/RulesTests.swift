import Basics
import Foundation
import Manifest
import Runner
import Spool
import StageKit
import Synchronization
import TestSupport
import Testing

/// When jobs run, what they may take, and what is called when they have ended.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RulesTests {
    private func noon(_ text: String) throws -> Date {
        // By local time, as windows are.
        let parts = text.split(separator: ":").compactMap { Int32($0) }
        var now = time(nil)
        var local = tm()
        localtime_r(&now, &local)
        (local.tm_hour, local.tm_min, local.tm_sec) = (parts[0], parts[1], 0)
        return Date(timeIntervalSince1970: Double(mktime(&local)))
    }

    @Test func oneJobComesAfterAnother() throws {
        let shop = try Workshop()
        try shop.submit("first", [("data", "succeed", [])])
        let second = try shop.submit("second", [("data", "succeed", [])], more: 2, rules: JobRules(after: ["first"]))
        // Its priority does not help it.
        try shop.spool.prioritise(second, 50)
        #expect(try shop.run().exitCode == 0)
        #expect(
            shop.events.filter { $0.hasSuffix("t done") || $0.hasSuffix("d done") } == ["first done", "second done"])
    }

    @Test func whatComesAfterAFailureFails() throws {
        let shop = try Workshop()
        try shop.submit("first", [("data", "input", [])])
        try shop.submit("second", [("data", "succeed", [])], rules: JobRules(after: ["first"]))
        try shop.submit("third", [("data", "succeed", [])], rules: JobRules(after: ["nobody"]))
        #expect(try shop.run().failed.count == 3)
        #expect(try shop.spool.job(matching: "second").reason == "it comes after 'first', and that job is failed")
        #expect(
            try shop.spool.job(matching: "third").reason
                == "it comes after 'nobody', and no job of that name was handed in before this one")
    }

    @Test func aJobWaitsForItsTime() throws {
        let shop = try Workshop()
        let later = Date().addingTimeInterval(3600)
        let id = try shop.submit(
            "later", [("data", "succeed", [])], rules: JobRules(notBefore: later.timeIntervalSince1970))
        let next = try shop.submit("next", [("data", "succeed", [])], more: 2)
        let first = try shop.run()
        #expect(first.done == [next] && first.exitCode == 0 && first.left.isEmpty)
        #expect(shop.events.contains { $0.hasPrefix("note for later: \(id) (not before ") })
        #expect(try shop.run { $0.clock = { later.addingTimeInterval(1) } }.done == [id])
    }

    /// Outside the window a running stage saves its state; when it opens again it goes on from there.
    @Test func aWindowClosesAndOpens() throws {
        let shop = try Workshop()
        let window = try #require(DailyWindow("22:00-06:00"))
        let id = try shop.submit("night", [("data", "hang-once", [])], rules: JobRules(window: window))
        let (night, morning) = (try noon("05:59"), try noon("06:00"))
        #expect(try shop.run { $0.clock = { morning } }.done.isEmpty)
        #expect(shop.events.last == "note for later: \(id) (window 22:00-06:00)")
        let clock = Mutex(night)
        InterruptionTests.whenCheckpointed(shop.spool, id) { clock.withLock { $0 = morning } }
        #expect(try shop.run { $0.clock = { clock.withLock { $0 } } }.done.isEmpty)
        let attempt = try #require(try shop.spool.attempts(id, "data").first)
        #expect(shop.spool.outcome(of: attempt)?.reason == "outside its window 22:00-06:00")
        #expect(shop.spool.outcome(of: attempt)?.result == .cancelled)
        #expect(try shop.run { $0.clock = { night } }.done == [id])
        #expect(shop.events.contains("data 2 resumed"))
    }

    @Test func independentStagesGoOnWhereTheJobSaysSo() throws {
        let shop = try Workshop()
        let stages = [("bad", "input", []), ("good", "succeed", []), ("lost", "succeed", ["bad"])]
        let stopped = try shop.submit("stopped", stages, reuse: .never)
        let went = try shop.submit("went", stages, reuse: .never, rules: JobRules(onFailure: .continue))
        #expect(try shop.run().failed == [stopped, went])
        #expect(try shop.spool.publishedReceipt(stopped, "good") == nil)
        #expect(try shop.spool.publishedReceipt(went, "good") != nil)
        #expect(try shop.spool.job(matching: "went").reason?.hasPrefix("bad: ") == true)
        #expect(try shop.spool.attempts(went, "lost").isEmpty)
    }

    @Test func stagesRunSideBySideWhereThereIsRoom() throws {
        let shop = try Workshop()
        // Each of them waits until the other one has begun.
        try shop.submit("pair", [("a", "meet", []), ("b", "meet", [])], reuse: .never)
        let summary = try shop.run { $0.cpus = 2 }
        #expect(summary.done.count == 1)
        #expect(shop.events.prefix(3) == ["accepted pair.yaml", "a 1", "b 1"])
    }

    @Test func aStageThatDoesNotFitIsToldSo() throws {
        let shop = try Workshop()
        let big = StageRules(resources: StageRules.Resources(cpus: 3))
        let fat = StageRules(resources: StageRules.Resources(memory: 2 << 30))
        try shop.submit("big", [("data", "succeed", [])], stageRules: big)
        try shop.submit("fat", [("data", "succeed", [])], stageRules: fat)
        let summary = try shop.run {
            $0.cpus = 2
            $0.memory = 1 << 30
        }
        #expect(summary.failed.count == 2)
        #expect(
            try shop.spool.job(matching: "big").reason
                == "data: it needs 3 processors, and stages here may use 2 (--cpus of 'jdnas run')")
        #expect(
            try shop.spool.job(matching: "fat").reason
                == "data: it needs 2 GiB, and stages here may use 1 GiB (--memory of 'jdnas run')")
    }

    /// While a large one waits for room, small ones that were handed in later do not overtake it.
    @Test func nobodyIsOvertaken() throws {
        let shop = try Workshop()
        let one = StageRules(resources: StageRules.Resources(cpus: 1))
        let two = StageRules(resources: StageRules.Resources(cpus: 2))
        try shop.submit("slow", [("data", "talks-once", [])], reuse: .never, stageRules: one)
        try shop.submit("large", [("data", "succeed", [])], reuse: .never, stageRules: two)
        try shop.submit("small", [("data", "succeed", [])], reuse: .never, stageRules: one)
        _ = try shop.run { $0.cpus = 2 }
        let order = shop.events.filter { ["slow done", "large done", "small done"].contains($0) }
        #expect(order == ["slow done", "large done", "small done"])
    }

    @Test func aStageThatTakesTooLongEndsItsJob() throws {
        let shop = try Workshop()
        let id = try shop.submit("slow", [("data", "hang-once", [])], stageRules: StageRules(timeout: 0.6))
        #expect(try shop.run { $0.grace = 0.3 }.failed == [id])
        #expect(try shop.spool.job(matching: "slow").reason?.contains("it may take 0.6 s ('timeout')") == true)
        #expect(try shop.spool.attempts(id, "data").count == 1)
    }

    /// It was killed with its runner, again and again: its time runs out all the same. Its own clock tells how much it was; where
    /// it said nothing, the times of its files.
    @Test func timeThatEndedWithTheRunnerCounts() throws {
        let shop = try Workshop()
        let id = try shop.submit("slow", [("data", "hang-once", [])], stageRules: StageRules(timeout: 3600))
        let stop = try StopFlag()
        InterruptionTests.whenCheckpointed(shop.spool, id) { stop.stop() }
        #expect(try shop.run(stop: stop).stopped)
        let attempt = try #require(try shop.spool.attempts(id, "data").first)
        let manager = FileManager.default
        try manager.removeItem(at: attempt.outcome)
        func age(_ file: URL, _ seconds: Double) throws {
            let date = Date(timeIntervalSinceNow: -seconds)
            try manager.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
        }
        // An hour and a half ago it began; three quarters of an hour later it was last heard of.
        for file in [attempt.log, attempt.progress, attempt.checkpoint] { try age(file, 2700) }
        try age(attempt.request, 5400)
        let token = try #require(try shop.spool.find(id)).token
        try Data(#"{"fraction": 0.5, "message": "half way", "elapsed": 40}"#.utf8).write(to: attempt.progress)
        #expect(try shop.spool.secondsTaken(token, "data") == 40)
        try manager.removeItem(at: attempt.progress)
        #expect(abs(try shop.spool.secondsTaken(token, "data") - 2700) < 2)
        // Another hour.
        try age(attempt.request, 9000)
        #expect(try shop.run().failed == [id])
        #expect(
            try shop.spool.job(matching: "slow").reason
                == "data: it may take 1 h 00 min ('timeout'), and its attempts have taken them")
        #expect(try shop.spool.attempts(id, "data").count == 1)
        // Tried again, it has all its time.
        try shop.spool.wishRetry(id)
        #expect(try shop.run().done == [id])
    }

    @Test func aStageThatTakesTooMuchMemoryEndsItsJob() throws {
        let shop = try Workshop()
        let little = StageRules(resources: StageRules.Resources(memory: 100_000))
        let id = try shop.submit("fat", [("data", "hang-once", [])], stageRules: little)
        #expect(try shop.run().failed == [id])
        #expect(try shop.spool.job(matching: "fat").reason?.contains("it may use 98 KiB of memory") == true)
        let attempt = try #require(try shop.spool.attempts(id, "data").first)
        #expect(shop.spool.outcome(of: attempt)?.fault == .limit)
    }

    @Test func retriesGoByWhatFailed() throws {
        let shop = try Workshop()
        let rules = StageRules(retries: StageRules.Retries(infrastructure: 3, stage: 0, pause: 0.01))
        let killed = try shop.submit("killed", [("data", "always-crash", [])], stageRules: rules)
        let broken = try shop.submit("broken", [("data", "abort", [])], stageRules: rules)
        #expect(try Set(shop.run().failed) == [killed, broken])
        #expect(try shop.spool.attempts(killed, "data").count == 4)
        #expect(try shop.spool.attempts(broken, "data").count == 1)
        #expect(try shop.spool.job(matching: "killed").reason?.hasSuffix("(attempt 4 of 4)") == true)
    }

    /// While it pauses before it tries again, another job goes on.
    @Test func aPauseBeforeARetryIsUsed() throws {
        let shop = try Workshop()
        let rules = StageRules(retries: StageRules.Retries(pause: 1))
        try shop.submit("flaky", [("data", "fail-once", [])], reuse: .never, stageRules: rules)
        try shop.submit("other", [("data", "succeed", [])], reuse: .never)
        let start = Date()
        #expect(try shop.run().done.map(\.jobName) == ["other", "flaky"])
        #expect(Date().timeIntervalSince(start) >= 1)
    }

    /// It does not count as an attempt: an overnight job waits until somebody has made room.
    @Test func aFullDiskPauses() throws {
        let shop = try Workshop()
        let id = try shop.submit("full", [("data", "no-room-four-times", [])])
        let summary = try shop.run()
        #expect(summary.done == [id])
        #expect(try shop.spool.attempts(id, "data").count == 5)
        #expect(!shop.events.contains { $0.hasPrefix("data failed") })
    }

    @Test func tooLittleRoomIsToldBeforeAStageStarts() throws {
        let shop = try Workshop()
        let rules = StageRules(resources: StageRules.Resources(disk: 1 << 60))
        let id = try shop.submit("roomy", [("data", "succeed", [])], stageRules: rules)
        let summary = try shop.run()
        #expect(summary.left == [id.text] && summary.exitCode == 1)
        #expect(
            shop.events.contains { $0.contains("data waits for room on the disk") && $0.contains("needs 1024 PiB") })
        #expect(try shop.spool.attempts(id, "data").isEmpty)
    }

    @Test func whoAskedIsTold() throws {
        let shop = try Workshop()
        let list = shop.scratch.url.appending(path: "told.txt").path
        // No shell looks at these arguments.
        let script = "echo \"$JDNAS_JOB_NAME $JDNAS_STATE $1 $JDNAS_REASON\" >> \"$0\""
        let rules = JobRules(onDone: ["sh", "-c", script, list, "a; b $(c)"])
        try shop.submit("good", [("data", "succeed", [])], rules: rules)
        try shop.submit("bad", [("data", "input", [])], rules: rules)
        _ = try shop.run { $0.onDone = ["sh", "-c", "echo all >> \"$0\"", list] }
        let lines = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines.filter { $0 == "all" }.count == 2)
        #expect(lines.contains("good done a; b $(c) "))
        #expect(lines.contains { $0.hasPrefix("bad failed a; b $(c) data: a.jpg: the image is corrupt") })
        #expect(try shop.scratch.names(in: "spool/notices").isEmpty)
    }

    @Test func aProgramThatFailsOrHangsHoldsUpNothing() throws {
        let shop = try Workshop()
        let id = try shop.submit("good", [("data", "succeed", [])], rules: JobRules(onDone: ["sleep", "60"]))
        #expect(try shop.run { $0.noticeLimit = 0.2 }.done == [id])
        #expect(shop.events.count { $0.contains("'on_done': sleep took more than") } == 3)
        #expect(shop.events.last?.hasSuffix("it is not called again") == true)
        let other = try shop.submit("other", [("data", "succeed", [])], rules: JobRules(onDone: ["no-such-program"]))
        #expect(try shop.run().done == [other])
        #expect(shop.events.last == "note \(other): 'on_done': there is no program 'no-such-program'")
    }

    /// A notice that a crash left is told by the next runner; one of a job that has not ended yet is not.
    @Test func aNoticeOutlivesItsRunner() throws {
        let shop = try Workshop()
        let list = shop.scratch.url.appending(path: "told.txt").path
        let id = try shop.submit("good", [("data", "succeed", [])])
        let notice = Notice(
            id: id, epoch: 1, number: 1, state: .done, reason: nil, command: ["sh", "-c", "echo told >> \"$0\"", list],
            base: "/")
        try shop.spool.post(notice)
        #expect(try shop.spool.notices().isEmpty)
        #expect(try shop.run().done == [id])
        #expect(try String(contentsOfFile: list, encoding: .utf8) == "told\n")
    }

    @Test func theSameWorkIsDoneOnce() throws {
        let shop = try Workshop()
        let rules = JobRules(key: "nightly-1")
        let first = try shop.submit("first", [("data", "input", [])], rules: rules)
        #expect(try shop.run().failed == [first])
        // A failed one does not stand in the way.
        let second = try shop.submit("second", [("data", "succeed", [])], rules: rules)
        let third = try shop.submit("third", [("data", "succeed", [])], rules: rules)
        let drop = try Workshop.manifest("fourth", [("data", "succeed", [])], rules: rules)
        try drop.write(to: shop.spool.folder(.inbox).appending(path: "fourth.yaml"))
        let summary = try shop.run()
        #expect(summary.done == [second] && summary.exitCode == 0)
        #expect(try shop.state(third) == .rejected)
        #expect(
            try shop.spool.job(matching: "third").reason
                == "the key 'nightly-1' is that of \(second), which is queued: this one is not run")
        let names = try shop.scratch.names(in: "spool/rejected")
        #expect(names.contains("fourth.yaml") && names.contains("fourth.diagnostics.txt"))
    }
}
