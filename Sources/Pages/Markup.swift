/// A piece of HTML or SVG, well-formed as XML.
///
/// Written as an interpolated string: what is literal is markup, every interpolated text is escaped, so that a class
/// named `<script>` shows as just that. Numbers have two decimals at most; one that is not finite becomes 0.
public struct Markup: Sendable, ExpressibleByStringInterpolation {
    public private(set) var text: String

    public init(stringLiteral value: String) { text = value }
    public init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
    public init(escaping value: String) { text = Markup.escape(value) }

    public static let empty: Markup = ""

    public static func + (left: Markup, right: Markup) -> Markup {
        var sum = left
        sum.text += right.text
        return sum
    }

    public static func += (left: inout Markup, right: Markup) { left.text += right.text }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity * 2) }
        public mutating func appendLiteral(_ literal: String) { text += literal }
        public mutating func appendInterpolation(_ value: Markup) { text += value.text }
        public mutating func appendInterpolation(_ value: String) { text += Markup.escape(value) }
        public mutating func appendInterpolation(_ value: Int) { text += String(value) }
        public mutating func appendInterpolation(_ value: Double) { text += Markup.coordinate(value) }
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
    public func joined(_ separator: Markup = "\n") -> Markup {
        var sum = Markup.empty
        for (index, element) in enumerated() {
            if index > 0 { sum += separator }
            sum += element
        }
        return sum
    }
}
