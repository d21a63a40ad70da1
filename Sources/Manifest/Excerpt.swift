/// A line as a terminal shows it, with a caret under a column. Long lines are cut around it; what would steer a terminal is
/// shown as U+FFFD.
struct Excerpt {
    /// Cells of a terminal's line that are used at most.
    static let width = 100
    private static let tabStop = 8

    /// The line, a line feed, and the line with the caret.
    let text: String

    /// A character as it is shown, and the cells that it takes.
    private typealias Cell = (scalar: Unicode.Scalar, width: Int)

    /// - Parameters:
    ///   - line: UTF-8; bytes that are none are shown as U+FFFD.
    ///   - column: from 1, in Unicode scalars.
    init(_ line: ArraySlice<UInt8>, column: Int) {
        func isStart(_ index: Int) -> Bool { index == line.endIndex || line[index] & 0xC0 != 0x80 }
        var caret = line.startIndex
        for _ in 1..<max(1, column) where caret < line.endIndex {
            repeat { caret += 1 } while !isStart(caret)
        }
        // Bytes that are no UTF-8 may have no start. Enough around it to fill the width, however many bytes a character has.
        var from = max(line.startIndex, caret - 6 * Excerpt.width)
        while from < caret, !isStart(from) { from += 1 }
        var to = min(line.endIndex, caret + 6 * Excerpt.width)
        while to > caret, !isStart(to) { to -= 1 }
        let before = Excerpt.cells(line[from..<caret], after: 0)
        let start = before.reduce(0) { $0 + $1.width }
        let cells = before + Excerpt.cells(line[caret..<to], after: start)
        let total = cells.reduce(0) { $0 + $1.width }

        var first = 0
        if total > Excerpt.width || from > line.startIndex || to < line.endIndex {
            first = max(0, min(start - Excerpt.width * 3 / 5, total - Excerpt.width))
        }
        let last = first + Excerpt.width
        var shown = ""
        var position = 0
        var padding = 0
        for (scalar, width) in cells {
            defer { position += width }
            // A combining mark without what it combines with is left out too.
            guard position >= first, position + width <= last, width > 0 || !shown.isEmpty else { continue }
            shown.unicodeScalars.append(scalar)
            if position < start { padding += width }
        }
        let isCutBefore = first > 0 || from > line.startIndex
        let isCutBehind = total > last || to < line.endIndex
        text =
            (isCutBefore ? "…" : "") + shown + (isCutBehind ? "…" : "") + "\n"
            + String(repeating: " ", count: padding + (isCutBefore ? 1 : 0)) + "^"
    }

    /// - Parameter position: the cell that the first character stands in.
    private static func cells(_ bytes: ArraySlice<UInt8>, after position: Int) -> [Cell] {
        var cells: [Cell] = []
        var position = position
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            if scalar == "\t" {
                let count = tabStop - position % tabStop
                cells += Array(repeating: (" ", 1), count: count)
                position += count
                continue
            }
            let cell = cell(scalar)
            cells.append(cell)
            position += cell.width
        }
        return cells
    }

    private static func cell(_ scalar: Unicode.Scalar) -> Cell {
        if scalar.value >= 0x20, scalar.value < 0x7F { return (scalar, 1) }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return (scalar, 0)
        // The zero-width joiner holds emoji together; the other format characters turn the direction of writing, or hide.
        case .format: return scalar.value == 0x200D ? (scalar, 0) : ("\u{FFFD}", 1)
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            return ("\u{FFFD}", 1)
        default: return (scalar, isWide(scalar) ? 2 : 1)
        }
    }

    /// Two cells wide in terminals: East Asian Wide and Fullwidth (Unicode Standard Annex 11), by blocks.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x1100 else { return false }
        let blocks: [ClosedRange<UInt32>] = [
            0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
        ]
        return blocks.contains { $0.contains(scalar.value) }
    }
}
