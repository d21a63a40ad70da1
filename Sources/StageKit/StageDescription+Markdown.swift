public import Manifest

extension StageDescription {
    /// What goes in and what comes out: `dataset, [detector] → detector`.
    public var flow: String {
        let inputs = consumes.map { input in
            let name = input.kind.rawValue + (input.isSeveral ? "…" : "")
            return input.required ? name : "[\(name)]"
        }
        return (inputs.isEmpty ? "" : inputs.joined(separator: ", ") + " ") + "→ \(produces.rawValue)"
    }

    /// Its section of the reference of options (docs/plugins.md).
    public var markdown: String {
        func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
        var lines = ["## `\(name)`", "", "\(summary). Reads and makes: \(flow)."]
        if !options.isEmpty {
            lines += ["", "| option | type | default | |", "| --- | --- | --- | --- |"]
            lines += options.map { option in
                let about = [option.help, option.condition].filter { !$0.isEmpty }.joined(separator: " ")
                return "| `\(option.key)` | \(cell(option.type)) | \(cell(option.value)) | \(cell(about)) |"
            }
        }
        return lines.joined(separator: "\n")
    }
}

extension OptionDescription {
    /// Its default, or what stands in its place.
    public var value: String { self.default ?? (required ? "required" : "none") }

    /// Under what value of another option it is read, in brackets; empty for always.
    public var condition: String { when.map { "(\($0))" } ?? "" }
}
