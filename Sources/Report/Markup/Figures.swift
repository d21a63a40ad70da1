import Foundation
import Pages

/// Numbers as a reader wants them, with unbreakable spaces. What is missing or not finite is a dash.
enum Figures {
    static let none = "–"

    /// `digits` decimals, with a true minus sign.
    static func fixed(_ value: Double?, _ digits: Int) -> String {
        guard let value, value.isFinite else { return none }
        var text = String(format: "%.\(digits)f", abs(value))
        if value < 0, text.contains(where: { $0 != "0" && $0 != "." }) { text = "−" + text }
        return text
    }

    /// An average precision or recall, 0 to 1; COCO's -1 (nothing to count) is a dash.
    static func precision(_ value: Double?) -> String {
        guard let value, value >= 0 else { return none }
        return fixed(value, 3)
    }

    /// The same from 0 to 100.
    static func precisionPoints(_ value: Double?) -> String {
        guard let value, value >= 0 else { return none }
        return fixed(100 * value, 1)
    }

    static func milliseconds(_ value: Double?) -> String {
        guard let value, value.isFinite else { return none }
        return fixed(value, value < 10 ? 2 : value < 1000 ? 1 : 0) + "\u{A0}ms"
    }

    /// 1234567 is "1.23 M".
    static func count(_ value: Int?) -> String {
        guard let value else { return none }
        let number = Double(value)
        for (unit, size) in [("G", 1e9), ("M", 1e6), ("k", 1e3)] where abs(number) >= size {
            let scaled = number / size
            return fixed(scaled, abs(scaled) < 10 ? 2 : abs(scaled) < 100 ? 1 : 0) + "\u{A0}" + unit
        }
        return String(value)
    }

    static func signed(_ value: Double?, _ digits: Int) -> String {
        guard let value, value.isFinite else { return none }
        let text = fixed(value, digits)
        if text.hasPrefix("−") { return text }
        return (text.contains { $0 != "0" && $0 != "." } ? "+" : "±") + text
    }

    /// A change of AP in points: 0.008 is "+0.8".
    static func points(_ value: Double?) -> String { signed(value.map { $0 * 100 }, 1) }

    /// A relative change: -0.31 is "−31 %".
    static func percent(_ value: Double?) -> String {
        guard let value, value.isFinite else { return none }
        return signed(value * 100, abs(value) < 0.0995 ? 1 : 0) + "\u{A0}%"
    }
}

/// The change from a base's figure to a student's.
struct Change {
    enum Kind {
        /// In AP points; more is better.
        case points
        /// Relative; less is better.
        case relative
    }

    let text: String
    /// Nil where nothing to speak of changed, or nothing can be compared.
    let better: Bool?

    init(from base: Double?, to student: Double?, _ kind: Kind) {
        guard let base, let student, base.isFinite, student.isFinite, base >= 0, student >= 0,
            kind == .points || base > 0
        else {
            text = Figures.none
            better = nil
            return
        }
        switch kind {
        case .points:
            let change = student - base
            text = Figures.points(change)
            better = abs(change) < 0.0005 ? nil : change > 0
        case .relative:
            let change = student / base - 1
            text = Figures.percent(change)
            better = abs(change) < 0.0005 ? nil : change < 0
        }
    }

    var markup: Markup {
        switch better {
        case true?: "<span class=\"good\">\(text)</span>"
        case false?: "<span class=\"bad\">\(text)</span>"
        case nil: "<span class=\"same\">\(text)</span>"
        }
    }
}
