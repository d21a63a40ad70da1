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
        Nothing is handed in, and nothing is changed. Times are those that the same stages took in this spool; with a '~' they
        are reckoned, from what a stage computes and how quick this machine is, or those of one that differs, and may be wrong
        by half; so may be the room on the disk, without which a stage does not start. Below stands what a stage will hardly run
        for, and of which it may take longer than its 'timeout'. The exit code is 1 if a manifest is wrong, or a stage needs
        what will never be there.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let threads = try arguments.integer("--threads", in: 1...1024) ?? RunnerOptions().threads
        let jobs = try StageProgram.resolved(arguments.operands)
        guard !jobs.isEmpty else { return 1 }
        // Before there is a spool the plan is that of an empty one.
        let folder = SpoolArgument.folder(arguments)
        let isNew = !SpoolArgument.isNamed(arguments) && !FileManager.default.fileExists(atPath: folder.path)
        let scratch = FileManager.default.temporaryDirectory.appending(path: "jdnas-plan-\(UUID().uuidString)")
        defer { if isNew { try? FileManager.default.removeItem(at: scratch) } }
        let planner = try JobPlanner(
            isNew ? Spool(at: scratch, create: true) : SpoolArgument.open(arguments), threads: threads,
            useCache: !arguments.has("--no-cache"),
            forecast: StageProgram.forecast)
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
                stage.action == .run ? time(stage) : "", stage.disk.map { byteText($0) } ?? "", stage.why,
            ]
        }
        let table = Table(header: ["STAGE", "USES", "", "TIME", "DISK", "WHY"], rows: rows, right: [3, 4])
        let (seconds, unknown) = plan.estimate
        let open = plan.stages.count { $0.action == .run }
        var total = "\(plan.job): \(open) of \(plan.stages.count) stages would run"
        if seconds > 0 { total += ", for about \(spanText(seconds: seconds))" }
        if unknown > 0 { total += seconds > 0 ? ", and \(unknown) of which nothing is known" : "" }
        let doubts = plan.stages.compactMap { stage in
            stage.doubt.map { "\(stage.name): \($0)" }
        }
        return ([table.text() + "\n", total] + doubts).joined(separator: "\n")
    }

    private static func time(_ stage: JobPlan.Stage) -> String {
        stage.seconds.map { (stage.isRough ? "~" : "") + spanText(seconds: $0) } ?? "?"
    }
}

extension StageProgram {
    /// A help, no more: without it times are missing.
    static func forecast(_ query: ForecastQuery) -> ForecastAnswer {
        guard let text = try? JSON(encoding: query).canonicalText,
            let answer = try? output(["forecast"], input: Data(text.utf8)), answer.code == 0,
            let json = try? JSON(parsing: answer.output)
        else { return ForecastAnswer() }
        return (try? json.decode(ForecastAnswer.self)) ?? ForecastAnswer()
    }

    /// Jobs as `jdnas-stage validate` resolves them; none, after telling all that is wrong, where one of the files is.
    static func resolved(_ files: [String]) throws -> [ResolvedJob] {
        let reports = try JSON(parsing: output(["validate", "--json", "--"] + files).output).decode(
            [ValidationReport].self)
        for diagnostic in reports.flatMap(\.diagnostics) { Terminal.error(diagnostic.text) }
        let jobs = reports.compactMap(\.resolved)
        return jobs.count == reports.count ? jobs : []
    }
}
