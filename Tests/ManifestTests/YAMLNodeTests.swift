import Basics
import Foundation
import Manifest
import Testing

@Suite struct YAMLNodeTests {
    @Test func valuesAndMarks() throws {
        let node = try YAMLNode(
            parsing: Data("# first\na: 12\nbé: {c: '12', d: [true, 1e-3, ~, x y]}\n".utf8), file: "j.yaml")
        #expect(node["a"]?.json == 12)
        #expect(node["bé"]?["d"]?.json == [true, 0.001, .null, "x y"])
        #expect(node["bé"]?["d"]?.mark == Mark(line: 3, column: 18))
        #expect(node["bé"]?.mapping?.map(\.key.text) == ["c", "d"])
    }

    @Test func quotedNumbersAreTexts() throws {
        let node = try YAMLNode(parsing: Data("a: '12'\nb: !!str 12\nc: |\n  12\n".utf8), file: "j.yaml")
        for key in ["a", "b", "c"] {
            guard case .scalar(_, let style)? = node[key]?.value else {
                Issue.record("no scalar")
                return
            }
            #expect(style == .quoted)
        }
    }

    @Test func aliasesAreReplaced() throws {
        let node = try YAMLNode(parsing: Data("a: &x {k: [1, 2]}\nb: *x\n".utf8), file: "j.yaml")
        #expect(node["b"]?.json == ["k": [1, 2]])
        #expect(node["b"]?.mark == Mark(line: 2, column: 4))
    }
}
