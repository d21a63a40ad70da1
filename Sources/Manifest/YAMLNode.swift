public import Basics

/// A node of a YAML document, with the place where it stands.
public struct YAMLNode: Sendable {
    public enum Style: Sendable {
        case plain, quoted
        /// Put together from variables: a text.
        case composed
        /// With variables that could not be replaced, which has been told.
        case unresolved
    }

    public enum Value: Sendable {
        /// `quoted` covers `"…"`, `'…'` and block texts: a quoted `12` is a text, a plain one a number.
        case scalar(String, Style)
        case sequence([YAMLNode])
        /// In the order of the file. Keys are scalars, each once.
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    public var mark: Mark
    public var value: Value

    public init(mark: Mark, value: Value) {
        self.mark = mark
        self.value = value
    }
}

extension YAMLNode {
    /// The text of a scalar, plain or quoted.
    public var text: String? {
        if case .scalar(let text, _) = value { return text }
        return nil
    }

    var isUnresolved: Bool {
        if case .scalar(_, .unresolved) = value { return true }
        return false
    }

    /// Whether this is a plain `null`, `~`, or nothing.
    public var isNull: Bool {
        if case .scalar(let text, .plain) = value { return ["", "~", "null"].contains(text) }
        return false
    }

    public var sequence: [YAMLNode]? {
        if case .sequence(let nodes) = value { return nodes }
        return nil
    }

    public var mapping: [(key: YAMLNode, value: YAMLNode)]? {
        if case .mapping(let pairs) = value { return pairs }
        return nil
    }

    /// The value of a key in a mapping.
    public subscript(key: String) -> YAMLNode? { mapping?.first { $0.key.text == key }?.value }

    /// What the node is, for messages: `the text 'many'`, `a list`.
    var kindText: String {
        switch value {
        case .scalar(let text, .quoted): "the quoted text '\(shown(text))'"
        case .scalar where isNull: "nothing"
        case .scalar(let text, .plain) where plainDouble != nil || plainBool != nil: shown(text)
        case .scalar(let text, _): "the text '\(shown(text))'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    // The numbers and truth values of YAML 1.2's core schema, less octal, hexadecimal, infinity and not-a-number.

    /// A plain whole number within 64 bits.
    var plainInteger: Int? {
        guard case .scalar(let text, .plain) = value else { return nil }
        return Int(text)
    }

    /// A plain whole number of more than 64 bits.
    var isTooLargeInteger: Bool {
        guard case .scalar(let text, .plain) = value, Int(text) == nil else { return false }
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        return !digits.isEmpty && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// A plain whole number as other languages write it: `0x10`, `1_000`.
    var isOtherInteger: Bool {
        guard case .scalar(let text, .plain) = value else { return false }
        return text.wholeMatch(of: /[+-]?(0[xob][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*)/) != nil
    }

    /// A plain finite number, whole or not.
    var plainDouble: Double? {
        guard case .scalar(let text, .plain) = value, text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }),
            let number = Double(text), number.isFinite
        else { return nil }
        return number
    }

    var plainBool: Bool? {
        guard case .scalar(let text, .plain) = value else { return nil }
        return ["true": true, "false": false, "True": true, "False": false][text]
    }

    /// The same value as JSON: plain scalars become numbers, truth values and null where they look like them.
    public var json: JSON {
        switch value {
        case .scalar(let text, _):
            if isNull { return .null }
            if let bool = plainBool { return .bool(bool) }
            if let integer = plainInteger { return .integer(integer) }
            if let number = plainDouble { return .number(number) }
            return .string(text)
        case .sequence(let nodes): return .array(nodes.map(\.json))
        case .mapping(let pairs):
            return .object(
                Dictionary(pairs.map { ($0.key.text ?? "", $0.value.json) }, uniquingKeysWith: { first, _ in first }))
        }
    }
}
