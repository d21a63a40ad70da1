import Dispatch
import Foundation
import Glibc
import StageKit
import Synchronization

/// Work on a thread of its own: where it crashes or hangs, that is told by another one.
struct Supervised {
    /// Seconds that the runner gives a stage to save its state and stop, before it is killed.
    static let secondsToStop = 60.0

    /// How work ended that gave no answer.
    enum End: Error, CustomStringConvertible {
        case crash(signal: Int32, what: String)
        case hang(seconds: Double, what: String)
        case deaf(what: String)

        var description: String {
            switch self {
            case .crash(let signal, let what): "\(what): it crashed (\(String(cString: strsignal(signal))))"
            case .hang(let seconds, let what): "\(what): it has not ended after \(Int(seconds)) s"
            case .deaf(let what):
                "\(what): it has not stopped \(Int(Supervised.secondsToStop)) s after it was asked to: a runner would kill it"
            }
        }
    }

    let what: String
    /// In seconds.
    let limit: Double

    private final class Answer: Sendable {
        let value = Mutex<Int32?>(nil)
        let done = DispatchSemaphore(value: 0)
    }

    /// - Parameter stopAskedAt: when the work was asked to stop; nil where it was not.
    /// - Throws: `End`. The thread then stays where it is.
    func run(
        stopAskedAt: @Sendable () -> ContinuousClock.Instant?, _ work: @escaping @Sendable () -> Int32
    ) throws -> Int32 {
        let answer = Answer()
        let thread = Thread {
            let value = Crash.withStack(work)
            answer.value.withLock { $0 = value }
            answer.done.signal()
        }
        // As much as the main thread of a stage's process has.
        thread.stackSize = 8 << 20
        let start = ContinuousClock.now
        thread.start()
        while answer.done.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
            if let signal = Crash.seen { throw End.crash(signal: signal, what: what) }
            let now = ContinuousClock.now
            if let asked = stopAskedAt(), now - asked > .seconds(Self.secondsToStop) { throw End.deaf(what: what) }
            if now - start > .seconds(limit) { throw End.hang(seconds: limit, what: what) }
        }
        return answer.value.withLock { $0 ?? StageProcess.Exit.defect }
    }
}

/// Signals that a crash sends: the thread that gets one stops for good, the others go on and tell it.
enum Crash {
    private static let signal = Atomic<Int32>(0)
    private static let signals = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGSEGV, SIGFPE]

    /// The signal that came; nil where none did.
    static var seen: Int32? {
        let number = signal.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    static func watch() {
        // Made before a signal can come: its lazy initialiser is not safe in a handler, the store is.
        _ = seen
        for number in signals {
            var action = sigaction()
            action.sa_flags = SA_ONSTACK
            action.__sigaction_handler.sa_handler = { number in
                Crash.signal.store(number, ordering: .relaxed)
                while true { pause() }
            }
            sigaction(number, &action, nil)
        }
    }

    /// Does work with a stack for the handler: that of the thread may be what ran over.
    static func withStack(_ work: () -> Int32) -> Int32 {
        let size = 64 << 10
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        var stack = stack_t()
        stack.ss_sp = memory
        stack.ss_size = size
        var before = stack_t()
        sigaltstack(&stack, &before)
        defer {
            sigaltstack(&before, nil)
            memory.deallocate()
        }
        return work()
    }
}
