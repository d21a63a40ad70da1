/// A text with variables in it: `run-${name}`. `$${` stands for `${`; a `$` before anything else stands for itself.
struct VariableText {
    enum Piece: Equatable {
        case literal(String)
        /// What stands between `${` and `}`.
        case reference(String)
        /// A `${` that nothing closes.
        case unterminated
    }

    let pieces: [Piece]

    init(_ text: String) {
        var pieces: [Piece] = []
        var literal = ""
        var rest = text[...]
        func flush() {
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = ""
        }
        while let dollar = rest.firstIndex(of: "$") {
            literal += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                flush()
                guard let end = rest.firstIndex(of: "}") else {
                    pieces.append(.unterminated)
                    rest = ""
                    break
                }
                pieces.append(.reference(String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])))
                rest = rest[rest.index(after: end)...]
            } else {
                literal += "$"
                rest = rest.dropFirst()
            }
        }
        literal += rest
        flush()
        self.pieces = pieces
    }

    /// Whether a text has variables, or what is written instead of one, without looking closer.
    static func mayHave(_ text: String) -> Bool { text.utf8.contains(UInt8(ascii: "$")) && text.contains("${") }

    /// Names of variables: `[A-Za-z_][A-Za-z0-9_-]*`, at most 80 characters; of the environment's, without `-`.
    static func isName(_ text: some StringProtocol, dash: Bool = true) -> Bool {
        func letter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
        }
        func digit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        guard let first = text.utf8.first, letter(first), text.utf8.count <= 80 else { return false }
        return text.utf8.allSatisfy { letter($0) || digit($0) || (dash && $0 == UInt8(ascii: "-")) }
    }
}
