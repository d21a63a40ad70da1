import Basics
import CommandKit
import Foundation
import Spool

struct ShowCommand: Command {
    let name = "show"
    let summary = "show a job: its stages, its results, why it failed"
    let operands = "JOB"
    let arity = 1...1
    let options = [SpoolArgument.option, Option("--json", "print it as JSON")]
    let details = "JOB is a job id, the unique beginning of one, or a job's name (then its latest job)."

    func run(_ arguments: Arguments) throws -> Int32 {
        let spool = try SpoolArgument.open(arguments)
        let job = try spool.job(matching: arguments.operands[0])
        Terminal.print(arguments.has("--json") ? try JSON(encoding: job).prettyText : text(job, spool))
        return 0
    }

    private func text(_ job: JobStatus, _ spool: Spool) -> String {
        var rows = [["job", job.id], ["state", job.stateText]]
        if let time = job.submitted { rows.append(["submitted", "\(time)"]) }
        if let time = job.started { rows.append(["started", "\(time)"]) }
        if let time = job.finished { rows.append(["finished", "\(time)"]) }
        if let span = job.runtimeText(now: .now) { rows.append(["runtime", span]) }
        if let bundle = job.bundle { rows.append(["bundle", bundle]) }
        if let reason = job.reason { rows.append(["reason", reason]) }
        var text = Table(rows: rows).text()
        if !job.stages.isEmpty {
            let table = Table(
                header: StageStatus.header, rows: job.stages.map(\.row), right: StageStatus.right)
            text += "\n\n" + table.text()
        }
        for stage in job.stages {
            // Of a stage that is done its result tells.
            guard let found = stage.table else { continue }
            let table = Table(header: found.header, rows: found.rows, right: numbers(found))
            text += "\n\n\(stage.name): \(found.title)\n" + table.text(indent: 2)
        }
        let lines = headlines(job, spool)
        if !lines.isEmpty { text += "\n\n" + lines.joined(separator: "\n") }
        if job.state == .rejected, let diagnostics = diagnostics(job, spool) { text += "\n\n" + diagnostics }
        return text
    }

    /// The columns that hold numbers: those that begin with one in every row that says something.
    private func numbers(_ table: ProgressFile.Table) -> Set<Int> {
        Set(
            table.header.indices.filter { column in
                let cells = table.rows.compactMap { $0.indices.contains(column) ? $0[column] : nil }
                return cells.contains { $0.first?.isNumber == true }
                    && cells.allSatisfy { $0.isEmpty || $0.first?.isNumber == true || $0 == "base" }
            })
    }

    /// What the stages that are done want people to see.
    private func headlines(_ job: JobStatus, _ spool: Spool) -> [String] {
        guard let id = JobID(job.id) else { return [] }
        return job.stages.flatMap { stage -> [String] in
            (try? spool.publishedReceipt(id, stage.name))?.headline ?? []
        }
    }

    private func diagnostics(_ job: JobStatus, _ spool: Spool) -> String? {
        let stem = [".yaml", ".yml"].reduce(job.id) { $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0 }
        let file = spool.folder(.rejected).appending(path: "\(stem).diagnostics.txt")
        return try? String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
    }
}
