import Basics
import Foundation
import Manifest
import StageKit
import TestSupport
import Testing

/// The schema says what the readers say.
@Suite struct ManifestSchemaTests {
    static let schema = ManifestSchema.json(richCatalog)

    static func stage(_ with: String) -> String { "job: a\nstages: [{name: a, uses: rich, with: {\(with)}}]" }

    static let good = [
        "job: a\nstages: [{name: d, uses: lines, with: {count: 3}}]",
        "job: 2024\nseed: 3\nthreads:\ndescription: 3\nstages: [{name: e, uses: reads, needs: [d, a/b, {file: x}, 'file:y']}]",
        "job: a-${n}\nvariables: {n: 3}\nstages: [{name: d, uses: lines, threads: '${n}', with: {count: '${n}'}}]",
        "job: a\nvariables: {u: lines}\nstages: [{name: d, uses: '${u}', with: {count: 3}}]",
        "job: a\ninclude: [b.yaml]",
        stage("size: 3"), stage("format: plain, size: 3, rate: 0.5, flip: false, widths: [1, 2], names: [a, 3]"),
        stage("format: drawn, pen: x, size: M"), stage("format: 8, size: 3"), stage("format: '${f}', pen: x, size: 3"),
        stage("size: 3, loss: {weight: 1e-3}, steps: [{at: 3}], rate: , loss:"),
    ]

    @Test(arguments: good) func accepts(_ yaml: String) throws {
        let yaml = yaml.replacing(", loss:}", with: "}")
        #expect(SchemaCheck(Self.schema).problems(of: try json(yaml)) == [])
    }

    static let bad: [(yaml: String, problem: String)] = [
        ("stages: []", ": lacks 'job'"),
        ("job: a", ": lacks 'stages'"),
        ("job: A\nstages: []", "job: "),
        ("job: a\nstages: []\nseeed: 3", "seeed: is not allowed"),
        ("job: a\nstages: []\nseed: -1", "seed: is below 0.0"),
        ("job: a\nstages: [{name: d, uses: lines}]", "stages[0]: lacks 'with'"),
        ("job: a\nstages: [{name: d, uses: linse, with: {count: 3}}]", "stages[0].uses: is none of"),
        ("job: a\nstages: [{name: d, uses: lines, with: {count: 300}}]", "stages[0].with.count: is above 100.0"),
        ("job: a\nstages: [{name: d, uses: lines, with: {count: many}}]", "stages[0].with.count: "),
        ("job: a\nstages: [{name: d, uses: lines, with: {count: 3, rats: 1}}]", "stages[0].with.rats: is not allowed"),
        ("job: a\nstages: [{name: d, uses: lines, need: [], with: {count: 3}}]", "stages[0].need: is not allowed"),
        ("job: a\nstages: [{name: e, uses: reads, needs: [{fil: x}]}]", "stages[0].needs[0]: "),
        ("job: a\nstages: [{name: e, uses: reads, with: {mode: copie}}]", "stages[0].with.mode: is none of"),
        ("job: a\nvariables: {n: [1]}\nstages: []", "variables.n: is no"),
        (stage("format: drawn, size: M"), "stages[0].with: lacks 'pen'"),
        (stage("size: 3, pen: x"), "stages[0].with.pen: is not allowed"),
        (stage("size: 3, loss: {wieght: 1}"), "stages[0].with.loss.wieght: is not allowed"),
        (stage("size: 3, steps: [{}]"), "stages[0].with.steps[0]: lacks 'at'"),
        (stage("size: 3, widths: []"), "stages[0].with.widths: is too short"),
        (stage("size: 3, widths: [0]"), "stages[0].with.widths[0]: is below 1.0"),
        (stage("size: 3, flip: 1"), "stages[0].with.flip: is no"),
    ]

    @Test(arguments: bad) func refuses(_ yaml: String, _ problem: String) throws {
        let problems = SchemaCheck(Self.schema).problems(of: try json(yaml))
        #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
    }

    @Test func describes() {
        let options = Self.schema["$defs"]?["with-rich"]?["properties"]
        #expect(options?["format"]?["description"] == "of what")
        #expect(options?["format"]?["default"] == "plain")
        #expect(options?["widths"]?["default"] == [16])
        #expect(options?["flip"]?["default"] == true)
        #expect(Self.schema["properties"]?["seed"]?["default"] == 0)
        #expect(Self.schema["$defs"]?["with-rich"]?["description"] == "reads all kinds of options")
    }

    /// Every key has a description.
    @Test func everyKeyIsTold() {
        let keys = JobManifest.describedKeys
        #expect(keys.filter { $0.help.isEmpty }.map(\.key) == [])
        #expect(Set(keys.map(\.key)).isSuperset(of: ["job", "stages", "variables", "include", "stages[].needs"]))
    }

    /// `jdnas schema --markdown > docs/manifest-reference.md` writes it anew.
    @Test func referenceOfKeysIsCurrent() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/manifest-reference.md"), encoding: .utf8)
        #expect(text == ManifestSchema.markdown + "\n")
    }

    private func json(_ yaml: String) throws -> JSON { try YAMLNode(parsing: Data(yaml.utf8), file: "j.yaml").json }
}
