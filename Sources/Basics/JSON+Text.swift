public import Foundation

extension JSON {
    /// Sorted keys, no white space: equal values have equal texts. A number that is not finite becomes `null`.
    public var canonicalText: String {
        var text = ""
        write(to: &text, indent: nil, depth: 0)
        return text
    }

    /// Sorted keys, two spaces a level, and a final newline: for files that people read.
    public var prettyText: String {
        var text = ""
        write(to: &text, indent: "  ", depth: 0)
        return text + "\n"
    }

    private func write(to text: inout String, indent: String?, depth: Int) {
        func line(_ depth: Int) {
            if let indent { text += "\n" + String(repeating: indent, count: depth) }
        }
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): JSON.quote(value, into: &text)
        case .array(let elements):
            if elements.isEmpty {
                text += "[]"
                return
            }
            // Rows of scalars (boxes, statistics) stay on one line.
            let flat = elements.allSatisfy(\.isScalar)
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += indent != nil && flat ? ", " : "," }
                if !flat { line(depth + 1) }
                element.write(to: &text, indent: indent, depth: depth + 1)
            }
            if !flat { line(depth) }
            text += "]"
        case .object(let members):
            if members.isEmpty {
                text += "{}"
                return
            }
            text += "{"
            for (index, key) in members.keys.sorted().enumerated() {
                if index > 0 { text += "," }
                line(depth + 1)
                JSON.quote(key, into: &text)
                text += indent == nil ? ":" : ": "
                members[key]?.write(to: &text, indent: indent, depth: depth + 1)
            }
            line(depth)
            text += "}"
        }
    }

    private var isScalar: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }

    private static func quote(_ value: String, into text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..<"\u{20}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension JSON {
    /// Parses JSON text. `place` names the file in the error.
    public init(parsing data: Data, at place: String? = nil) throws {
        do {
            self = try JSONDecoder().decode(JSON.self, from: data)
        } catch DecodingError.dataCorrupted(let context) {
            let reason = (context.underlyingError as? NSError)?.userInfo[NSDebugDescriptionErrorKey] as? String
            throw Failure(
                "not valid JSON: \(reason ?? context.debugDescription)", at: place,
                remedy: "check that the file is complete and is JSON")
        } catch {
            throw Failure("not valid JSON: \(error)", at: place, remedy: "check that the file is complete and is JSON")
        }
    }

    public init(parsing text: String, at place: String? = nil) throws {
        try self.init(parsing: Data(text.utf8), at: place)
    }

    /// The JSON of any encodable value.
    public init(encoding value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .throw
        self = try JSONDecoder().decode(JSON.self, from: encoder.encode(value))
    }

    /// Decodes a value from this JSON, with the path of a wrong or missing member in the error.
    public func decode<Value: Decodable>(_ type: Value.Type, at place: String? = nil) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(canonicalText.utf8))
        } catch let error as DecodingError {
            throw Failure(
                JSON.explain(error), at: place,
                remedy: "the file was written by another version, or edited: write it anew")
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
            return path.isEmpty ? "the top level" : path.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(path(context)) lacks '\(key.stringValue)'"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(path(context)): \(context.debugDescription)"
        case .dataCorrupted(let context): return "\(path(context)): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }
}

extension JSON: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
