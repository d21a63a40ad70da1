import Basics
import CommandKit
import Foundation
import Manifest
import Runner
import Spool
import StageKit

struct PlanCommand: Command {
    let name = "plan"
    let summary = "say what a job would do: which stages run and why, which are there already, how long it may take"
    let operands = "FILE…"
    let arity = 1...100
    let options = [
        SpoolArgument.option,
        Option("--threads", value: "N", "threads of stages that do not say (default: one for each processor)"),
        Option("--no-cache", "as if no earlier result were used"),
        Option("--json", "print it as JSON"),
    ]
    let details = """
        Nothing is handed in, and nothing is changed. Times are those that like stages took in this spool: with the same options
        where there are such runs. The exit code is 1 if a manifest is wrong, or a stage needs what will never be there.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let threads = try arguments.integer("--threads", in: 1...1024) ?? RunnerOptions().threads
        let jobs = try StageProgram.resolved(arguments.operands)
        guard !jobs.isEmpty else { return 1 }
        let planner = try JobPlanner(
            SpoolArgument.open(arguments), threads: threads, useCache: !arguments.has("--no-cache"))
        let plans = try jobs.map(planner.plan)
        if arguments.has("--json") {
            Terminal.print(try JSON(encoding: plans).prettyText)
        } else {
            Terminal.print(plans.map(PlanCommand.text).joined(separator: "\n\n"))
        }
        return plans.allSatisfy(\.isPossible) ? 0 : 1
    }

    static func text(_ plan: JobPlan) -> String {
        let rows = plan.stages.map { stage in
            [
                stage.name, stage.plugin, stage.action.rawValue,
                stage.action == .run ? stage.seconds.map { spanText(seconds: $0) } ?? "?" : "", stage.why,
            ]
        }
        let table = Table(header: ["STAGE", "USES", "", "TIME", "WHY"], rows: rows, right: [3])
        let (seconds, unknown) = plan.estimate
        let open = plan.stages.count { $0.action == .run }
        var total = "\(plan.job): \(open) of \(plan.stages.count) stages would run"
        if seconds > 0 { total += ", for about \(spanText(seconds: seconds)) as like stages took" }
        if unknown > 0 { total += seconds > 0 ? ", and \(unknown) of which nothing is known" : "" }
        return table.text() + "\n\n" + total
    }
}

extension StageProgram {
    /// Jobs as `jdnas-stage validate` resolves them; none, after telling all that is wrong, where one of the files is.
    static func resolved(_ files: [String]) throws -> [ResolvedJob] {
        let reports = try JSON(parsing: output(["validate", "--json", "--"] + files).output).decode(
            [ValidationReport].self)
        for diagnostic in reports.flatMap(\.diagnostics) { Terminal.error(diagnostic.text) }
        let jobs = reports.compactMap(\.resolved)
        return jobs.count == reports.count ? jobs : []
    }
}
