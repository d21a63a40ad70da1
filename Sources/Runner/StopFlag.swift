import Basics
import CLinux
import Glibc
import Synchronization

/// Asks a runner to stop: by SIGINT, SIGTERM and SIGHUP (`onSignals`) or by hand. Its descriptor wakes up whoever waits.
public final class StopFlag: Sendable {
    let descriptor: Int32
    private let followsSignals: Bool
    private let raised = Atomic<Int>(0)

    /// A flag that only `stop` raises.
    public init() throws {
        descriptor = jd_eventfd()
        guard descriptor >= 0 else { throw Failure.system("eventfd", at: "the runner", errno: -descriptor) }
        followsSignals = false
    }

    private init(signals descriptor: Int32) {
        self.descriptor = descriptor
        followsSignals = true
    }

    deinit { if !followsSignals { close(descriptor) } }

    /// A flag that SIGINT, SIGTERM and SIGHUP raise, from now on, instead of ending the process. SIGHUP comes when the terminal
    /// is closed; under nohup(1) it is ignored, and stays so.
    ///
    /// - Parameter hangup: false where SIGHUP means something else (`ReloadFlag`).
    public static func onSignals(hangup: Bool = true) throws -> StopFlag {
        let descriptor = jd_catch_stop_signals(hangup)
        guard descriptor >= 0 else { throw Failure.system("sigaction", at: "the runner", errno: -descriptor) }
        return StopFlag(signals: descriptor)
    }

    /// How often it was raised: once means "end well", twice "end now".
    var count: Int { raised.load(ordering: .relaxed) + (followsSignals ? Int(jd_stop_signals()) : 0) }

    /// The first signal that raised it; nil if none did.
    var signal: Int32? {
        let number = followsSignals ? jd_first_stop_signal() : 0
        return number == 0 ? nil : number
    }

    public func stop() {
        raised.add(1, ordering: .relaxed)
        var one: UInt64 = 1
        write(descriptor, &one, 8)
    }
}
