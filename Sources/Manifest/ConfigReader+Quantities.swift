import Foundation
import Glibc

extension ConfigReader {
    /// A span of time with its unit (`90s`, `30m`, `8h`, `2d`, `1h30m`), in seconds; or nothing.
    public func optionalDuration(_ name: String, help: String = "") -> Double? {
        quantity(name, "a span of time", "90s, 30m, 8h, 2d or 1h30m", help, Quantity.seconds)
    }

    /// A span of time with its unit, in seconds, or `never`, which is infinity; or nothing.
    public func optionalLimit(_ name: String, help: String = "") -> Double? {
        quantity(name, "a span of time", "90s, 30m or never", help) { $0 == "never" ? .infinity : Quantity.seconds($0) }
    }

    /// A number of bytes with its unit (`500 MB`, `4 GiB`, `16G`), or nothing. `K`, `M`, `G`, `T` are powers of 1024.
    public func optionalSize(_ name: String, help: String = "") -> Int? {
        quantity(name, "a size", "500 MB or 4 GiB", help, Quantity.bytes)
    }

    /// A moment, `2026-11-30 22:00` by local time (or with `Z` at its end, by UTC), in seconds since 1970; or nothing.
    public func optionalMoment(_ name: String, help: String = "") -> Double? {
        quantity(name, "a date and time", "2026-11-30 22:00", help, Quantity.moment)
    }

    /// A part of each day, `22:00-06:00`; or nothing.
    public func optionalWindow(_ name: String, help: String = "") -> DailyWindow? {
        quantity(name, "a part of the day", "\"22:00-06:00\"", help) { DailyWindow($0) }
    }

    private func quantity<Value>(
        _ name: String, _ type: String, _ examples: String, _ help: String, _ read: (String) -> Value?
    ) -> Value? {
        let key = Key(name: name, shape: .quantity(type, examples: examples), required: false, help: help)
        guard let node = lookup(key) else { return nil }
        if let value = node.text.flatMap(read) { return value }
        wrongType(key, node, remedy: "write \(type) like \(examples)")
        return nil
    }
}

/// Numbers with units, and moments, as people write them.
public enum Quantity {
    /// `90s`, `1h30m`: seconds, up to a year.
    public static func seconds(_ text: String) -> Double? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        var rest = Substring(text.filter { $0 != " " })
        var sum = 0.0
        var smallest = Double.infinity
        while !rest.isEmpty {
            guard let (number, unit) = split(&rest), unit.count == 1, let factor = units[Character(unit)],
                factor < smallest
            else { return nil }
            sum += number * factor
            smallest = factor
        }
        return sum > 0 && sum <= 366 * 86_400 ? sum : nil
    }

    /// `500 MB`, `4 GiB`, `16G`: bytes.
    public static func bytes(_ text: String) -> Int? {
        var rest = Substring(text.filter { $0 != " " })
        guard let (number, unit) = split(&rest), rest.isEmpty else { return nil }
        let units = [
            "b": 0, "k": 1, "kib": 1, "m": 2, "mib": 2, "g": 3, "gib": 3, "t": 4, "tib": 4,
        ]
        let decimal = ["kb": 1, "mb": 2, "gb": 3, "tb": 4]
        let factor: Double
        if let power = units[unit.lowercased()] {
            factor = pow(1024, Double(power))
        } else if let power = decimal[unit.lowercased()] {
            factor = pow(1000, Double(power))
        } else {
            return nil
        }
        let bytes = number * factor
        return bytes >= 1 && bytes < 1e18 ? Int(bytes) : nil
    }

    /// Takes a number and the letters after it from the front of a text.
    private static func split(_ rest: inout Substring) -> (Double, String)? {
        let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = rest[digits.endIndex...].prefix { $0.isASCII && $0.isLetter }
        guard let number = Double(digits), number.isFinite, !unit.isEmpty else { return nil }
        rest = rest[unit.endIndex...]
        return (number, String(unit))
    }

    /// `2026-11-30 22:00`: seconds since 1970.
    public static func moment(_ text: String) -> Double? {
        var body = Substring(text)
        let isUTC = body.hasSuffix("Z")
        if isUTC { body = body.dropLast() }
        let halves = body.split(whereSeparator: { $0 == " " || $0 == "T" })
        guard halves.count == 2 else { return nil }
        let day = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        let time = halves[1].split(separator: ":", omittingEmptySubsequences: false)
        let texts = day + time
        let numbers = texts.compactMap { text in
            (1...4).contains(text.utf8.count) && text.allSatisfy { $0.isASCII && $0.isNumber } ? Int32(text) : nil
        }
        guard day.count == 3, (2...3).contains(time.count), numbers.count == texts.count, day[0].count == 4 else {
            return nil
        }
        var parts = tm()
        parts.tm_year = numbers[0] - 1900
        parts.tm_mon = numbers[1] - 1
        parts.tm_mday = numbers[2]
        parts.tm_hour = numbers[3]
        parts.tm_min = numbers[4]
        parts.tm_sec = numbers.count > 5 ? numbers[5] : 0
        parts.tm_isdst = -1
        let asked = parts
        let seconds = isUTC ? timegm(&parts) : mktime(&parts)
        // The 31st of February would become a day in March.
        let isReal =
            asked.tm_mon == parts.tm_mon && asked.tm_mday == parts.tm_mday
            && (0...23).contains(asked.tm_hour) && (0...59).contains(asked.tm_min) && (0...59).contains(asked.tm_sec)
        return isReal && seconds > 0 ? Double(seconds) : nil
    }
}
