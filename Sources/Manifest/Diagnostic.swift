/// A place in a YAML file: line and column, both from 1, columns counted in characters.
public struct Mark: Sendable, Hashable, Codable, Comparable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public static func < (a: Mark, b: Mark) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// One thing that is wrong in a file that a user wrote, and what mends it.
public struct Diagnostic: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The file as the user named it.
    public var file: String
    public var line: Int
    public var column: Int
    public var message: String
    public var remedy: String?

    public init(file: String, mark: Mark, message: String, remedy: String? = nil) {
        self.file = file
        line = mark.line
        column = mark.column
        self.message = message
        self.remedy = remedy
    }

    /// `file:line:column: error: message`, and the remedy on a line of its own.
    public var description: String {
        let text = "\(file):\(line):\(column): error: \(message)"
        return remedy.map { "\(text)\n  remedy: \($0)" } ?? text
    }
}

/// Everything that is wrong with a file and those it refers to.
public struct Diagnostics: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    public var list: [Diagnostic]

    public init(_ list: [Diagnostic]) { self.list = list }

    public var description: String { list.map(\.description).joined(separator: "\n") }
}

/// Collects diagnostics, so that one run tells all that is wrong instead of the first thing.
public final class Diagnosis {
    /// What `report` gives back, to take a diagnostic back when a better one is found.
    public struct Ticket: Hashable { let number: Int }

    private var reported: [(ticket: Ticket, diagnostic: Diagnostic)] = []
    private var count = 0

    public init() {}

    public var isEmpty: Bool { reported.isEmpty }

    /// By file in the order of first mention, then by line and column.
    public var diagnostics: [Diagnostic] {
        var files: [String: Int] = [:]
        for entry in reported where files[entry.diagnostic.file] == nil { files[entry.diagnostic.file] = files.count }
        func key(_ item: Diagnostic) -> (Int, Int, Int) { (files[item.file] ?? 0, item.line, item.column) }
        return reported.map(\.diagnostic).sorted { key($0) < key($1) }
    }

    @discardableResult
    public func report(_ diagnostic: Diagnostic) -> Ticket {
        count += 1
        let ticket = Ticket(number: count)
        reported.append((ticket, diagnostic))
        return ticket
    }

    @discardableResult
    public func report(file: String, mark: Mark, _ message: String, remedy: String? = nil) -> Ticket {
        report(Diagnostic(file: file, mark: mark, message: message, remedy: remedy))
    }

    public func report(_ diagnostics: Diagnostics) { for diagnostic in diagnostics.list { report(diagnostic) } }

    public func retract(_ ticket: Ticket) { reported.removeAll { $0.ticket == ticket } }

    public func throwIfAny() throws {
        if !isEmpty { throw Diagnostics(diagnostics) }
    }
}
