import Basics
import CLinux
import Glibc

/// Asks a runner to read its configuration again: by SIGHUP (`onHangup`) or by hand. Its descriptor wakes up whoever waits.
public final class ReloadFlag: Sendable {
    let descriptor: Int32
    private let isOwn: Bool

    /// A flag that only `raise` raises.
    public convenience init() throws { try self.init(jd_eventfd(), isOwn: true) }

    private init(_ descriptor: Int32, isOwn: Bool) throws {
        guard descriptor >= 0 else { throw Failure.system("eventfd", at: "the runner", errno: -descriptor) }
        self.descriptor = descriptor
        self.isOwn = isOwn
    }

    deinit { if isOwn { close(descriptor) } }

    /// A flag that SIGHUP raises from now on, instead of ending the process; also under nohup(1).
    public static func onHangup() throws -> ReloadFlag { try ReloadFlag(jd_catch_reload_signal(), isOwn: false) }

    public func raise() {
        var one: UInt64 = 1
        write(descriptor, &one, 8)
    }

    /// Whether it was raised since the last call, however often.
    public func take() -> Bool {
        var count: UInt64 = 0
        return read(descriptor, &count, 8) == 8
    }
}
