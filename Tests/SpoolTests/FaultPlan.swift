import Basics
import Foundation
import Spool
import Synchronization
import TestSupport
import Testing

/// How a file system call goes wrong.
enum FaultMode: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// The call fails and has done nothing; the program goes on and cleans up.
    case fails
    /// The call reports an error, though it was carried out: NFS does that.
    case failsAfterwards
    /// The program ends before the call.
    case crashesBefore
    /// The program ends after the call.
    case crashesAfter

    var isCrash: Bool { self == .crashesBefore || self == .crashesAfter }
    var testDescription: String { rawValue }
}

/// Lets the k-th call go wrong, and remembers all calls.
final class FaultPlan: FileFaults {
    struct Injected: Error {}

    let mode: FaultMode
    let k: Int
    /// The calls that count; the others go well, until it has crashed.
    let kinds: Set<FileCall>
    private let state = Mutex((count: 0, crashed: false, calls: [String]()))

    init(_ mode: FaultMode, at k: Int, of kinds: Set<FileCall> = Set(FileCall.allCases)) {
        self.mode = mode
        self.k = k
        self.kinds = kinds
    }

    /// Whether the k-th call was reached.
    var struck: Bool { state.withLock { $0.count >= k } }
    var calls: [String] { state.withLock { $0.calls } }

    /// A file that is made only to see the server's time is no change.
    private func counts(_ call: FileCall, _ path: String) -> Bool {
        kinds.contains(call) && (kinds.contains(.read) || !path.hasSuffix("-clock"))
    }

    func before(_ call: FileCall, at path: String) throws {
        try state.withLock { state in
            if state.crashed { throw Injected() }
            guard counts(call, path) else { return }
            state.count += 1
            state.calls.append("\(call.rawValue) \(path)")
            guard state.count == k else { return }
            if mode == .crashesBefore { state.crashed = true }
            if mode == .crashesBefore || mode == .fails { throw Injected() }
        }
    }

    func after(_ call: FileCall, at path: String) throws {
        try state.withLock { state in
            if state.crashed { throw Injected() }
            guard state.count == k, counts(call, path) else { return }
            if mode == .crashesAfter { state.crashed = true }
            if mode == .crashesAfter || mode == .failsAfterwards { throw Injected() }
        }
    }
}

/// Runs an action once for each of its file system calls, with that call going wrong; then recovers and checks.
///
/// - Parameters:
///   - kinds: the calls that go wrong. Between two changes of the disk it makes no difference when a program ends.
///   - prepare: makes the situation, in a new spool.
///   - act: what is interrupted.
///   - check: gets the spool after recovery, and what `act` gave (nil when it threw).
func forEveryCall<Situation, Result>(
    _ mode: FaultMode, of kinds: Set<FileCall> = Set(FileCall.allCases),
    prepare: (Spool, TemporaryFolder) throws -> Situation, act: (Spool, Situation) throws -> Result,
    check: (Spool, TemporaryFolder, Situation, Result?) throws -> Void
) throws {
    var k = 1
    while true {
        let scratch = try TemporaryFolder(inMemory: true)
        let clean = try Spool(at: scratch.url, create: true)
        let situation = try prepare(clean, scratch)
        let plan = FaultPlan(mode, at: k, of: kinds)
        let result: Result?
        do {
            result = try act(Spool(at: scratch.url, files: FileSystem(faults: plan)), situation)
        } catch { result = nil }
        let marked = k
        try withKnownPlace("\(mode) at call \(marked): \(plan.calls.last ?? "")") {
            _ = try clean.recover()
            try check(clean, scratch, situation, result)
            // Recovery has nothing left to do.
            #expect(try clean.recover() == [])
        }
        if !plan.struck { break }
        k += 1
        try #require(k < 500, "an action of so many calls never ends")
    }
    #expect(k > 3, "the action was not really tried")
    FaultTally.add(k - 1, mode)
}

/// How many points went wrong, in all tests: the last line that it prints tells the sum.
enum FaultTally {
    private static let sum = Mutex(0)

    static func add(_ points: Int, _ mode: FaultMode) {
        let sum = sum.withLock { sum in
            sum += points
            return sum
        }
        print("faults: \(points) points of \(Test.current?.name ?? "a test"), \(mode); \(sum) in all so far")
    }
}

extension Set<FileCall> {
    /// The calls that change something.
    static let changes = Set(FileCall.allCases).subtracting([.read, .list, .access])
}

/// Adds to an error where it arose.
func withKnownPlace(_ place: String, _ body: () throws -> Void) throws {
    do { try body() } catch { throw Failure("\(place): \(error)", cause: .defect) }
}
