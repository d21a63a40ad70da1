import Basics
import Foundation
import Spool
import TestSupport
import Testing

/// What a doctor finds, and how it mends it.
@Suite struct DoctorTests {
    @Test func aSoundSpoolHasNothing() throws {
        let ward = try Ward()
        #expect(try ward.examine(deep: true) == [])
        #expect(try ward.scratch.names(in: "tmp") == [], "looking leaves nothing behind")
        // So has an empty one.
        let scratch = try TemporaryFolder(inMemory: true)
        _ = try Spool(at: scratch.url, create: true)
        #expect(try Doctor(at: scratch.url, bundles: Ward.tools).examine() == [])
    }

    @Test(arguments: Damage.all) func isFoundAndMended(_ damage: Damage) throws {
        let ward = try Ward()
        try damage.make(ward)
        let before = ward.scratch.files()
        let found = try ward.examine(deep: damage.isDeep).map(plain(ward))
        #expect(found.contains { $0.hasPrefix(damage.said) }, "\(found)")
        #expect(damage.isFault == found.contains { $0.hasPrefix("fault") })
        #expect(ward.scratch.files() == before, "looking changes nothing")
        var told: [String] = []
        let doctor = try ward.doctor(deep: damage.isDeep, missing: true)
        let left = try doctor.repair { told.append($0) }
        #expect(left == [], "\(left)")
        #expect(!told.isEmpty || damage.name == "a dead runner's lock")
        #expect(doctor.examine() == [])
        #expect(try doctor.repair { _ in } == [])
        try damage.after(ward)
        #expect(try SchedulerLock.acquire(ward.spool).release() == ())
    }

    private func plain(_ ward: Ward) -> (String) -> String {
        { text in
            text.replacing(ward.done.text, with: "DONE").replacing(ward.failed.text, with: "FAILED")
                .replacing(ward.queued.text, with: "QUEUED")
        }
    }

    /// The repair itself is interrupted at every change that it makes; another one then brings the spool to the same end, and
    /// nothing of the user's is lost on the way.
    @Test(arguments: [FaultMode.fails, .crashesAfter], Damage.intricate)
    func repairsCanBeInterrupted(_ mode: FaultMode, _ damage: Damage) throws {
        // The lock, which comes first, has tests of its own.
        for change in 9..<200 {
            let ward = try Ward()
            let manifests = try ids(ward).map { try Data(contentsOf: ward.spool.manifest($0)) }
            try damage.make(ward)
            let plan = FaultPlan(mode, at: change, of: .changes)
            _ = try? ward.doctor(FileSystem(faults: plan), deep: damage.isDeep, missing: true).repair { _ in }
            // Its owner has died.
            try? ward.remove("lock")
            let place = "\(mode) at change \(change): \(plan.calls.last ?? "")"
            try withKnownPlace(place) {
                let doctor = try ward.doctor(deep: damage.isDeep, missing: true)
                let left = try doctor.repair { _ in }
                #expect(left == [], "\(place)")
                try damage.after(ward)
                if damage.name != "a token without work" {
                    let kept = ids(ward).map { try? Data(contentsOf: ward.spool.manifest($0)) }
                    #expect(kept == manifests, "\(place)")
                    let found = try ids(ward).filter { try ward.spool.find($0) != nil }
                    #expect(found.count == 3, "\(place)")
                }
            }
            if !plan.struck { return FaultTally.add(change - 9, mode) }
        }
        Issue.record("a repair of so many changes never ends")
    }

    private func ids(_ ward: Ward) -> [JobID] { [ward.done, ward.failed, ward.queued] }

    /// A disk that does not answer is no reason to take anything for damaged.
    @Test func whatCannotBeReadIsNotTouched() throws {
        struct Deaf: FileFaults {
            func before(_ call: FileCall, at path: String) throws {
                if call == .read, path.contains("/work/") || path.contains("/queued/") {
                    throw Failure("read: Input/output error", at: path, cause: .system)
                }
            }
            func after(_ call: FileCall, at path: String) throws {}
        }
        let ward = try Ward()
        let before = ward.scratch.files()
        let doctor = try ward.doctor(FileSystem(faults: Deaf()))
        let found = doctor.examine()
        #expect(found.contains { $0.file == "queued/\(ward.queued).json" && $0.what.contains("Input/output error") })
        #expect(found.filter { $0.severity == .fault }.allSatisfy { !$0.isRepairable })
        #expect(throws: Never.self) { try doctor.repair { _ in } }
        #expect(ward.scratch.files() == before)
    }

    @Test func aRunnerIsNotDisturbed() throws {
        let ward = try Ward()
        let lock = try SchedulerLock.acquire(ward.spool)
        defer { lock.release() }
        #expect(try ward.examine() == [])
        let refusal = #expect(throws: Failure.self) { try ward.doctor().repair { _ in } }
        #expect(refusal?.what.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
    }

    /// A job that moves while a doctor looks is no fault, nor is a submission that is half handed in.
    @Test func whatMovesIsNoFault() throws {
        let ward = try Ward()
        let lock = try SchedulerLock.acquire(ward.spool)
        defer { lock.release() }
        let spool = ward.spool
        let isDone = Flag()
        Thread.detachNewThread {
            while !isDone.isSet {
                guard let token = try? CrashTests().queued(spool, ward.scratch),
                    let running = try? spool.claim(token, from: .queued, for: .current),
                    let attempt = try? CrashTests().finishedAttempt(spool, running)
                else { continue }
                _ = try? spool.publishReceipt(of: attempt)
                _ = try? spool.move(
                    running, from: .running, to: .failed(reason: "x", stage: nil, finished: .now, bundle: ""))
            }
            isDone.end()
        }
        for _ in 0..<3 {
            let faults = try ward.doctor().examine().filter { $0.severity == .fault }
            #expect(faults == [], "\(faults)")
        }
        isDone.set()
    }

    @Test func theMachineAroundItIsLookedAtToo() throws {
        let ward = try Ward()
        var surroundings = Surroundings()
        surroundings.now = { Date().timeIntervalSince1970 - 40 }
        surroundings.freeBytes = { _ in 5 << 20 }
        let doctor = try Doctor(at: ward.scratch.url, bundles: Ward.tools, surroundings: surroundings)
        let found = doctor.examine()
        #expect(found.map(\.severity) == [.fault, .remark])
        #expect(found[0].what == "only 5 MiB are free on its file system")
        #expect(found[1].what.contains("clock is 40 s ahead of this machine's"))
    }

    /// Root may write everywhere, so that a mode proves nothing: the calls fail.
    @Test func foldersThatCannotBeWrittenTo() throws {
        struct ReadOnly: FileFaults {
            func before(_ call: FileCall, at path: String) throws {
                if call == .access || call == .open {
                    throw Failure("\(call.rawValue): Read-only file system", at: path, cause: .system)
                }
            }
            func after(_ call: FileCall, at path: String) throws {}
        }
        let ward = try Ward()
        let doctor = try ward.doctor(FileSystem(faults: ReadOnly()))
        let found = doctor.examine()
        #expect(found.contains { $0.file == "queued" && $0.what == "this folder cannot be written to" })
        #expect(found.contains { $0.file == "tmp" && $0.what.contains("Read-only file system") })
        #expect(throws: Failure.self) { try doctor.repair { _ in } }
    }

    @Test func aBundleThatWasDeletedIsOnlyRemarkedOn() throws {
        let ward = try Ward()
        try ward.remove("outbox/DONE.tar.zst")
        #expect(try ward.doctor().examine().map(\.severity) == [.remark])
        #expect(try ward.doctor().repair { _ in }.count == 1)
        #expect(
            !FileManager.default.fileExists(atPath: ward.spool.bundle(ward.done).path), "deleted on purpose, perhaps")
        #expect(try ward.doctor(missing: true).repair { _ in } == [])
        #expect(FileManager.default.fileExists(atPath: ward.spool.bundle(ward.done).path))
    }

    @Test func whatNobodyCanMendIsSaid() throws {
        let ward = try Ward()
        try ward.write(Data("job: x\n".utf8), to: "work/QUEUED/manifest.yaml")
        let left = try ward.doctor().repair { _ in }
        #expect(left.map(\.what) == ["the manifest is not the one that was handed in"])
        #expect(left.first?.remedy == "submit the job again: there is no copy of it")
        #expect(throws: Failure.self) { try Doctor(at: ward.scratch.url.appending(path: "tmp"), bundles: Ward.tools) }
    }
}

/// Tells a thread to end, and waits for it.
private final class Flag: Sendable {
    private let wish = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    var isSet: Bool { wish.wait(timeout: .now()) == .success }
    func end() { ended.signal() }
    func set() {
        wish.signal()
        ended.wait()
    }
}
