/// What one key of a configuration means: recorded while a reader describes itself, for the reference, the schema and
/// `jdnas plugins`.
public struct OptionDescription: Sendable, Hashable, Codable {
    /// With the keys around it: `schedule.warmup`; `steps[].at` in the mappings of a list.
    public var key: String
    /// `whole number 1…1000`, `one of cosine, step`, `folder`.
    public var type: String
    /// Nil for a required key, and for one that may be left out without a default.
    public var `default`: String?
    public var required: Bool
    public var help: String
    /// The value of another key under which this one is read: `format: coco`. Nil: always.
    public var when: String?

    /// What it may be: several where that depends on other keys.
    public var shapes: [OptionShape] = [.anything]
    /// The same as `when`, where it depends on one other key only.
    public var condition: Condition?
    /// Whether it has to be there whenever it is read, whatever other keys say.
    public var isAlwaysRequired = false

    /// Another key, a choice, and those of its values under which something holds.
    public struct Condition: Sendable, Hashable {
        public var key: String
        public var values: [String]
    }

    private enum CodingKeys: String, CodingKey { case key, type, `default`, required, help, when }

    public init(
        key: String, shape: OptionShape, default: String? = nil, required: Bool, help: String, when: String? = nil
    ) {
        self.key = key
        type = shape.summary
        shapes = [shape]
        self.default = `default`
        self.required = required
        isAlwaysRequired = required
        self.help = help
        self.when = when
    }
}

extension OptionDescription {
    /// For people: the default, `required`, or `none`.
    public var value: String { self.default ?? (required ? "required" : "none") }

    /// A table in Markdown. Keys are shown without a prefix that all of them have.
    public static func markdownTable(of options: [OptionDescription], without prefix: String = "") -> String {
        func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
        let rows = options.map { option in
            let about = [option.help, option.when.map { "(\($0))" } ?? ""].filter { !$0.isEmpty }
            return "| `\(option.key.dropFirst(prefix.count))` | \(cell(option.type)) | \(cell(option.value)) | "
                + "\(cell(about.joined(separator: " "))) |"
        }
        return (["| option | type | default | |", "| --- | --- | --- | --- |"] + rows).joined(separator: "\n")
    }
}
