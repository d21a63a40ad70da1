import Basics
import Foundation
import Spool
import TestSupport
import Testing

/// What goes, what stays, and what a removal that was interrupted leaves.
@Suite struct RetentionTests {
    private static let day = 86_400.0

    private func retention(_ ward: Ward, _ rules: RetentionRules = RetentionRules(), days: Double = 0) -> Retention {
        Retention(of: ward.spool, keeping: rules) { Timestamp(Date(timeIntervalSinceNow: days * RetentionTests.day)) }
    }

    private func jobs(_ removals: [Removal]) -> [String] { removals.filter { $0.kind == .job }.map(\.path) }

    private func all(_ ward: Ward) -> [String] { [ward.done, ward.failed].map { "work/\($0)" } }

    @Test func withoutARuleNoJobGoes() throws {
        let ward = try Ward()
        #expect(try retention(ward, days: 10_000).plan().isEmpty)
    }

    /// Ten days after both have ended.
    @Test(arguments: [
        (RetentionRules(keepDays: 11), [Int]()), (RetentionRules(keepDays: 9), [0, 1]),
        (RetentionRules(keepDays: 11, keepFailedDays: 9), [1]), (RetentionRules(keepDays: 9, keepFailedDays: 11), [0]),
        (RetentionRules(keepFailedDays: 9), [1]), (RetentionRules(keepJobs: 1), [0]), (RetentionRules(keepJobs: 2), []),
        (RetentionRules(keepJobs: 0), [0, 1]), (RetentionRules(keepDays: 9, keepJobs: 1), [0]),
        (RetentionRules(keepDays: 11, keepJobs: 0), []),
    ]) func aJobStaysIfAnyRuleKeepsIt(_ rules: RetentionRules, _ gone: [Int]) throws {
        let ward = try Ward()
        let before = ward.scratch.files()
        let plan = try retention(ward, rules, days: 10).plan()
        #expect(jobs(plan) == gone.map { all(ward)[$0] })
        #expect(plan.filter { $0.kind == .job }.allSatisfy { $0.bytes > 0 && $0.why.hasSuffix(" 10 days ago") })
        #expect(ward.scratch.files() == before)
    }

    @Test(arguments: [false, true]) func whatGoesIsGone(_ withBundles: Bool) throws {
        let ward = try Ward()
        var told: [Removal] = []
        let rules = RetentionRules(keepJobs: 0, removesBundles: withBundles)
        try retention(ward, rules).collect { removal, failure in
            #expect(failure == nil)
            told.append(removal)
        }
        #expect(jobs(told) == all(ward))
        #expect(told.map(\.kind).contains(.entry), "the cache named a result of it")
        #expect(try ward.spool.jobs().map(\.id) == [ward.queued.text])
        #expect(try ward.scratch.names(in: "work") == [ward.queued.text])
        #expect(try ward.scratch.names(in: "outbox").isEmpty == withBundles)
        #expect(try ward.doctor().examine() == [])
        #expect(try retention(ward, rules).plan().isEmpty)
        #expect(try ward.spool.recover() == [], "nothing comes back")
    }

    @Test func refusedSubmissionsGoWithTheirManifests() throws {
        let ward = try Ward()
        let id = try ward.spool.submit(manifest: Data("job: [\n".utf8), name: "bad", base: "/")
        try ward.spool.reject(#require(try ward.spool.find(id)?.token), diagnostics: "bad.yaml:1:6: error: no\n")
        try ward.write(Data("job: [".utf8), to: "rejected/dropped.yaml")
        try retention(ward, RetentionRules(keepFailedDays: 1), days: 2).collect { _, _ in }
        #expect(try ward.scratch.names(in: "rejected") == ["dropped.yaml"], "what was dropped is the user's")
        #expect(try ward.spool.find(id) == nil)
        #expect(!FileManager.default.fileExists(atPath: ward.spool.workFolder(id).path))
    }

    // MARK: What others need

    @Test(arguments: ["blood/data", "DONE/data", "file:/x/work/DONE/data", "file:/x/outbox/DONE.tar.zst/data"])
    func whatALiveJobNeedsStays(_ need: String) throws {
        let ward = try Ward()
        // By name the latest counts: make the one that is done so.
        if need == "blood/data" {
            try ward.remove("failed/FAILED.json")
            try ward.remove("work/FAILED")
        }
        let text = need.replacing("DONE", with: ward.done.text)
        try ward.write(
            Data(#"{"stages": [{"name": "data", "needs": ["other", "\#(text)"]}]}"#.utf8),
            to: "work/QUEUED/resolved.json")
        let rules = RetentionRules(keepJobs: 0, removesBundles: true)
        #expect(try !jobs(retention(ward, rules).plan()).contains("work/\(ward.done)"))
        try ward.write(
            Data(#"{"stages": [{"name": "data", "needs": ["other"]}]}"#.utf8), to: "work/QUEUED/resolved.json")
        #expect(try jobs(retention(ward, rules).plan()).contains("work/\(ward.done)"))
    }

    /// Nobody has checked a drop or a submission yet: what its text may name stays.
    @Test(arguments: [true, false]) func whatTheInboxMayNeedStays(_ isDrop: Bool) throws {
        let ward = try Ward()
        let manifest = Data("job: b\nstages: [{name: a, needs: [\(ward.done)/data]}]\n".utf8)
        if isDrop {
            try ward.write(manifest, to: "inbox/b.yaml")
        } else {
            _ = try ward.spool.submit(manifest: manifest, name: "b", base: "/")
        }
        #expect(try jobs(retention(ward, RetentionRules(keepJobs: 0)).plan()) == ["work/\(ward.failed)"])
    }

    @Test func aJobThatIsToBeTriedAgainStays() throws {
        let ward = try Ward()
        try ward.spool.wishRetry(ward.failed)
        #expect(try jobs(retention(ward, RetentionRules(keepJobs: 0)).plan()) == ["work/\(ward.done)"])
    }

    // MARK: Leftovers

    @Test func finishedStagesKeepTheirResultsOnly() throws {
        let ward = try Ward()
        for path in [
            "work/DONE/data/attempts/1-1/checkpoint/000001-x/a", "work/DONE/data/attempts/1-1/workers/1/a",
            "work/DONE/data/attempts/1-2/output/b",
            "work/DONE/data/attempts/1-2/log.txt", "work/FAILED/data/attempts/1-1/checkpoint/000001-x/a",
            "work/QUEUED/data/attempts/1-1/checkpoint/000001-x/a",
        ] { try ward.write(Data("12345".utf8), to: path) }
        let plan = try retention(ward).plan()
        #expect(plan.map(\.kind) == [.leftovers] && plan[0].why == "3 folders that finished stages have left")
        #expect(plan[0].bytes > 0)
        // Beside a runner too.
        let lock = try SchedulerLock.acquire(ward.spool)
        defer { lock.release() }
        try retention(ward).collect { _, failure in #expect(failure == nil) }
        let left = ward.scratch.files().filter { $0.contains("/attempts/") }.map {
            $0.replacing(ward.done.text, with: "DONE")
        }
        #expect(left.contains("work/DONE/data/attempts/1-1/output/a.txt"))
        #expect(left.contains("work/DONE/data/attempts/1-2/log.txt"))
        #expect(!left.contains { $0.hasPrefix("work/DONE") && ($0.contains("checkpoint") || $0.contains("workers")) })
        #expect(!left.contains("work/DONE/data/attempts/1-2/output/b"))
        #expect(left.filter { $0.contains("checkpoint/") }.count == 2, "those of jobs that may go on")
        #expect(try ward.spool.publishedReceipt(ward.done, "data") != nil)
        #expect(try retention(ward).plan().isEmpty)
    }

    @Test func whatWasUnpackedGoesWhenNobodyReadsIt() throws {
        let ward = try Ward()
        let receipt = try Data(contentsOf: ward.spool.receiptFile(ward.done, "data"))
        let name = Digest(of: receipt).hex
        try ward.write(receipt, to: "imports/\(name)/receipt.json")
        try ward.write(Data("result".utf8), to: "imports/\(name)/output/a.txt")
        try ward.write(Data("x".utf8), to: "imports/.draft-1/a")
        #expect(try ward.doctor().examine() == [])
        #expect(try retention(ward).plan().map(\.path) == ["imports/.draft-1", "imports/\(name)"])
        let needs = #"{"stages": [{"name": "x", "needs": ["file:/some/where.tar.zst/data"]}]}"#
        try ward.write(Data(needs.utf8), to: "work/QUEUED/resolved.json")
        #expect(try retention(ward).plan().map(\.path) == ["imports/.draft-1"])
        try ward.write(Data("{}".utf8), to: "work/QUEUED/resolved.json")
        let lock = try SchedulerLock.acquire(ward.spool)
        #expect(try retention(ward).plan().isEmpty, "a runner may be about to use it")
        lock.release()
        try ward.age("imports")
        try retention(ward).collect { _, _ in }
        #expect(try ward.scratch.names(in: "imports") == [])
    }

    /// A file with several names frees its room when the last of them goes.
    @Test func linksAreCountedOnce() throws {
        let ward = try Ward()
        let big = "work/DONE/data/attempts/1-1/output/big"
        try ward.write(Data(count: 1 << 20), to: big)
        let alone = try #require(try retention(ward, RetentionRules(keepJobs: 1)).plan().first).bytes
        try FileManager.default.linkItem(at: ward[big], to: ward["work/QUEUED/big"])
        let shared = try #require(try retention(ward, RetentionRules(keepJobs: 1)).plan().first).bytes
        #expect(alone >= 1 << 20 && shared == alone - 1 << 20)
        try FileManager.default.moveItem(at: ward["work/QUEUED/big"], to: ward["work/FAILED/big"])
        #expect(try retention(ward, RetentionRules(keepJobs: 0)).plan().map(\.bytes).reduce(0, +) > 1 << 20)
    }

    // MARK: Interruptions

    /// Killed at any change, a job is there as it was, or it goes with the next removal; a doctor is not alarmed.
    @Test(arguments: FaultMode.allCases, [false, true])
    func removalsCanBeInterrupted(_ mode: FaultMode, _ besideARunner: Bool) throws {
        for change in 1..<200 {
            let ward = try Ward()
            let lock = besideARunner ? try SchedulerLock.acquire(ward.spool) : nil
            let rules = RetentionRules(keepJobs: 0, removesBundles: true)
            let plan = FaultPlan(mode, at: change, of: .changes)
            let faulty = try Spool(at: ward.scratch.url, files: FileSystem(faults: plan))
            try? Retention(of: faulty, keeping: rules).collect { _, _ in }
            let place = "\(mode) at change \(change): \(plan.calls.last ?? "")"
            if !besideARunner { try? ward.remove("lock") }
            try withKnownPlace(place) {
                let faults = try ward.doctor().examine().filter { $0.severity == .fault }
                #expect(faults == [], "\(place): \(faults)")
                #expect(try ward.spool.find(ward.queued) != nil)
                for id in [ward.done, ward.failed] {
                    // As long as it is there, all of it is.
                    guard let (_, token) = try ward.spool.find(id) else { continue }
                    _ = try ward.spool.manifestData(of: token)
                }
                try retention(ward, rules).collect { _, failure in #expect(failure == nil, "\(place)") }
                #expect(try ward.scratch.names(in: "work") == [ward.queued.text], "\(place)")
                #expect(try ward.spool.jobs().map(\.id) == [ward.queued.text], "\(place)")
                #expect(try ward.scratch.names(in: "outbox") == [], "\(place)")
            }
            lock?.release()
            if !plan.struck { return FaultTally.add(change - 1, mode) }
        }
        Issue.record("a removal of so many changes never ends")
    }

    /// After the token has gone into the work folder a starting runner finishes the removal, instead of bringing the job back.
    @Test func aRunnerFinishesWhatWasBegun() throws {
        let ward = try Ward()
        try FileManager.default.moveItem(at: ward["done/DONE.json"], to: ward["work/DONE/removed.json"])
        #expect(try ward.doctor().examine().map(\.what).contains("the job's removal was interrupted"))
        #expect(try retention(ward).plan().first?.kind == .remains)
        #expect(try ward.spool.recover() == ["removed the rest of \(ward.done)"])
        #expect(try ward.spool.find(ward.done) == nil)
    }
}
