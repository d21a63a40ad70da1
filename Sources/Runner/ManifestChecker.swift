import Basics
import CLinux
import Foundation
import Glibc
import Manifest
import Spool
import StageKit

/// Has manifests checked by `jdnas-stage validate`: the plugins know their options, and the runner knows no plugin.
struct ManifestChecker {
    let program: URL
    let spool: Spool

    /// The job, or what is wrong with the manifest, as text. Throws when the program could not be started at all.
    ///
    /// - Parameters:
    ///   - name: what diagnostics call the manifest.
    ///   - base: what relative paths in it refer to.
    func check(_ manifest: URL, name: String, base: String) throws -> Result<ResolvedJob, Refusal> {
        let output = spool.temporaryFile("validate.json")
        let errors = spool.temporaryFile("validate.txt")
        defer {
            unlink(output.path)
            unlink(errors.path)
        }
        let child = try ChildProcess(
            program, ["validate", "--json", "--base", base, "--name", name, manifest.path],
            environment: ProcessInfo.processInfo.environment, output: output, error: errors)
        guard let end = try child.wait(seconds: 120) else {
            return .failure(Refusal("\(name): error: checking the manifest took more than two minutes"))
        }
        let data = (try? Data(contentsOf: output)) ?? Data()
        guard let json = try? JSON(parsing: data), let report = try? json.decode([ValidationReport].self).first else {
            let how = end.signal > 0 ? "was ended by signal \(end.signal)" : "ended with exit code \(end.code)"
            let said = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
            return .failure(
                Refusal("\(name): error: the check of the manifest \(how): this is a defect, report it\n\(said)"))
        }
        guard let job = report.resolved else {
            return .failure(Refusal(report.diagnostics.map(\.description).joined(separator: "\n")))
        }
        if let stage = job.stages.first(where: { Spool.reservedStageNames.contains($0.name) }) {
            return .failure(
                Refusal(
                    "\(name): error: a stage cannot be called '\(stage.name)': the spool uses this name\n"
                        + "  remedy: give it another name"))
        }
        return .success(job)
    }

    /// Why a manifest was refused; the text goes into `rejected/`.
    struct Refusal: Error {
        let text: String
        init(_ text: String) { self.text = text.hasSuffix("\n") ? text : text + "\n" }
    }
}
