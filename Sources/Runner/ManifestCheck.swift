import Basics
import Foundation
import Glibc
import Manifest
import Processes
import StageKit

/// A check of a manifest that goes on beside everything else: the runner looks at it each time that something happens. It ends
/// when it is let go of.
final class ManifestCheck {
    enum Verdict {
        case accepted(ResolvedJob)
        /// The text goes into `rejected/`; it ends with a line break.
        case refused(String)
        /// The check itself failed: it hung, ran out of memory, met a defect. That says nothing of the manifest.
        case none(Failure)
    }

    private let name: String
    private let child: ChildProcess
    private let output: URL
    private let errors: URL
    private let limit: Double
    private let begun = ProcessInfo.processInfo.systemUptime
    private var isLate = false
    private var verdict: Verdict?

    init(_ program: URL, _ arguments: [String], name: String, output: URL, errors: URL, limit: Double) throws {
        self.name = name
        self.output = output
        self.errors = errors
        self.limit = limit
        do {
            child = try ChildProcess(
                program, arguments, environment: ProcessInfo.processInfo.environment, output: output, error: errors)
        } catch {
            unlink(output.path)
            unlink(errors.path)
            throw error
        }
    }

    deinit {
        unlink(output.path)
        unlink(errors.path)
    }

    /// Readable once there is a verdict; nil when that has been looked at.
    var descriptor: Int32? { verdict == nil ? child.descriptor : nil }

    /// What it came to; nil while it goes on. One that takes too long is ended.
    func look() -> Verdict? {
        if let verdict { return verdict }
        do {
            guard let end = try child.wait(seconds: 0) else {
                if !isLate, ProcessInfo.processInfo.systemUptime - begun > limit {
                    isLate = true
                    child.signalGroup(SIGKILL)
                }
                return nil
            }
            verdict = judge(end)
        } catch { verdict = .none(Failure(anything: error, at: name)) }
        return verdict
    }

    private func judge(_ end: ProcessEnd) -> Verdict {
        if isLate { return fault("took more than \(spanText(seconds: limit))") }
        let data = (try? Data(contentsOf: output)) ?? Data()
        guard let json = try? JSON(parsing: data), let report = try? json.decode([ValidationReport].self).first else {
            let said = ((try? String(contentsOf: errors, encoding: .utf8)) ?? "").trimmingCharacters(in: .newlines)
            let how =
                end.signal.map { "was ended by signal \($0)" }
                ?? "ended with exit code \(end.exitCode ?? 0) and no report"
            return fault(how + (said.isEmpty ? "" : ": \(said)"))
        }
        if let job = report.resolved { return .accepted(job) }
        return .refused(report.diagnostics.map(\.text).joined(separator: "\n") + "\n")
    }

    private func fault(_ how: String) -> Verdict {
        .none(
            Failure(
                "the check of the manifest \(how)", at: name,
                remedy: "try 'jdnas validate'; if that works, hand the manifest in again", cause: .system))
    }
}
