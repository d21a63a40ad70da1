/// An option of a command: `--name`, with a value or without.
public struct Option: Sendable, Hashable {
    /// With its dashes.
    public var name: String
    /// What stands for the value in the help; nil for a flag.
    public var value: String?
    public var help: String
    /// Whether it may be given several times.
    public var repeats: Bool

    public init(_ name: String, value: String? = nil, repeats: Bool = false, _ help: String) {
        self.name = name
        self.value = value
        self.repeats = repeats
        self.help = help
    }
}

/// One command of a program: what it is called with, and what it does. One file a command.
public protocol Command: Sendable {
    /// One word, or two for a command of a group: `bundle verify`.
    var name: String { get }
    /// One line for the list of commands.
    var summary: String { get }
    /// What follows the options, as the help shows it: `FILE…`.
    var operands: String { get }
    /// How many operands there may be.
    var arity: ClosedRange<Int> { get }
    var options: [Option] { get }
    /// More help, after the options.
    var details: String { get }
    /// Whether to leave the arguments alone, help included: they are another program's.
    var passesArguments: Bool { get }

    /// Does it; returns the exit code. Throws `Failure` (exit code 1) or `UsageError` (2).
    func run(_ arguments: Arguments) throws -> Int32
}

extension Command {
    public var operands: String { "" }
    public var arity: ClosedRange<Int> { 0...0 }
    public var options: [Option] { [] }
    public var details: String { "" }
    public var passesArguments: Bool { false }

    /// How it is called: `list [options] FILE…`.
    var usage: String { name + (options.isEmpty ? "" : " [options]") + (operands.isEmpty ? "" : " \(operands)") }
}

/// A command line that is not understood.
public struct UsageError: Error, Sendable, Hashable, CustomStringConvertible {
    public var message: String
    public var remedy: String?

    public init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }

    public var description: String { remedy.map { "\(message)\n  remedy: \($0)" } ?? message }
}
