import Basics
import Foundation
import Glibc
import Spool
import StageKit

/// What an ended stage process means, in one line.
enum StageVerdict {
    /// Judges an end that left no receipt, or one that is not `done`.
    static func outcome(_ end: StageEnd, of attempt: AttemptFolder, started: Timestamp, ended: Timestamp, why: EndedBy)
        -> AttemptOutcome
    {
        let told = failure(of: attempt)
        let (result, fault) = judge(end, told: told, why: why)
        return AttemptOutcome(
            result: result, fault: fault, reason: reason(end, told: told, attempt: attempt, why: why), started: started,
            ended: ended,
            exitCode: end.exitCode, signal: end.signal, userSeconds: end.userSeconds, systemSeconds: end.systemSeconds,
            peakBytes: end.peakBytes)
    }

    private static func judge(_ end: StageEnd, told: Failure?, why: EndedBy)
        -> (AttemptOutcome.Result, AttemptOutcome.Fault?)
    {
        if end.exitCode == Int(StageProcess.Exit.done) { return (.done, nil) }
        if end.exitCode == Int(StageProcess.Exit.input) { return (.input, .invalid) }
        switch why {
        case .runner, .wish: return (.cancelled, nil)
        case .silence: return (.failed, .hang)
        case .time, .memory: return (.failed, .limit)
        case .itself: break
        }
        // No fault of the stage's, and none that a limit on attempts would mend.
        if let told, told.isOfRoom { return (.cancelled, .space) }
        if end.wasOutOfMemory { return (.failed, .memory) }
        let isMachines =
            end.exitCode == Int(StageProcess.Exit.system) || end.exitCode == Int(StageProcess.Exit.cancelled)
            || end.signal == Int(SIGKILL) || end.signal == Int(SIGTERM)
        return (.failed, isMachines ? .infrastructure : .stage)
    }

    private static func reason(_ end: StageEnd, told: Failure?, attempt: AttemptFolder, why: EndedBy) -> String {
        if end.exitCode != Int(StageProcess.Exit.input), end.exitCode != Int(StageProcess.Exit.done) {
            switch why {
            case .itself: break
            case .runner: return "stopped with the runner"
            case .wish(let wish): return wish
            case .time(let seconds):
                return "ended: it may take \(spanText(seconds: seconds)) ('timeout'), and these are over"
                    + lastWords(attempt.log)
            case .memory(let limit, let used):
                return "ended: it may use \(byteText(limit)) of memory ('resources'), and used \(byteText(used))"
                    + lastWords(attempt.log)
            case .silence(let seconds):
                return "no sign of life for \(spanText(seconds: seconds)), in its log or its progress: ended as hanging"
                    + lastWords(attempt.log)
            }
        }
        if let signal = end.signal {
            if end.wasOutOfMemory {
                return "out of memory: this machine had none left, and the stage used up to \(byteText(end.peakBytes))"
                    + lastWords(attempt.log)
            }
            return text(signal: signal, peakBytes: end.peakBytes) + lastWords(attempt.log)
        }
        if let told {
            let place = told.place.map { "\($0): " } ?? ""
            let remedy = told.remedy.map { " (\($0))" } ?? ""
            return oneLine("\(place)\(told.what)\(remedy)")
        }
        switch end.exitCode {
        case 0: return "done"
        case Int(StageProcess.Exit.cancelled): return "stopped by a signal that did not come from the runner"
        default:
            let code = end.exitCode.map(String.init) ?? "unknown"
            return "ended with exit code \(code)\(lastWords(attempt.log))"
        }
    }

    private static func text(signal: Int, peakBytes: Int) -> String {
        let name = String(cString: strsignal(Int32(signal)))
        let hint: String =
            switch Int32(signal) {
            case SIGKILL: "out of memory, or kill -9; it had used up to \(peakBytes >> 20) MiB"
            case SIGILL, SIGTRAP: "a defect"
            case SIGSEGV, SIGBUS, SIGABRT, SIGFPE: "a defect, or a library that does not fit this machine"
            default: name
            }
        return "ended by signal \(signal), \(name) (\(hint))"
    }

    private static func failure(of attempt: AttemptFolder) -> Failure? {
        guard let data = try? Data(contentsOf: attempt.failure) else { return nil }
        return try? JSON(parsing: data).decode(Failure.self)
    }

    /// The last lines of a log, to go after a reason: what a library or the runtime said before it gave up, or what the stage was
    /// at.
    private static func lastWords(_ log: URL) -> String {
        guard let handle = try? FileHandle(forReadingFrom: log) else { return "" }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: size > 4096 ? size - 4096 : 0)
        let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).suffix(3).map { line in
            line.count > 200 ? "\(line.prefix(200))…" : String(line)
        }
        return lines.isEmpty ? "" : ": " + lines.joined(separator: " | ")
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    }
}
