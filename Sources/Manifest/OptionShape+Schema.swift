public import Basics

// JSON Schema, draft 2020-12: https://json-schema.org/draft/2020-12

extension OptionShape {
    /// A whole value that is one variable, whatever it stands for.
    static let variable: JSON = ["type": "string", "pattern": #"^\$\{[^}]+\}$"#]

    /// The schemas of which a value has to fulfil one. Texts, names and paths may be written as numbers.
    fileprivate var alternatives: [JSON] {
        switch self {
        case .text, .path: [["type": ["string", "number", "boolean"]]]
        case .name:
            [
                ["type": "string", "pattern": #"^[a-z0-9][a-z0-9._-]{0,79}$"#],
                ["type": "string", "pattern": #"\$\{"#], ["type": "integer"],
            ]
        case .integer(let range):
            [
                OptionShape.bounded(
                    "integer", range.lowerBound == .min ? nil : .integer(range.lowerBound),
                    range.upperBound == .max ? nil : .integer(range.upperBound)), OptionShape.variable,
            ]
        case .number(let range):
            [
                OptionShape.bounded(
                    "number", range.lowerBound == ConfigReader.anyDouble.lowerBound ? nil : .number(range.lowerBound),
                    range.upperBound == ConfigReader.anyDouble.upperBound ? nil : .number(range.upperBound)),
                OptionShape.variable,
            ]
        case .quantity: [["type": "string"]]
        case .truth: [["type": "boolean"], OptionShape.variable]
        case .choice(let words): [["enum": .array(words.flatMap(OptionShape.scalars))], OptionShape.variable]
        case .list(let element, let count):
            [OptionShape.list(of: OptionShape.anyOf(element.alternatives), count)]
        case .mapping: [["type": "object"]]
        case .mappings: [["type": "array", "items": ["type": "object"]]]
        case .scalars:
            [["type": "object", "additionalProperties": ["type": ["string", "number", "boolean"]]]]
        case .inputs:
            [
                OptionShape.list(
                    of: [
                        "anyOf": [
                            ["type": ["string", "integer"]],
                            [
                                "type": "object", "properties": ["file": ["type": ["string", "number"]]],
                                "required": ["file"], "additionalProperties": false,
                            ],
                        ]
                    ], nil)
            ]
        case .anything: [true]
        }
    }

    private static func bounded(_ type: String, _ least: JSON?, _ most: JSON?) -> JSON {
        var members: [String: JSON] = ["type": .string(type)]
        members["minimum"] = least
        members["maximum"] = most
        return .object(members)
    }

    private static func list(of element: JSON, _ count: ClosedRange<Int>?) -> JSON {
        var members: [String: JSON] = ["type": "array", "items": element]
        if let count, count.lowerBound > 0 { members["minItems"] = .integer(count.lowerBound) }
        if let count, count.upperBound < .max { members["maxItems"] = .integer(count.upperBound) }
        return .object(members)
    }

    /// A word of a choice, also as the number or truth value that YAML takes it for.
    private static func scalars(_ word: String) -> [JSON] {
        let plain = YAMLNode(mark: Mark(line: 1, column: 1), value: .scalar(word, .plain)).json
        return plain == .string(word) || plain == .null ? [.string(word)] : [.string(word), plain]
    }

    fileprivate static func anyOf(_ schemas: [JSON]) -> JSON {
        schemas.count == 1 ? schemas[0] : ["anyOf": .array(schemas)]
    }

    /// A default, which descriptions hold as text.
    fileprivate func json(_ text: String) -> JSON {
        switch self {
        case .integer, .number, .truth:
            return YAMLNode(mark: Mark(line: 1, column: 1), value: .scalar(text, .plain)).json
        case .list(let element, _):
            let elements = text.dropFirst().dropLast().split(separator: ", ").map { element.json(String($0)) }
            return .array(elements)
        default: return .string(text)
        }
    }
}

extension OptionDescription {
    /// The schema of the key's value.
    ///
    /// - Parameter inner: the schema of a mapping's keys, or of each mapping's in a list of them.
    func schema(inner: JSON?) -> JSON {
        var alternatives: [JSON] = []
        for shape in shapes {
            switch (shape, inner) {
            case (.mapping, let inner?): alternatives.append(inner)
            case (.mappings, let inner?): alternatives.append(["type": "array", "items": inner])
            default: alternatives += shape.alternatives.filter { !alternatives.contains($0) }
            }
        }
        // An empty value is the same as none.
        if !isAlwaysRequired, !alternatives.contains(true) { alternatives.append(["type": "null"]) }
        var members = OptionShape.anyOf(alternatives).object ?? [:]
        if !help.isEmpty { members["description"] = .string(help) }
        if let text = self.default, let shape = shapes.first { members["default"] = shape.json(text) }
        return .object(members)
    }
}

extension [OptionDescription] {
    /// The schema of a mapping with these keys, and no others.
    ///
    /// - Parameters:
    ///   - prefix: what stands before the keys of the mapping: `loss.`.
    ///   - refined: schemas that are known better than these descriptions tell, by key.
    public func schema(below prefix: String = "", refined: [String: JSON] = [:]) -> JSON {
        let own = filter { option in
            option.key.hasPrefix(prefix) && !option.key.dropFirst(prefix.count).contains { ".[".contains($0) }
        }
        var properties: [String: JSON] = [:]
        for option in own {
            // Without described keys it is a mapping that others look into.
            func inner(_ prefix: String) -> JSON? {
                contains { $0.key.hasPrefix(prefix) } ? schema(below: prefix) : nil
            }
            let inner: JSON? =
                switch option.shapes.first {
                case .mapping: inner(option.key + ".")
                case .mappings: inner(option.key + "[].")
                default: nil
                }
            let name = String(option.key.dropFirst(prefix.count))
            properties[name] = refined[name] ?? option.schema(inner: inner)
        }
        var members: [String: JSON] = [
            "type": "object", "properties": .object(properties), "additionalProperties": false,
        ]
        let required = own.filter { $0.isAlwaysRequired && $0.condition == nil }.map { $0.key.dropFirst(prefix.count) }
        if !required.isEmpty { members["required"] = .array(required.map { .string(String($0)) }) }
        let rules = own.flatMap { conditionRules(for: $0, among: own, below: prefix) }
        if !rules.isEmpty { members["allOf"] = .array(rules) }
        return .object(members)
    }

    /// What another key's value says of a key: that it has to be there, or must not.
    private func conditionRules(for option: OptionDescription, among own: [OptionDescription], below prefix: String)
        -> [JSON]
    {
        guard let condition = option.condition, let choice = own.first(where: { $0.key == condition.key }),
            case .choice(let words)? = choice.shapes.first, choice.shapes.count == 1
        else { return [] }
        let name = String(option.key.dropFirst(prefix.count))
        let other = String(choice.key.dropFirst(prefix.count))
        /// Left out or empty, a choice has its default.
        func has(_ values: [String]) -> JSON {
            let isDefault = choice.default.map(values.contains) ?? false
            var members: [String: JSON] = [
                "properties": [other: ["enum": .array(values.map(JSON.string) + (isDefault ? [.null] : []))]]
            ]
            if !isDefault { members["required"] = [.string(other)] }
            return .object(members)
        }
        var rules: [JSON] = []
        if option.isAlwaysRequired {
            rules.append(["if": has(condition.values), "then": ["required": [.string(name)]]])
        }
        let others = words.filter { !condition.values.contains($0) }
        rules.append(["if": has(others), "then": ["properties": [name: false]]])
        return rules
    }
}
