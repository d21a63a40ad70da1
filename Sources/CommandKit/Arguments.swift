import Basics

/// The parsed arguments of a command.
public struct Arguments: Sendable {
    /// What is no option, in order.
    public private(set) var operands: [String] = []
    /// Everything as it came, for commands that pass it on.
    public let raw: [String]
    private var values: [String: [String]] = [:]
    private var flags: Set<String> = []

    /// Options may stand anywhere before `--`; a value follows its option, or `=`.
    public init(_ raw: [String], for command: some Command) throws {
        self.raw = raw
        if command.passesArguments { return }
        var rest = raw[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                break
            }
            guard word.hasPrefix("-"), word.count > 1 else {
                operands.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = command.options.first(where: { $0.name == parts[0] }) else {
                throw Arguments.unknown(parts[0], command)
            }
            try take(option, parts.count > 1 ? parts[1] : nil, &rest)
        }
        if operands.count > command.arity.upperBound {
            throw UsageError(
                "'\(operands[command.arity.upperBound])' is one argument too many",
                remedy: "usage: \(command.usage)")
        }
        if operands.count < command.arity.lowerBound {
            throw UsageError(
                "'\(command.name)' needs \(command.operands)", remedy: "'\(command.name) --help' shows how to use it")
        }
    }

    private mutating func take(_ option: Option, _ given: String?, _ rest: inout ArraySlice<String>) throws {
        guard option.value != nil else {
            if given != nil {
                throw UsageError("'\(option.name)' takes no value", remedy: "write '\(option.name)' alone")
            }
            flags.insert(option.name)
            return
        }
        guard let value = given ?? rest.popFirst(), !value.isEmpty else {
            throw UsageError(
                "'\(option.name)' needs a value", remedy: "write '\(option.name) \(option.value ?? "")'")
        }
        if values[option.name] != nil, !option.repeats {
            throw UsageError("'\(option.name)' is there twice", remedy: "give it once")
        }
        values[option.name, default: []].append(value)
    }

    private static func unknown(_ name: String, _ command: some Command) -> UsageError {
        let known = command.options.map(\.name) + ["--help"]
        return UsageError(
            "'\(command.name)' has no option '\(name)'",
            remedy: suggestion(for: name, among: known).map { "did you mean '\($0)'?" }
                ?? "'\(command.name) --help' lists its options; write '-- \(name)' if it is a file")
    }

    public func has(_ flag: String) -> Bool { flags.contains(flag) }

    public func value(_ option: String) -> String? { values[option]?.first }

    /// All values of an option that repeats, in order.
    public func all(_ option: String) -> [String] { values[option] ?? [] }

    /// A required option's value.
    public func require(_ option: String) throws -> String {
        guard let value = value(option) else {
            throw UsageError("'\(option)' is missing", remedy: "add '\(option) …'; '--help' tells more")
        }
        return value
    }

    /// An option's number, if it is given.
    public func number(_ option: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let text = value(option) else { return nil }
        guard let number = Double(text), range.contains(number) else {
            throw UsageError(
                "'\(option)' must be a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'",
                remedy: "write '\(option) \(range.lowerBound)', say")
        }
        return number
    }

    /// A whole number within a range, nil if the option is not there.
    public func integer(_ option: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = value(option) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw UsageError(
                "'\(option)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'",
                remedy: "write '\(option) \(range.lowerBound)', say")
        }
        return number
    }
}
