import Basics
import Foundation
import Glibc
import Manifest
import Processes
import Spool
import StageKit

/// Has manifests checked by `jdnas-stage validate`: the plugins know their options, and the runner knows no plugin.
struct ManifestChecker {
    let program: URL
    let spool: Spool

    /// Seconds that a check may take.
    private static let limit = 120.0

    /// The job, or what is wrong with the manifest, as text. Throws `NoVerdict` when the program did not say, and `Failure`
    /// when it could not be started at all.
    ///
    /// - Parameters:
    ///   - name: what diagnostics call the manifest.
    ///   - base: what relative paths in it refer to.
    ///   - environment: what it takes from the environment, where that was settled when it was handed in.
    ///   - meanwhile: called now and then while the check goes on.
    func check(
        _ manifest: URL, name: String, base: String, environment: [String: String] = [:],
        meanwhile: () throws -> Void
    ) throws -> Result<ResolvedJob, Refusal> {
        let output = spool.temporaryFile("validate.json")
        let errors = spool.temporaryFile("validate.txt")
        defer {
            unlink(output.path)
            unlink(errors.path)
        }
        let settings = environment.sorted { $0.key < $1.key }.flatMap { ["--env", "\($0.key)=\($0.value)"] }
        let child = try ChildProcess(
            program, ["validate", "--json", "--base", base, "--name", name] + settings + [manifest.path],
            environment: ProcessInfo.processInfo.environment, output: output, error: errors)
        let start = ProcessInfo.processInfo.systemUptime
        var end: ProcessEnd?
        while end == nil {
            end = try child.wait(seconds: 0.5)
            try meanwhile()
            if end == nil, ProcessInfo.processInfo.systemUptime - start > ManifestChecker.limit {
                throw NoVerdict(name, "took more than \(spanText(seconds: ManifestChecker.limit))")
            }
        }
        let data = (try? Data(contentsOf: output)) ?? Data()
        guard let json = try? JSON(parsing: data), let report = try? json.decode([ValidationReport].self).first else {
            let said = ((try? String(contentsOf: errors, encoding: .utf8)) ?? "").trimmingCharacters(in: .newlines)
            throw NoVerdict(
                name, (end.map(ManifestChecker.text) ?? "gave no answer") + (said.isEmpty ? "" : ": \(said)"))
        }
        guard let job = report.resolved else {
            return .failure(Refusal(report.diagnostics.map(\.text).joined(separator: "\n")))
        }
        return .success(job)
    }

    private static func text(_ end: ProcessEnd) -> String {
        end.signal.map { "was ended by signal \($0)" } ?? "ended with exit code \(end.exitCode ?? 0) and no report"
    }

    /// The check itself failed: out of memory, a library that is missing, a defect. That says nothing of the manifest.
    struct NoVerdict: Error {
        let failure: Failure

        init(_ name: String, _ how: String) {
            failure = Failure(
                "the check of the manifest \(how)", at: name,
                remedy: "try 'jdnas validate'; if that works, hand the manifest in again", cause: .system)
        }
    }

    /// Why a manifest was refused; the text goes into `rejected/`.
    struct Refusal: Error {
        let text: String
        init(_ text: String) { self.text = text.hasSuffix("\n") ? text : text + "\n" }
    }
}
