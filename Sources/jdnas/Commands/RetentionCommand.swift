import Basics
import CommandKit
import Foundation
import Spool

struct RetentionCommand: Command {
    let name = "gc"
    let summary = "list what is not needed any more in a spool; with --yes, remove it"
    let options = [
        SpoolArgument.option,
        Option("--keep-days", value: "N", "let jobs go that ended more than N days ago"),
        Option(
            "--keep-failed-days", value: "N", "the same for jobs that failed or were refused (default: as --keep-days)"),
        Option("--keep-jobs", value: "N", "let jobs go but the N that ended last"),
        Option("--bundles", "let the bundles of these jobs in outbox/ go too"),
        Option("--yes", "remove it"),
        Option("--json", "print it as JSON"),
    ]
    let details = """
        Without --keep-… no job goes, only what finished stages have left: checkpoints, results of attempts that were not
        published, what was unpacked from bundles, drafts. A job stays if any of the given rules keeps it, and as long as a job
        that has not ended needs one of its stages. Jobs that have not ended are never touched. Works with and without a runner.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let rules = RetentionRules(
            keepDays: try arguments.integer("--keep-days", in: 0...36_500),
            keepFailedDays: try arguments.integer("--keep-failed-days", in: 0...36_500),
            keepJobs: try arguments.integer("--keep-jobs", in: 0...1_000_000),
            removesBundles: arguments.has("--bundles"))
        let retention = Retention(of: try SpoolArgument.open(arguments), keeping: rules)
        let isReal = arguments.has("--yes")
        var removals: [Removal] = []
        var code: Int32 = 0
        if isReal {
            try retention.collect { removal, failure in
                guard let failure else { return removals.append(removal) }
                Terminal.error("\(failure)")
                code = 1
            }
        } else {
            removals = try retention.plan()
        }
        Terminal.print(
            arguments.has("--json")
                ? RetentionCommand.json(removals, isReal) : RetentionCommand.text(removals, isReal).withoutControls())
        return code
    }

    private static func text(_ removals: [Removal], _ isReal: Bool) -> String {
        if removals.isEmpty { return "nothing to remove" }
        let rows = removals.map { [sizeText(bytes: $0.bytes), $0.kind.rawValue, $0.path, $0.why] }
        let total = sizeText(bytes: removals.map(\.bytes).reduce(0, +))
        let end = isReal ? "\(total) freed" : "\(total) would be free; the same command with --yes removes it"
        return Table(header: ["SIZE", "WHAT", "PATH", "WHY"], rows: rows, right: [0]).text() + "\n" + end
    }

    private static func json(_ removals: [Removal], _ isReal: Bool) -> String {
        let list = removals.map { removal -> JSON in
            [
                "what": .string(removal.kind.rawValue), "path": .string(removal.path), "why": .string(removal.why),
                "bytes": .integer(removal.bytes),
            ]
        }
        return JSON.object([
            "removed": .bool(isReal), "bytes": .integer(removals.map(\.bytes).reduce(0, +)), "list": .array(list),
        ]).prettyText
    }
}
