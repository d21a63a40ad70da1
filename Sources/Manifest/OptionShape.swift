/// What the value of a key may be.
public indirect enum OptionShape: Sendable, Hashable {
    case text
    /// A name of a job or a stage.
    case name
    /// A path; what must be there, with its article: `a folder`.
    case path(String)
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case truth
    /// A text with a form of its own, `a span of time`, and what it looks like: `90s, 30m, 8h`.
    case quantity(String, examples: String)
    case choice([String])
    case list(OptionShape, count: ClosedRange<Int>?)
    /// Keys of its own, which are described with its name before theirs.
    case mapping
    /// A list of such.
    case mappings
    /// A mapping of names that the user makes up to scalars.
    case scalars
    /// What a stage reads: names, or `{file: PATH}`.
    case inputs
    case anything
}

extension OptionShape {
    /// For messages: `a whole number`.
    var text: String {
        switch self {
        case .text, .name: "a text"
        case .path(let kind): kind
        case .integer: "a whole number"
        case .number: "a number"
        case .truth: "true or false"
        case .quantity(let name, _): name
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .list(let element, _): "a list of \(element.plural)"
        case .mapping, .scalars: "a mapping"
        case .mappings: "a list of mappings"
        case .inputs: "a list of inputs"
        case .anything: "any value"
        }
    }

    private var plural: String {
        switch self {
        case .text, .name: "texts"
        case .integer: "whole numbers"
        case .number: "numbers"
        default: "values"
        }
    }

    /// For the reference: `1…1000`, empty for none.
    var range: String {
        switch self {
        case .integer(let range): boundsText(range, unbounded: ConfigReader.anyInt).short
        case .number(let range): boundsText(range, unbounded: ConfigReader.anyDouble).short
        case .list(let element, _): element.range
        case .quantity(_, let examples): "(\(examples))"
        default: ""
        }
    }

    /// For the reference, with the range and without an article: `whole number 1…1000`.
    var summary: String {
        let article = ["a ", "an "].first { text.hasPrefix($0) } ?? ""
        return text.dropFirst(article.count) + (range.isEmpty ? "" : " \(range)")
    }
}
