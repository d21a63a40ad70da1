public import Basics

/// A checker of JSON Schemas, of as much of them as the project's own use.
public struct SchemaCheck {
    private let root: JSON

    public init(_ schema: JSON) { root = schema }

    /// What is wrong with a value: `stages[0].with.epochs: is above 10000`.
    public func problems(of value: JSON) -> [String] { problems(of: value, root, at: "") }

    private func problems(of value: JSON, _ schema: JSON, at path: String) -> [String] {
        guard let rules = schema.object else { return schema == false ? ["\(path): is not allowed"] : [] }
        let unknown = Set(rules.keys).subtracting(SchemaCheck.known)
        if !unknown.isEmpty { return ["\(path): the schema uses \(unknown.sorted()), which is not checked"] }
        var found: [String] = []
        if let reference = rules["$ref"]?.string {
            let steps = reference.split(separator: "/").dropFirst()
            let target = steps.reduce(root) { $0[String($1)] ?? false }
            found += problems(of: value, target, at: path)
        }
        if let type = rules["type"] {
            let types = type.string.map { [$0] } ?? type.array?.compactMap(\.string) ?? []
            if !types.contains(where: { isType(value, $0) }) { found.append("\(path): is no \(types)") }
        }
        if let words = rules["enum"]?.array, !words.contains(value) { found.append("\(path): is none of \(words)") }
        if let word = rules["const"], word != value { found.append("\(path): is not \(word)") }
        if let number = value.number {
            if let least = rules["minimum"]?.number, number < least { found.append("\(path): is below \(least)") }
            if let most = rules["maximum"]?.number, number > most { found.append("\(path): is above \(most)") }
        }
        if let pattern = rules["pattern"]?.string, let text = value.string {
            if (try? Regex(pattern).firstMatch(in: text)) == nil { found.append("\(path): does not match \(pattern)") }
        }
        found += list(value, rules, at: path) + mapping(value, rules, at: path)
        for part in rules["allOf"]?.array ?? [] { found += problems(of: value, part, at: path) }
        if let parts = rules["anyOf"]?.array {
            let each = parts.map { problems(of: value, $0, at: path) }
            // Of the nearest one.
            if !each.contains(where: \.isEmpty) { found += each.min { $0.count < $1.count } ?? [] }
        }
        if let condition = rules["if"], problems(of: value, condition, at: path).isEmpty {
            found += problems(of: value, rules["then"] ?? true, at: path)
        }
        return found
    }

    private func list(_ value: JSON, _ rules: [String: JSON], at path: String) -> [String] {
        guard let elements = value.array else { return [] }
        var found: [String] = []
        if let least = rules["minItems"]?.integer, elements.count < least { found.append("\(path): is too short") }
        if let most = rules["maxItems"]?.integer, elements.count > most { found.append("\(path): is too long") }
        for (index, element) in elements.enumerated() {
            found += problems(of: element, rules["items"] ?? true, at: "\(path)[\(index)]")
        }
        return found
    }

    private func mapping(_ value: JSON, _ rules: [String: JSON], at path: String) -> [String] {
        guard let members = value.object else { return [] }
        var found: [String] = []
        for key in rules["required"]?.array?.compactMap(\.string) ?? [] where members[key] == nil {
            found.append("\(path): lacks '\(key)'")
        }
        for (key, member) in members.sorted(by: { $0.key < $1.key }) {
            let inner = path.isEmpty ? key : "\(path).\(key)"
            if let own = rules["properties"]?[key] {
                found += problems(of: member, own, at: inner)
            } else if let others = rules["additionalProperties"] {
                found += problems(of: member, others, at: inner)
            }
        }
        return found
    }

    private func isType(_ value: JSON, _ type: String) -> Bool {
        switch type {
        case "null": value.isNull
        case "boolean": value.bool != nil
        case "integer": value.integer != nil
        case "number": value.number != nil
        case "string": value.string != nil
        case "array": value.array != nil
        case "object": value.object != nil
        default: false
        }
    }

    private static let known: Set = [
        "$schema", "$defs", "$ref", "title", "description", "default", "type", "enum", "const", "minimum", "maximum",
        "pattern", "minItems", "maxItems", "items", "required", "properties", "additionalProperties", "allOf", "anyOf",
        "if", "then",
    ]
}
