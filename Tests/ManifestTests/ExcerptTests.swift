import Basics
import Foundation
import Manifest
import Testing

/// The line that a diagnostic shows, and where its caret stands.
@Suite struct ExcerptTests {
    static let cases: [(line: String, column: Int, expected: String?)] = [
        ("a: 1", 4, "a: 1\n   ^"),
        ("a: 1", 1, "a: 1\n^"),
        // Behind the end: what is missing is missing there.
        ("a: [1", 6, "a: [1\n     ^"),
        ("a: [1", 60, "a: [1\n     ^"),
        // A tab goes to the next multiple of eight.
        ("\ta: 1", 2, "        a: 1\n        ^"),
        ("ab:\tc: d", 6, "ab:     c: d\n         ^"),
        // Combining marks take no cell, wide characters two.
        ("e\u{301}: [", 5, "e\u{301}: [\n   ^"),
        ("データ: x", 6, "データ: x\n        ^"),
        ("👩‍🔬: x", 5, "👩‍🔬: x\n     ^"),
        // Nothing steers the terminal, or turns the direction of writing.
        ("a: \u{1B}[31mx", 9, "a: \u{FFFD}[31mx\n        ^"),
        ("a: \u{202E}x\u{7F}", 6, "a: \u{FFFD}x\u{FFFD}\n     ^"),
        ("", 1, nil),
        (" \t ", 2, nil),
    ]

    @Test(arguments: cases) func shows(_ line: String, _ column: Int, _ expected: String?) {
        #expect(excerpt(line, column) == expected)
    }

    /// A hundred cells around the column; the caret stays under what it points at.
    @Test(arguments: [1, 30, 59, 60, 61, 200, 1500, 2990, 3000, 3001])
    func longLines(_ column: Int) throws {
        let letters = Array("abcdefghijklmnopqrstuvwxyz")
        let line = String((0..<3000).map { letters[$0 % 26] })
        let text = try #require(excerpt(line, column))
        let lines = text.split(separator: "\n").map(Array.init)
        #expect(lines[0].count <= 102)
        #expect(lines[1].last == "^")
        let caret = lines[1].count - 1
        if column <= 3000 { #expect(lines[0][caret] == letters[(column - 1) % 26]) }
        #expect((lines[0].first == "…") == (column > 61))
        #expect((lines[0].last == "…") == (column < 2940))
    }

    @Test func longLinesOfWideCharacters() throws {
        let line = String(repeating: "語", count: 400) + "x" + String(repeating: "語", count: 400)
        let lines = try #require(excerpt(line, 401)).split(separator: "\n").map(String.init)
        let before = lines[0].prefix { $0 != "x" }
        let cells = before.reduce(0) { $0 + ($1 == "語" ? 2 : 1) }
        #expect(lines[1].count == cells + 1)
    }

    /// Lines are counted as libyaml counts them.
    @Test(arguments: ["\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"]) func lineBreaks(_ end: String) {
        let text = "a: 1\(end)# b\(end)\(end)b: 2\(end)b: 3\(end)"
        let problem = #expect(throws: Diagnostics.self) { try YAMLNode(parsing: Data(text.utf8), file: "j.yaml") }
        #expect(
            problem?.text == """
                j.yaml:5:1: error: the key 'b' is here twice; the first is in line 4
                    b: 3
                    ^
                  remedy: remove one of them
                """)
    }

    @Test func byteOrderMark() {
        let bytes = Data([0xEF, 0xBB, 0xBF]) + Data("a: 1\na: 2\n".utf8)
        let problem = #expect(throws: Diagnostics.self) { try YAMLNode(parsing: bytes, file: "j.yaml") }
        #expect(problem?.list.first?.excerpt == "a: 2\n^")
        #expect((try? YAMLNode(parsing: bytes.prefix(8), file: "j.yaml")["a"]?.json) == 1)
    }

    /// A user's text stays on its line.
    @Test func messagesAreOneLine() {
        let diagnostic = Diagnostic(
            file: "a\nb.yaml", mark: Mark(line: 1, column: 2), message: "no 'x\ny\u{1B}'", remedy: "write\tit")
        #expect(
            diagnostic.text
                == "a\u{FFFD}b.yaml:1:2: error: no 'x\u{FFFD}y\u{FFFD}'\n  remedy: write\u{FFFD}it")
    }

    /// A hundred mistakes are told, and that there are more.
    @Test func thousandsOfMistakes() throws {
        let text = (0..<40_000).map { "k\($0): 1\n" }.joined()
        let node = try YAMLNode(parsing: Data(text.utf8), file: "j.yaml")
        let reader = ConfigReader(node, file: "j.yaml", baseDirectory: URL(filePath: "/"))
        _ = reader.int("epochs", default: 1)
        reader.finish()
        let list = reader.diagnosis.diagnostics
        #expect(list.count == 101)
        #expect(list.last?.message == "and 39900 more, from here on")
        #expect(list.last?.line == 101)
    }

    private func excerpt(_ line: String, _ column: Int) -> String? {
        let source = SourceText(Data("# first\n\(line)\n".utf8), name: "j.yaml")
        let mark = Mark(line: 2, column: column, source: source)
        return Diagnostic(file: "", mark: mark, message: "").excerpt
    }
}
