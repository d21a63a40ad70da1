/// Rows in aligned columns, two spaces apart.
public struct Table: Sendable {
    public var header: [String]?
    public var rows: [[String]]
    /// Columns that are aligned to the right: numbers, times.
    public var right: Set<Int>

    public init(header: [String]? = nil, rows: [[String]], right: Set<Int> = []) {
        self.header = header
        self.rows = rows
        self.right = right
    }

    /// Lines without white space at their ends, without a final newline.
    public func text(indent: Int = 0) -> String {
        let all = ((header.map { [$0] } ?? []) + rows).map { $0.map(Table.printable) }
        var widths: [Int] = []
        for row in all {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return all.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return right.contains(column) ? padding + cell : cell + padding
            }
            let line = String(repeating: " ", count: indent) + cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    /// The same in Markdown.
    public func markdown() -> String {
        func line(_ cells: [String]) -> String {
            "| " + cells.map { Table.printable($0).replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        let names = header ?? Array(repeating: "", count: rows.first?.count ?? 0)
        let rule = names.indices.map { right.contains($0) ? "---:" : "---" }
        return ([names, rule] + rows).map(line).joined(separator: "\n")
    }

    /// Control characters from file names and messages must not reach a terminal.
    private static func printable(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        if isPlain { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }
}
