import Basics
import CommandKit
import Foundation
import Runner
import Spool

struct DoctorCommand: Command {
    let name = "doctor"
    let summary = "check everything that a spool promises; with --repair, mend what can be mended"
    let options = [
        SpoolArgument.option,
        Option("--repair", "mend it; refused while a runner works"),
        Option("--bundles", "with --repair, also build bundles of ended jobs that are not in outbox/"),
        Option("--deep", "compare the contents of all results with their digests, not their sizes only"),
        Option("--json", "print what was found, and what was done, as JSON"),
    ]
    let details = """
        Works beside a runner, and changes nothing without --repair. Repairs move what is damaged to aside/ and delete
        nothing that cannot be had again; they can be stopped at any moment and made again. Exit codes: 0 nothing is wrong
        (remarks do not count), 1 something is.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let isRepair = arguments.has("--repair")
        if arguments.has("--bundles"), !isRepair {
            throw UsageError("'--bundles' goes with '--repair'", remedy: "add '--repair'")
        }
        let doctor = try Doctor(
            at: SpoolArgument.folder(arguments), bundles: .jobs, isDeep: arguments.has("--deep"),
            buildsMissingBundles: arguments.has("--bundles"))
        let runner = doctor.runner
        let asJSON = arguments.has("--json")
        var done: [String] = []
        let findings =
            isRepair
            ? try doctor.repair { line in
                done.append(line)
                if !asJSON { Terminal.print(line) }
            } : doctor.examine()
        if let runner, !asJSON { Terminal.print("a runner works here: \(runner)") }
        Terminal.print(asJSON ? DoctorCommand.json(findings, done, runner) : DoctorCommand.text(findings))
        return findings.contains { $0.severity == .fault } ? 1 : 0
    }

    private static func text(_ findings: [Finding]) -> String {
        var lines = findings.flatMap { finding -> [String] in
            let remedy = finding.remedy.map { ["  remedy: \($0)"] } ?? []
            return ["\(finding.file): \(finding.severity.rawValue): \(finding.what)"] + remedy
        }
        let faults = findings.count { $0.severity == .fault }
        let remarks = findings.count - faults
        func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        if findings.isEmpty {
            lines.append("nothing is wrong")
        } else if faults == 0 {
            lines.append("nothing is wrong; \(count(remarks, "remark"))")
        } else {
            lines.append(count(faults, "fault") + (remarks > 0 ? ", \(count(remarks, "remark"))" : ""))
        }
        return lines.joined(separator: "\n").withoutControls()
    }

    private static func json(_ findings: [Finding], _ done: [String], _ runner: Owner?) -> String {
        let list = findings.map { finding -> JSON in
            [
                "severity": .string(finding.severity.rawValue), "file": .string(finding.file),
                "what": .string(finding.what), "remedy": finding.remedy.map(JSON.string) ?? .null,
                "repairable": .bool(finding.isRepairable),
            ]
        }
        return JSON.object([
            "findings": .array(list), "done": .array(done.map(JSON.string)),
            "runner": runner.map { .string($0.description) } ?? .null,
        ]).prettyText
    }
}
