import Foundation
import Manifest
import Testing

/// What is wrong with a file as YAML, told exactly.
@Suite struct YAMLErrorTests {
    static let cases: [(yaml: String, expected: String)] = [
        ("", "j.yaml:1:1: error: the file is empty\n  remedy: write a YAML document"),
        (
            "a: 1\nb: 2\na: 3\n",
            "j.yaml:3:1: error: the key 'a' is here twice; the first is in line 1\n  remedy: remove one of them"
        ),
        (
            "a:\n\tb: 1\n",
            "j.yaml:2:1: error: a tab cannot indent YAML\n  remedy: indent with spaces"
        ),
        (
            "a: 1\n---\nb: 2\n",
            "j.yaml:2:1: error: a second document starts here\n  remedy: put each document into a file of its own"
        ),
        (
            "a: [1, 2\n",
            "j.yaml:2:1: error: did not find expected ',' or ']' (while parsing a flow sequence from line 1)\n"
                + "  remedy: the file ends too early: close what is open (a quote, a bracket)"
        ),
        (
            "a: \"b\n",
            "j.yaml:2:1: error: found unexpected end of stream (while scanning a quoted scalar from line 1)\n"
                + "  remedy: the file ends too early: close what is open (a quote, a bracket)"
        ),
        (
            "a: b: c\n",
            "j.yaml:1:5: error: mapping values are not allowed in this context\n"
                + "  remedy: check the indentation, and the line above for its ':'; a text with ': ' in it stands in quotes"
        ),
        (
            "[a, b]: 1\n",
            "j.yaml:1:1: error: a key must be a word, not a list\n  remedy: write 'key: value'"
        ),
        (
            "a: !!python/name:os.system x\n",
            "j.yaml:1:4: error: the tag 'tag:yaml.org,2002:python/name:os.system' is not understood\n  remedy: remove the tag"
        ),
        (
            "a: &big {x: 1}\nb: *bog\n",
            "j.yaml:2:4: error: the alias '*bog' names nothing\n  remedy: did you mean '*big'?"
        ),
        (
            "a: &loop [1, *loop]\n",
            "j.yaml:1:14: error: the alias '*loop' stands inside what it names\n  remedy: write it out"
        ),
        (
            "a: {<<: {b: 1}}\n",
            "j.yaml:1:5: error: merge keys (<<) are not understood\n  remedy: write the keys out"
        ),
    ]

    @Test(arguments: cases) func tells(_ yaml: String, _ expected: String) {
        #expect(problem(Data(yaml.utf8)) == expected)
    }

    @Test func invalidUTF8() {
        #expect(
            problem(Data([0x61, 0x3A, 0x20, 0x0A, 0x62, 0xFF]))
                == "j.yaml:2:2: error: not valid UTF-8\n  remedy: save the file as UTF-8")
    }

    @Test func controlCharacter() {
        #expect(
            problem(Data("a: 1\nb: \u{1}\n".utf8))
                == "j.yaml:2:4: error: control characters are not allowed\n  remedy: save the file as plain UTF-8 text")
    }

    @Test func nesting() {
        let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        #expect(
            problem(Data(deep.utf8))
                == "j.yaml:1:65: error: nested more than 64 deep\n  remedy: write it with less nesting")
        let legal = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(problem(Data(legal.utf8)) == nil)
        #expect(problem(Data(String(repeating: "[", count: 1_000_000).utf8))?.contains("nested more than 64") == true)
    }

    /// A billion laughs: nine levels of nine aliases each.
    @Test func aliasBomb() {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            yaml += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(
            problem(Data(yaml.utf8))
                == "j.yaml:6:10: error: more than 100000 values, with aliases written out\n"
                + "  remedy: use fewer aliases of aliases")
    }

    @Test func hugeFile() {
        let text = problem(Data(repeating: 0x61, count: 5 << 20))
        #expect(text?.hasPrefix("j.yaml:1:1: error: the file has 5242880 bytes") == true)
    }

    /// Damaged input of any kind gives diagnostics or a tree, never a crash.
    @Test func survivesMutations() {
        let source = Array(
            "job: a\nstages: [{name: x, uses: y, with: {a: &q \"z\", b: *q, c: [1, 2.5, ~]}}]\n# end\n".utf8)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var bytes = source
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            _ = problem(Data(bytes))
        }
    }

    private func problem(_ data: Data) -> String? {
        do {
            _ = try YAMLNode(parsing: data, file: "j.yaml")
            return nil
        } catch { return "\(error)" }
    }
}
