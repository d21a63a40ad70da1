import Archive
import Basics
import Bundles
import CommandKit
import Foundation
import Search

struct LineageCommand: Command {
    let name = "lineage"
    let summary = "how a search's student came about, from the base on"
    let operands = "BUNDLE|FILE"
    let arity = 1...1
    let options = [
        Option("--candidate", value: "N", "of a bundle: another candidate than the student"),
        Option("--stage", value: "NAME", "of a bundle with several searches: which"),
        Option("--json", "print it as the file that 'replay:' of a joint-search stage takes"),
    ]
    let details =
        "Reads a bundle, or the lineage.json of a joint-search. 'replay:' of that stage makes the student again from it."

    func run(_ arguments: Arguments) throws -> Int32 {
        let lineage = try read(arguments)
        Terminal.print(arguments.has("--json") ? try lineage.json.prettyText : text(lineage))
        return 0
    }

    private func text(_ lineage: Lineage) -> String {
        var rows: [[String]] = []
        for step in lineage.steps {
            let teacher = step.changesTeacher || step.actions.isEmpty ? ["teacher: \(step.teacher)"] : []
            for (index, action) in (teacher + step.actions.map(\.description)).enumerated() {
                rows.append(
                    index > 0
                        ? ["", "", action]
                        : [
                            "\(step.candidate)", step.move, action, step.precision.map { tenths(100 * $0) } ?? "",
                            tenths(step.latency),
                        ])
            }
        }
        if rows.isEmpty { return "it is the base" }
        return Table(header: ["candidate", "move", "action", "AP", "ms"], rows: rows, right: [0, 3, 4]).text()
    }

    private func read(_ arguments: Arguments) throws -> Lineage {
        let name = arguments.operands[0]
        let candidate = try arguments.integer("--candidate", in: 0...1_000_000)
        let file = URL(filePath: name)
        if name.hasSuffix(".json") {
            guard candidate == nil, arguments.value("--stage") == nil else {
                throw UsageError(
                    "a lineage's file has one candidate's", remedy: "name a bundle, or leave the options out")
            }
            guard let text = try? Data(contentsOf: file) else {
                throw Failure("the lineage cannot be read", at: name, remedy: "check the name and permissions")
            }
            return try Lineage(json: JSON(parsing: text, at: name), at: name)
        }
        let bundle = Bundles.Bundle(file)
        let (wanted, orElse) = candidate == nil ? ("lineage.json", nil) : ("history.jsonl", "journal.jsonl")
        let member = try SearchMember(wanted, orElse: orElse, of: bundle, stage: arguments.value("--stage")).path
        let place = "\(name): \(member)"
        let data = try bundle.data(of: member)
        guard let candidate else { return try Lineage(json: JSON(parsing: data, at: place), at: place) }
        let journal = try journalLines(data, at: place)
        return try Lineage(of: candidate, in: journal, at: place)
    }
}
