import Basics
import Foundation
import Glibc
import Spool

/// Tells people what a runner does: on a terminal one line that is rewritten while a stage runs, elsewhere plain lines.
public final class ConsoleReporter: RunnerReporter {
    private let descriptor: Int32
    private let isTerminal: Bool
    private var hasLine = false
    /// Plain output: when and at which tenth the last progress line was written.
    private var last: (stage: String, tenth: Int, time: Double) = ("", -1, 0)

    /// - Parameter terminal: whether the descriptor is a terminal; found out if nil.
    public init(descriptor: Int32 = 1, terminal: Bool? = nil) {
        self.descriptor = descriptor
        isTerminal = terminal ?? (isatty(descriptor) == 1)
    }

    public func report(_ event: RunnerEvent) {
        switch event {
        case .started(let spool, _): line("jobs are taken from \(spool.appending(path: "inbox").path)")
        case .note(let text): line("note: \(text)")
        case .accepted(let job, let source): line("\(job): accepted (\(source))")
        case .rejected(let source, let diagnostics): line("\(source): rejected\n\(indented(diagnostics))")
        case .stageStarted(let job, let stage, let plugin, let attempt, let resumed):
            last = ("", -1, 0)
            let again = attempt > 1 ? ", attempt \(attempt)\(resumed ? " from the last checkpoint" : "")" : ""
            line("\(job): \(stage) (\(plugin)) started\(again)")
        case .stageProgress(let job, let stage, let progress): show(job, stage, progress)
        case .stageDone(let job, let stage, let seconds):
            line("\(job): \(stage) done in \(spanText(seconds: seconds))")
        case .stageCached(let job, let stage, let source): line("\(job): \(stage) is taken from \(source)")
        case .stageFailed(let job, let stage, let reason, let again):
            line("\(job): \(stage) failed: \(reason)\(again ? "; it gets another attempt" : "")")
        case .jobDone(let job, let seconds, let bundle, let pages, let headline):
            line("\(job): done in \(spanText(seconds: seconds))")
            for text in headline { line("  \(text)") }
            line("  bundle: \(bundle.path)")
            for page in pages { line("  report: \(page.path)") }
        case .jobFailed(let job, let reason, let bundle):
            line("\(job): failed: \(reason)")
            line("  bundle with logs: \(bundle.path)")
        case .stageStopped(let job, let stage): line("\(job): \(stage) has stopped")
        case .reloading: break
        case .reloaded(let changes?):
            line("settings read again: \(changes.isEmpty ? "nothing has changed" : changes.joined(separator: ", "))")
        case .reloaded(nil): break
        case .stopping: line("stopping: the running stage saves its state (again to stop at once)")
        case .stopped: line("stopped: 'jdnas run' goes on from here")
        }
    }

    /// `job  stage  42%  3 min 05 s left  message`.
    static func progressText(_ job: JobID, _ stage: String, _ progress: ProgressFile) -> String {
        let percent = Int((progress.fraction * 100).rounded(.down))
        let eta = percent < 100 ? progress.eta.map { "  \(spanText(seconds: $0)) left" } ?? "" : ""
        let message = progress.message.split(whereSeparator: \.isNewline).joined(separator: " ")
        return "\(job)  \(stage)  \(percent)%\(eta)  \(message)"
    }

    private func show(_ job: JobID, _ stage: String, _ progress: ProgressFile) {
        let text = ConsoleReporter.progressText(job, stage, progress)
        if isTerminal {
            // One row: a line that wraps cannot be rewritten.
            put("\r\u{1B}[K" + String(text.prefix(max(20, width() - 1))))
            hasLine = true
            return
        }
        let tenth = Int(progress.fraction * 10)
        let now = ProcessInfo.processInfo.systemUptime
        guard stage != last.stage || tenth != last.tenth || now - last.time >= 30 else { return }
        last = (stage, tenth, now)
        line(text)
    }

    private func line(_ text: String) {
        put((hasLine ? "\r\u{1B}[K" : "") + text + "\n")
        hasLine = false
    }

    private func put(_ text: String) {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            // Nobody reads any more: the work goes on (`jdnas run` ignores SIGPIPE).
            if count <= 0 {
                if errno == EINTR { continue }
                return
            }
            done += count
        }
    }

    private func width() -> Int {
        var size = winsize()
        return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    private func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    }
}
