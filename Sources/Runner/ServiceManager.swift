import Basics
import Foundation
import Glibc
import Spool

/// Tells systemd how a service is (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET names. Without one it does nothing.
public final class ServiceManager: RunnerReporter {
    private let address: String?
    private let next: any RunnerReporter
    private var last = (status: "", time: -Double.infinity)

    /// - Parameters:
    ///   - next: gets every event, too.
    ///   - socket: instead of the one that the environment names.
    public init(next: any RunnerReporter, socket: String? = nil) {
        self.next = next
        let named = socket ?? ProcessInfo.processInfo.environment["NOTIFY_SOCKET"]
        address = named.flatMap { ($0.hasPrefix("/") || $0.hasPrefix("@")) && $0.utf8.count < 108 ? $0 : nil }
    }

    public func report(_ event: RunnerEvent) {
        next.report(event)
        guard address != nil else { return }
        switch event {
        case .started: send("READY=1\nSTATUS=waits for jobs")
        case .stageStarted(let job, let stage, _, _, _): status("\(job): \(stage)", force: true)
        case .stageProgress(let job, let stage, let progress):
            status("\(job): \(stage) \(Int(progress.fraction * 100))%", force: false)
        case .jobDone, .jobFailed: status("waits for jobs", force: true)
        case .stopping, .stopped: send("STOPPING=1\nSTATUS=stages save their state")
        case .note, .accepted, .rejected, .stageDone, .stageCached, .stageFailed: break
        }
    }

    private func status(_ text: String, force: Bool) {
        let now = ProcessInfo.processInfo.systemUptime
        guard force || now - last.time >= 5, text != last.status else { return }
        last = (text, now)
        send("STATUS=\(text)")
    }

    private func send(_ text: String) {
        guard let address else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(address.utf8)
        // A socket of the abstract namespace is written with @ for the zero that its name begins with (unix(7)).
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let message = Array(text.utf8)
        _ = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
