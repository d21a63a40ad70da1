import Basics
import Foundation

/// Reads JSON from the start to the end without building a tree: hundreds of megabytes of annotations pass through, and
/// each value's line and column is known. RFC 8259, strictly.
struct JSONScanner {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var lineStart = 0
    private var depth = 0
    let file: String

    init(_ data: Data, file: String) {
        bytes = Array(data)
        self.file = file
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// `file:line:column` of the next value.
    var place: String { "\(file):\(line):\(position - lineStart + 1)" }
    var lineAndColumn: (line: Int, column: Int) { (line, position - lineStart + 1) }

    /// Visits an object's members; `body` must consume each value. Returns false, and skips it, if it is no object.
    mutating func object(_ body: (inout JSONScanner, String) throws -> Void) throws -> Bool {
        guard try peek() == UInt8(ascii: "{") else { return try skipReturningFalse() }
        try enter()
        if try peek() == UInt8(ascii: "}") { return leave() }
        while true {
            guard try peek() == UInt8(ascii: "\"") else { throw syntax("a member's name is missing") }
            let key = try text()
            guard try peek() == UInt8(ascii: ":") else { throw syntax("':' is missing") }
            position += 1
            _ = try peek()
            try body(&self, key)
            switch try peek() {
            case UInt8(ascii: ","):
                position += 1
                _ = try peek()
            case UInt8(ascii: "}"): return leave()
            default: throw syntax("',' or '}' is missing")
            }
        }
    }

    /// Visits an array's elements; `body` must consume each one. Returns false, and skips it, if it is no array.
    mutating func array(_ body: (inout JSONScanner, Int) throws -> Void) throws -> Bool {
        guard try peek() == UInt8(ascii: "[") else { return try skipReturningFalse() }
        try enter()
        if try peek() == UInt8(ascii: "]") { return leave() }
        var index = 0
        while true {
            _ = try peek()
            try body(&self, index)
            index += 1
            switch try peek() {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"): return leave()
            default: throw syntax("',' or ']' is missing")
            }
        }
    }

    /// The next value if it is a number, else nil, and it is skipped.
    mutating func number() throws -> Double? {
        let first = try peek()
        guard first == UInt8(ascii: "-") || Self.isDigit(first) else {
            try skip()
            return nil
        }
        return try numberHere()
    }

    /// The next value if it is a whole number, also one written `3.0`. Digit for digit: as a `Double`, ids above 2^53
    /// would change. One that no `Int` holds counts as none.
    mutating func integer() throws -> Int? {
        let first = try peek()
        guard first == UInt8(ascii: "-") || Self.isDigit(first) else {
            try skip()
            return nil
        }
        let start = position
        guard try skipNumber() else {
            let value = try real(from: start)
            return abs(value) <= 0x1p53 ? Int(exactly: value) : nil
        }
        return Int(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    /// The next value if it is a string.
    mutating func string() throws -> String? {
        guard try peek() == UInt8(ascii: "\"") else {
            try skip()
            return nil
        }
        return try text()
    }

    /// A number, or `true` and `false` as 1 and 0.
    mutating func flag() throws -> Bool? {
        switch try peek() {
        case UInt8(ascii: "t"):
            try skip()
            return true
        case UInt8(ascii: "f"):
            try skip()
            return false
        default:
            switch try number() {
            case 0: return false
            case 1: return true
            default: return nil
            }
        }
    }

    /// Passes over the next value, checking its grammar.
    mutating func skip() throws {
        switch try peek() {
        case UInt8(ascii: "{"): _ = try object { scanner, _ in try scanner.skip() }
        case UInt8(ascii: "["): _ = try array { scanner, _ in try scanner.skip() }
        case UInt8(ascii: "\""): try skipText()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: _ = try skipNumber()
        }
    }

    /// Checks that nothing follows.
    mutating func end() throws {
        skipSpace()
        if position < bytes.count { throw syntax("something follows the end of the JSON") }
    }

    // MARK: Grammar

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0D: position += 1
            case 0x0A:
                position += 1
                line += 1
                lineStart = position
            default: return
            }
        }
    }

    private mutating func peek() throws -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw truncated() }
        return bytes[position]
    }

    private mutating func enter() throws {
        depth += 1
        if depth > 64 { throw syntax("values are nested deeper than 64") }
        position += 1
    }

    private mutating func leave() -> Bool {
        depth -= 1
        position += 1
        return true
    }

    private mutating func skipReturningFalse() throws -> Bool {
        try skip()
        return false
    }

    private mutating func word(_ word: String) throws {
        guard bytes[position...].starts(with: word.utf8) else { throw syntax("a value is not valid") }
        position += word.utf8.count
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// Passes over a number by the grammar; tells whether it is digits alone.
    private mutating func skipNumber() throws -> Bool {
        let start = position
        func at(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }
        func digits() -> Bool {
            let first = position
            while Self.isDigit(at(position)) { position += 1 }
            return position > first
        }
        if at(position) == UInt8(ascii: "-") { position += 1 }
        let first = position
        var isValid = digits() && (at(first) != UInt8(ascii: "0") || position == first + 1)
        var isWhole = true
        if isValid, at(position) == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            isValid = digits()
        }
        if isValid, at(position) | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            position += 1
            if at(position) == UInt8(ascii: "+") || at(position) == UInt8(ascii: "-") { position += 1 }
            isValid = digits()
        }
        guard isValid else {
            position = start
            throw syntax("a value is not valid")
        }
        return isWhole
    }

    private mutating func numberHere() throws -> Double {
        let start = position
        // Up to 15 digits are exact, and most numbers are that short.
        if try skipNumber(), position - start < 16 {
            var value = 0
            for byte in bytes[start..<position] where byte != UInt8(ascii: "-") {
                value = value * 10 + Int(byte - 0x30)
            }
            return Double(bytes[start] == UInt8(ascii: "-") ? -value : value)
        }
        return try real(from: start)
    }

    /// The number that has just been passed over.
    private mutating func real(from start: Int) throws -> Double {
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            position = start
            throw syntax("a number is not valid")
        }
        return value
    }

    private mutating func skipText() throws {
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): position += 2
            case 0..<0x20: throw syntax("a string holds a control character or has no end")
            default: position += 1
            }
        }
        throw truncated()
    }

    private mutating func text() throws -> String {
        let start = position
        try skipText()
        let inner = bytes[start + 1..<position - 1]
        if !inner.contains(UInt8(ascii: "\\")) {
            guard let text = String(validating: inner, as: UTF8.self) else {
                throw syntax("a string is not valid UTF-8")
            }
            return text
        }
        // Escapes are rare: leave them to Foundation.
        guard let text = try? JSONDecoder().decode(String.self, from: Data(bytes[start..<position])) else {
            throw syntax("a string is not valid")
        }
        return text
    }

    private func truncated() -> Failure {
        Failure(
            "not valid JSON: the file ends too early", at: "\(file):\(line)",
            remedy: "copy the file again, or have it written again")
    }

    private func syntax(_ what: String) -> Failure {
        Failure("not valid JSON: \(what)", at: place, remedy: "have the file written again by a JSON library")
    }
}
