import Basics

/// A program with commands: finds the one that is meant, answers `--help` and `--version`, and turns errors into exit codes.
///
/// 0: fine; 1: a problem was found; 2: the command line is not understood.
public struct Program: Sendable {
    public static let version = "0.1.0"

    public var name: String
    public var summary: String
    /// What `--help` says below the commands.
    public var details: String
    public var commands: [any Command]

    public init(name: String, summary: String, details: String = "", commands: [any Command]) {
        self.name = name
        self.summary = summary
        self.details = details
        self.commands = commands
    }

    /// Runs the command that `arguments` (without the program's name) ask for.
    public func run(_ arguments: [String]) -> Int32 {
        do {
            return try dispatch(arguments)
        } catch let error as UsageError {
            Terminal.error("\(name): error: \(error)")
            return 2
        } catch {
            Terminal.error("\(error)")
            return 1
        }
    }

    private func dispatch(_ arguments: [String]) throws -> Int32 {
        guard let first = arguments.first else {
            Terminal.error(help)
            return 2
        }
        switch first {
        case "--help", "-h": return show(help)
        case "--version": return show("\(name) \(Program.version)")
        case "help": return try dispatch(Array(arguments.dropFirst()) + ["--help"])
        default: break
        }
        let group = commands.filter { $0.name.hasPrefix("\(first) ") }
        if !group.isEmpty { return try dispatch(group: first, group, Array(arguments.dropFirst())) }
        guard let command = commands.first(where: { $0.name == first }) else {
            throw unknown(first, among: Set(commands.map { String($0.name.prefix { $0 != " " }) }), "")
        }
        return try run(command, Array(arguments.dropFirst()))
    }

    private func dispatch(group: String, _ members: [any Command], _ arguments: [String]) throws -> Int32 {
        let list = "usage: \(name) \(group) COMMAND …\n\n" + Program.table(members)
        guard let second = arguments.first else {
            Terminal.error(list)
            return 2
        }
        if ["--help", "-h"].contains(second) { return show(list) }
        guard let command = members.first(where: { $0.name == "\(group) \(second)" }) else {
            throw unknown(second, among: Set(members.map { String($0.name.dropFirst(group.count + 1)) }), "\(group) ")
        }
        return try run(command, Array(arguments.dropFirst()))
    }

    private func run(_ command: some Command, _ arguments: [String]) throws -> Int32 {
        let words = arguments.prefix { $0 != "--" }
        if !command.passesArguments, words.contains("--help") || words.contains("-h") { return show(help(of: command)) }
        return try command.run(try Arguments(arguments, for: command))
    }

    private func unknown(_ word: String, among known: Set<String>, _ prefix: String) -> UsageError {
        UsageError(
            "there is no command '\(prefix)\(word)'",
            remedy: suggestion(for: word, among: known).map { "did you mean '\(name) \(prefix)\($0)'?" }
                ?? "'\(name) \(prefix)--help' lists the commands")
    }

    private func show(_ text: String) -> Int32 {
        Terminal.print(text)
        return 0
    }

    // MARK: Help

    public var help: String {
        var text = "\(summary)\n\nusage: \(name) COMMAND …\n\n" + Program.table(commands)
        text += "\n\n'\(name) COMMAND --help' tells more about a command."
        return details.isEmpty ? text : "\(text)\n\n\(details)"
    }

    func help(of command: some Command) -> String {
        var text = "\(command.summary)\n\nusage: \(name) \(command.usage)"
        if !command.options.isEmpty {
            let rows = command.options.map { [$0.name + ($0.value.map { " \($0)" } ?? ""), $0.help] }
            text += "\n\n" + Table(rows: rows).text(indent: 2)
        }
        return command.details.isEmpty ? text : "\(text)\n\n\(command.details)"
    }

    private static func table(_ commands: [any Command]) -> String {
        Table(rows: commands.map { [$0.name, $0.summary] }).text(indent: 2)
    }
}
