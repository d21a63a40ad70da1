/// A piece of HTML or SVG, well-formed as XML.
///
/// Written as an interpolated string: what is literal is markup, every interpolated text is escaped, so that a class
/// named `<script>` shows as just that. Numbers have two decimals at most; one that is not finite becomes 0.
struct Markup: Sendable, ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral value: String) { text = value }
    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
    init(escaping value: String) { text = Markup.escape(value) }

    static let empty: Markup = ""

    static func + (left: Markup, right: Markup) -> Markup {
        var sum = left
        sum.text += right.text
        return sum
    }

    static func += (left: inout Markup, right: Markup) { left.text += right.text }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity * 2) }
        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ value: Markup) { text += value.text }
        mutating func appendInterpolation(_ value: String) { text += Markup.escape(value) }
        mutating func appendInterpolation(_ value: Int) { text += String(value) }
        mutating func appendInterpolation(_ value: Double) { text += Markup.coordinate(value) }
    }

    /// Escapes what means something in HTML, and drops control characters, which XML and HTML forbid.
    private static func escape(_ value: String) -> String {
        var text = ""
        text.reserveCapacity(value.utf8.count)
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case "\n", "\t": text.unicodeScalars.append(scalar)
            case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": continue
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func coordinate(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "0" }
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? String(Int(rounded)) : "\(rounded)"
    }
}

extension Sequence where Element == Markup {
    func joined(_ separator: Markup = "\n") -> Markup {
        var sum: Markup?
        for element in self { sum = sum.map { $0 + separator + element } ?? element }
        return sum ?? .empty
    }
}
