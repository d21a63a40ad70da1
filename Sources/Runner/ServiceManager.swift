import Basics
import Foundation
import Glibc
import Spool

/// Tells systemd how a service is (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET names. Without one it does nothing.
public final class ServiceManager: RunnerReporter {
    private let address: String?
    private let next: any RunnerReporter
    private var last = (status: "", time: -Double.infinity)
    /// The stages that run, in the order in which they were started.
    private var running: [(job: JobID, stage: String, percent: Int?)] = []

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
        case .started, .reloaded: tell("READY=1\n")
        case .stageStarted(let job, let stage, _, _, _):
            running.append((job, stage, nil))
            tell()
        case .stageProgress(let job, let stage, let progress):
            guard let index = running.firstIndex(where: { $0.job == job && $0.stage == stage }) else { return }
            running[index].percent = Int(progress.fraction * 100)
            if now - last.time >= 5 { tell() }
        case .stageDone(let job, let stage, _), .stageFailed(let job, let stage, _, _),
            .stageStopped(let job, let stage):
            running.removeAll { $0.job == job && $0.stage == stage }
            tell()
        case .jobDone(let job, _, _, _, _), .jobFailed(let job, _, _):
            running.removeAll { $0.job == job }
            tell()
        case .reloading: send("RELOADING=1\nMONOTONIC_USEC=\(ServiceManager.monotonicMicroseconds())")
        case .stopping, .stopped: send("STOPPING=1\nSTATUS=stages save their state")
        case .note, .accepted, .rejected, .stageCached: break
        }
    }

    private var now: Double { ProcessInfo.processInfo.systemUptime }

    /// Tells what runs, if that is news or something else is to be told with it.
    private func tell(_ more: String = "") {
        let text = status
        guard text != last.status || !more.isEmpty else { return }
        last = (text, now)
        send("\(more)STATUS=\(text)")
    }

    /// Of many stages the first ones, and how many there are.
    private var status: String {
        let names = running.map { "\($0.job): \($0.stage)" + ($0.percent.map { " \($0)%" } ?? "") }
        guard names.count > 1 else { return names.first ?? "waits for jobs" }
        return "\(names.count) stages run: \(names.prefix(3).joined(separator: ", "))" + (names.count > 3 ? ", …" : "")
    }

    /// By CLOCK_MONOTONIC, as systemd asks for: so that it knows which of two reloads has ended.
    private static func monotonicMicroseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
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
