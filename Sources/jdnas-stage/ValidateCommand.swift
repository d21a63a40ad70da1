import Basics
import CommandKit
import Foundation
import Manifest
import StageKit

struct ValidateCommand: Command {
    let name = "validate"
    let summary = "check job manifests: everything that is wrong, with file, line and remedy"
    let operands = "FILE…"
    let arity = 1...10_000
    let options = [
        Option(
            "--base", value: "DIR", "what relative paths in the manifests refer to (default: the working directory)"),
        Option("--name", value: "NAME", "what to call the manifest in diagnostics (default: as it was named)"),
        Option(
            "--env", value: "NAME=VALUE", repeats: true,
            "what '${env:NAME}' stands for, instead of this process's environment"),
        Option("--quiet", "say nothing of manifests that are fine"),
        Option("--json", "print a list with a report for each file: the resolved job, or its diagnostics"),
    ]
    let details = "Exit code 0: all are fine; 1: something is wrong in one of them."

    func run(_ arguments: Arguments) throws -> Int32 {
        let here = URL(filePath: FileManager.default.currentDirectoryPath)
        var context = ManifestContext(base: resolve(arguments.value("--base") ?? ".", base: here))
        for setting in arguments.all("--env") {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw UsageError(
                    "'--env' has the form NAME=VALUE, not '\(setting)'", remedy: "write '--env NAME=VALUE'")
            }
            context.environment[String(parts[0])] = String(parts[1])
        }
        let reports = arguments.operands.map { file in
            ValidationReport(
                file: file,
                ManifestValidation.validate(
                    path: file, from: here, name: arguments.value("--name") ?? file, context: context,
                    catalog: stageCatalog))
        }
        if arguments.has("--json") {
            Terminal.print(try JSON(encoding: reports).prettyText)
        } else {
            for report in reports {
                for diagnostic in report.diagnostics { Terminal.error(diagnostic.text) }
                guard let job = report.resolved, !arguments.has("--quiet") else { continue }
                let stages = job.stages.map(\.name).joined(separator: ", ")
                Terminal.print("\(report.file): fine: job '\(job.job)' with \(job.stages.count) stages: \(stages)")
            }
        }
        return reports.allSatisfy { $0.resolved != nil } ? 0 : 1
    }
}
