public import Manifest

extension StageDescription {
    /// What goes in and what comes out: `dataset, [detector] → detector`.
    public var flow: String {
        let inputs = consumes.map { input in
            let count = input.least > 1 ? "\(input.least) " : ""
            let name = count + input.kind.rawValue + (input.isSeveral ? "…" : "")
            return input.required ? name : "[\(name)]"
        }
        return (inputs.isEmpty ? "" : inputs.joined(separator: ", ") + " ") + "→ \(produces.rawValue)"
    }

    /// Its section of the reference of options (docs/plugins.md).
    public var markdown: String {
        let lines = ["## `\(name)`", "", "\(summary). Reads and makes: \(flow)."]
        let table = options.isEmpty ? [] : ["", OptionDescription.markdownTable(of: options)]
        return (lines + table).joined(separator: "\n")
    }
}

extension OptionDescription {
    /// Under what value of another option it is read, in brackets; empty for always.
    public var remark: String { when.map { "(\($0))" } ?? "" }
}
