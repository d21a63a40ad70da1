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
    let details =
        "Reads a bundle, or the lineage.json of a joint-search. 'replay:' of that stage makes the student again from it."

    func run(_ arguments: Arguments) throws -> Int32 {
        let lineage = try read(arguments.operands[0])
        var rows: [[String]] = []
        for step in lineage.steps {
            let actions = step.actions.isEmpty ? ["teacher: \(step.teacher)"] : step.actions.map(\.description)
            for (index, action) in actions.enumerated() {
                rows.append(
                    index > 0
                        ? ["", "", action]
                        : [
                            "\(step.candidate)", step.move, action, step.precision.map { tenths(100 * $0) } ?? "",
                            tenths(step.latency),
                        ])
            }
        }
        Terminal.print(
            rows.isEmpty
                ? "the student is the base"
                : Table(header: ["candidate", "move", "action", "AP", "ms"], rows: rows, right: [0, 3, 4]).text())
        return 0
    }

    private func read(_ name: String) throws -> Lineage {
        let file = URL(filePath: name)
        if name.hasSuffix(".json") {
            guard let text = try? Data(contentsOf: file) else {
                throw Failure("the lineage cannot be read", at: name, remedy: "check the name and permissions")
            }
            return try Lineage(json: JSON(parsing: text, at: name), at: name)
        }
        let bundle = Bundles.Bundle(file)
        let found = try bundle.list().map(\.path).filter { $0 == "lineage.json" || $0.hasSuffix("/lineage.json") }
        guard let member = found.min(by: { $0.count < $1.count }) else {
            throw Failure(
                "the bundle holds no lineage", at: name, remedy: "take the bundle of a job with a joint-search stage")
        }
        let place = "\(name): \(member)"
        return try Lineage(json: JSON(parsing: bundle.data(of: member), at: place), at: place)
    }
}
