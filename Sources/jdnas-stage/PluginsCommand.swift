import Basics
import CommandKit
import DetectorKit
import Manifest
import StageKit

struct PluginsCommand: Command {
    let name = "plugins"
    let summary = "list stage and backbone plugins with their options"
    let operands = "[PLUGIN]"
    let arity = 0...1
    let options = [
        Option("--json", "print everything as JSON"),
        Option("--markdown", "print the options as a reference in Markdown"),
    ]

    func run(_ arguments: Arguments) throws -> Int32 {
        var descriptions = stageCatalog.descriptions
        if let name = arguments.operands.first {
            descriptions = descriptions.filter { $0.name == name }
            if descriptions.isEmpty {
                throw Failure(
                    "there is no stage plugin '\(name)'",
                    remedy: suggestion(for: name, among: stageCatalog.names).map { "did you mean '\($0)'?" }
                        ?? "plugins here: \(stageCatalog.names.joined(separator: ", "))")
            }
        }
        if arguments.has("--json") {
            Terminal.print(try json(descriptions).prettyText)
        } else if arguments.has("--markdown") {
            let title = "# The stage plugins' options\n\nWritten by `jdnas plugins --markdown`."
            Terminal.print(([title] + descriptions.map(\.markdown)).joined(separator: "\n\n"))
        } else if arguments.operands.isEmpty {
            Terminal.print(overview(descriptions))
        } else {
            Terminal.print(descriptions.map(\.text).joined(separator: "\n\n"))
        }
        return 0
    }

    private func json(_ stages: [StageDescription]) throws -> JSON {
        [
            "stages": try JSON(encoding: stages),
            "backbones": .array(
                backbones.map {
                    [
                        "name": .string($0.name), "summary": .string($0.summary),
                        "presets": .array($0.presets.map(JSON.string)),
                    ]
                }),
        ]
    }

    private func overview(_ stages: [StageDescription]) -> String {
        let stageRows = stages.map { ["\($0.name)", "\($0.flow)", $0.summary] }
        let backboneRows = backbones.map { [$0.name, $0.presets.joined(separator: ", "), $0.summary] }
        return "Stages ('jdnas plugins NAME' shows a stage's options):\n" + Table(rows: stageRows).text(indent: 2)
            + "\n\nBackbones, with the presets that detectors can name:\n" + Table(rows: backboneRows).text(indent: 2)
    }
}

extension StageDescription {
    var text: String {
        let rows = options.map { option in
            [option.key, option.type, option.value, [option.help, option.remark].joined(separator: " ")]
        }
        return "\(name), version \(version): \(summary)\n\(flow)\n\n"
            + Table(header: ["option", "type", "default", ""], rows: rows).text(indent: 2)
    }
}
