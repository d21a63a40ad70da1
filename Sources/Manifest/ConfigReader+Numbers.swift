extension ConfigReader {
    public static let anyInt = Int.min...Int.max
    public static let anyDouble = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude

    /// A whole number, or the default.
    public func int(
        _ name: String, default value: Int, in range: ClosedRange<Int> = anyInt, help: String = ""
    ) -> Int {
        integer(name, range, default: "\(value)", required: false, help) ?? value
    }

    /// A required whole number.
    public func int(_ name: String, in range: ClosedRange<Int> = anyInt, help: String = "") -> Int? {
        integer(name, range, default: nil, required: true, help)
    }

    /// A whole number that may be left out.
    public func optionalInt(_ name: String, in range: ClosedRange<Int> = anyInt, help: String = "") -> Int? {
        integer(name, range, default: nil, required: false, help)
    }

    /// A number, or the default.
    public func double(
        _ name: String, default value: Double, in range: ClosedRange<Double> = anyDouble, help: String = ""
    ) -> Double {
        number(name, range, default: "\(value)", required: false, help) ?? value
    }

    /// A required number.
    public func double(_ name: String, in range: ClosedRange<Double> = anyDouble, help: String = "") -> Double? {
        number(name, range, default: nil, required: true, help)
    }

    /// A number that may be left out.
    ///
    /// - Parameter beyond: the remedy for one outside of the range, where there is a better one than to stay within.
    public func optionalDouble(
        _ name: String, in range: ClosedRange<Double> = anyDouble, help: String = "", beyond: String? = nil
    ) -> Double? {
        number(name, range, default: nil, required: false, help, beyond: beyond)
    }

    /// `true` or `false`, or the default.
    public func bool(_ name: String, default value: Bool, help: String = "") -> Bool {
        truth(name, default: "\(value)", required: false, help) ?? value
    }

    /// A required `true` or `false`.
    public func bool(_ name: String, help: String = "") -> Bool? { truth(name, default: nil, required: true, help) }

    /// A list of whole numbers, each in the range, or the default.
    public func ints(
        _ name: String, default value: [Int], in range: ClosedRange<Int> = anyInt, count: ClosedRange<Int>? = nil,
        help: String = ""
    ) -> [Int] {
        integers(name, range, count, default: "\(value)", required: false, help) ?? value
    }

    /// A required list of whole numbers.
    public func ints(
        _ name: String, in range: ClosedRange<Int> = anyInt, count: ClosedRange<Int>? = nil, help: String = ""
    ) -> [Int]? {
        integers(name, range, count, default: nil, required: true, help)
    }

    /// A list of whole numbers that may be left out.
    public func optionalInts(
        _ name: String, in range: ClosedRange<Int> = anyInt, count: ClosedRange<Int>? = nil, help: String = ""
    ) -> [Int]? {
        integers(name, range, count, default: nil, required: false, help)
    }

    /// A list of numbers, each in the range, or the default.
    public func doubles(
        _ name: String, default value: [Double], in range: ClosedRange<Double> = anyDouble,
        count: ClosedRange<Int>? = nil, help: String = ""
    ) -> [Double] {
        let key = Key(
            name: name, shape: .list(.number(range), count: count), default: "\(value)", required: false,
            help: help)
        return list(key, count) { element, node in number(element, node, range) } ?? value
    }

    // MARK: One value

    private func integer(
        _ name: String, _ range: ClosedRange<Int>, default value: String?, required: Bool, _ help: String
    ) -> Int? {
        let key = Key(
            name: name, shape: .integer(range), default: value, required: required, help: help)
        guard let node = lookup(key) else {
            return isDescribing && required ? min(max(1, range.lowerBound), range.upperBound) : nil
        }
        return integer(key, node, range)
    }

    private func integer(_ key: Key, _ node: YAMLNode, _ range: ClosedRange<Int>) -> Int? {
        guard let value = node.plainInteger else {
            if node.isTooLargeInteger {
                diagnosis.report(
                    file: file, mark: node.mark, "'\(key.name)' must lie within ±2^63, not \(shown(node.text ?? ""))",
                    remedy: "give \(key.type) \(boundsText(range, unbounded: ConfigReader.anyInt).words)")
            } else {
                wrongType(key, node, remedy: node.isOtherInteger ? "write it with decimal digits only" : nil)
            }
            return nil
        }
        guard range.contains(value) else {
            outOfRange(key, node, boundsText(range, unbounded: ConfigReader.anyInt).words)
            return nil
        }
        return value
    }

    private func number(
        _ name: String, _ range: ClosedRange<Double>, default value: String?, required: Bool, _ help: String,
        beyond: String? = nil
    ) -> Double? {
        let key = Key(name: name, shape: .number(range), default: value, required: required, help: help)
        guard let node = lookup(key) else {
            return isDescribing && required ? min(max(1, range.lowerBound), range.upperBound) : nil
        }
        return number(key, node, range, beyond: beyond)
    }

    private func number(
        _ key: Key, _ node: YAMLNode, _ range: ClosedRange<Double>, beyond: String? = nil
    ) -> Double? {
        guard let value = node.plainDouble else {
            wrongType(key, node)
            return nil
        }
        guard range.contains(value) else {
            outOfRange(key, node, boundsText(range, unbounded: ConfigReader.anyDouble).words, remedy: beyond)
            return nil
        }
        return value
    }

    private func truth(_ name: String, default value: String?, required: Bool, _ help: String) -> Bool? {
        let key = Key(name: name, shape: .truth, default: value, required: required, help: help)
        guard let node = lookup(key) else { return isDescribing && required ? true : nil }
        guard let value = node.plainBool else {
            let yes = ["yes", "on", "no", "off"].firstIndex(of: node.text?.lowercased() ?? "").map { $0 < 2 }
            wrongType(key, node, remedy: yes.map { "write '\(name): \($0)'" })
            return nil
        }
        return value
    }

    private func integers(
        _ name: String, _ range: ClosedRange<Int>, _ count: ClosedRange<Int>?, default value: String?, required: Bool,
        _ help: String
    ) -> [Int]? {
        let key = Key(
            name: name, shape: .list(.integer(range), count: count), default: value, required: required,
            help: help)
        if isDescribing && required {
            _ = lookup(key)
            return Array(repeating: min(max(1, range.lowerBound), range.upperBound), count: count?.lowerBound ?? 1)
        }
        return list(key, count) { element, node in integer(element, node, range) }
    }
}
