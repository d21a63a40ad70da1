import Basics
import Foundation
import Manifest
import StageKit

/// The mapping under `with:`, a line a key.
struct OptionLines {
    private(set) var pairs: [(key: String, value: JSON)]

    init(parsing text: String) throws {
        let node = try YAMLNode(parsing: Data(text.utf8), file: "options")
        if node.isNull {
            pairs = []
        } else if let mapping = node.mapping {
            pairs = mapping.map { ($0.key.text ?? "", $0.value.json) }
        } else {
            throw Failure("options have to be a mapping", at: text, remedy: "write 'key: value' pairs")
        }
    }

    var keys: [String] { pairs.map(\.key) }

    func setting(_ key: String, to value: JSON) -> OptionLines {
        var copy = self
        if let index = keys.firstIndex(of: key) {
            copy.pairs[index].value = value
        } else {
            copy.pairs.append((key, value))
        }
        return copy
    }

    func without(_ key: String) -> OptionLines {
        var copy = self
        copy.pairs.removeAll { $0.key == key }
        return copy
    }

    func overlaid(by other: OptionLines) -> OptionLines {
        other.pairs.reduce(self) { $0.setting($1.key, to: $1.value) }
    }
}

/// A manifest with one stage.
struct JobText {
    static let file = "job.yaml"

    let text: String

    init(plugin: String, inputs: [StageRequest.Input], options: OptionLines) {
        func quoted(_ text: String) -> String { JSON.string(text).canonicalText }
        // The folder with the receipt stands above `output`.
        let needs = inputs.map { input in
            "{file: \(quoted(URL(filePath: input.directory).deletingLastPathComponent().path))}"
        }
        var lines = [
            "job: conformance", "seed: 7", "stages:", "  - name: stage", "    uses: \(quoted(plugin))",
            "    needs: [\(needs.joined(separator: ", "))]", "    with:",
        ]
        // JSON is YAML.
        lines += options.pairs.map { "      \(quoted($0.key)): \($0.value.canonicalText)" }
        text = lines.joined(separator: "\n") + "\n"
    }

    /// The line on which an option stands, from 1.
    static func line(of key: String, in options: OptionLines) -> Int? {
        options.keys.firstIndex(of: key).map { $0 + 8 }
    }
}
