import Basics

/// A place in a YAML file: line and column, both from 1, columns counted in Unicode scalars.
///
/// Marks are equal when line and column are: the file is for showing them.
public struct Mark: Sendable, Hashable, Comparable {
    public var line: Int
    public var column: Int
    /// The file; nil for a place in none that was read.
    public var source: SourceText?

    public init(line: Int, column: Int, source: SourceText? = nil) {
        self.line = line
        self.column = column
        self.source = source
    }

    public static func == (a: Mark, b: Mark) -> Bool { (a.line, a.column) == (b.line, b.column) }
    public static func < (a: Mark, b: Mark) -> Bool { (a.line, a.column) < (b.line, b.column) }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(line)
        hasher.combine(column)
    }
}

/// One thing that is wrong in a file that a user wrote, and what mends it.
public struct Diagnostic: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The file as the user named it.
    public var file: String
    public var line: Int
    public var column: Int
    public var message: String
    public var remedy: String?
    /// The line, and below it a caret under the column; nil where there is nothing to show.
    public var excerpt: String?

    /// - Parameter file: what to call the file of a mark that knows none.
    public init(file: String, mark: Mark, message: String, remedy: String? = nil) {
        self.file = mark.source?.name ?? file
        line = mark.line
        column = mark.column
        // One line each, whatever a user's text in them holds.
        self.message = message.withoutControls(keeping: "")
        self.remedy = remedy?.withoutControls(keeping: "")
        excerpt = mark.source?.excerpt(at: mark)
    }

    /// `file:line:column: error: message`, and the remedy on a line of its own.
    public var description: String { text(excerpt: nil) }

    /// The same with the line that it is about, for people.
    public var text: String { text(excerpt: excerpt) }

    private func text(excerpt: String?) -> String {
        let name = file.withoutControls(keeping: "")
        var lines = ["\(name):\(line):\(column): error: \(message)"]
        lines += excerpt?.split(separator: "\n").map { "    \($0)" } ?? []
        if let remedy { lines.append("  remedy: \(remedy)") }
        return lines.joined(separator: "\n")
    }
}

/// Everything that is wrong with a file and those it refers to.
public struct Diagnostics: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    public var list: [Diagnostic]

    public init(_ list: [Diagnostic]) { self.list = list }

    public var description: String { list.map(\.description).joined(separator: "\n") }

    /// With the lines that they are about, for people.
    public var text: String { list.map(\.text).joined(separator: "\n") }
}

/// Collects diagnostics, so that one run tells all that is wrong instead of the first thing.
public final class Diagnosis {
    /// What `report` gives back, to take a diagnostic back when a better one is found.
    public struct Ticket: Hashable { let number: Int }

    /// So many are told; of more, only that there are more. Nobody mends a thousand mistakes one by one, and a file of
    /// mistakes only must not take minutes.
    static let limit = 100

    private var reported: [(ticket: Ticket, diagnostic: Diagnostic)] = []
    private var count = 0
    /// Reported when there were enough already.
    private var omitted = 0
    private var firstOmitted: (file: String, mark: Mark)?

    public init() {}

    public var isEmpty: Bool { reported.isEmpty }

    /// Whether more are counted only.
    var isFull: Bool { reported.count >= Diagnosis.limit }

    /// By file in the order of first mention, then by line and column.
    public var diagnostics: [Diagnostic] {
        var files: [String: Int] = [:]
        for entry in reported where files[entry.diagnostic.file] == nil { files[entry.diagnostic.file] = files.count }
        func key(_ item: Diagnostic) -> (Int, Int, Int) { (files[item.file] ?? 0, item.line, item.column) }
        let list = reported.map(\.diagnostic).sorted { key($0) < key($1) }
        guard let firstOmitted else { return list }
        return list + [
            Diagnostic(
                file: firstOmitted.file, mark: firstOmitted.mark, message: "and \(omitted) more, from here on",
                remedy: "mend the others first")
        ]
    }

    @discardableResult
    public func report(_ diagnostic: Diagnostic) -> Ticket {
        report(file: diagnostic.file, mark: Mark(line: diagnostic.line, column: diagnostic.column)) { diagnostic }
    }

    @discardableResult
    public func report(
        file: String, mark: Mark, _ message: @autoclosure () -> String, remedy: @autoclosure () -> String? = nil
    ) -> Ticket {
        report(file: file, mark: mark) { Diagnostic(file: file, mark: mark, message: message(), remedy: remedy()) }
    }

    private func report(file: String, mark: Mark, _ diagnostic: () -> Diagnostic) -> Ticket {
        count += 1
        let ticket = Ticket(number: count)
        if isFull {
            omitted += 1
            firstOmitted = firstOmitted ?? (file, mark)
        } else {
            reported.append((ticket, diagnostic()))
        }
        return ticket
    }

    public func report(_ diagnostics: Diagnostics) { for diagnostic in diagnostics.list { report(diagnostic) } }

    public func retract(_ ticket: Ticket) { reported.removeAll { $0.ticket == ticket } }

    public func throwIfAny() throws {
        if !isEmpty { throw Diagnostics(diagnostics) }
    }
}
