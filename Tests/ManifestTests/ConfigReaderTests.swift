import Basics
import Foundation
import Manifest
import Testing

/// What a typed reader says of wrong values, told exactly.
@Suite struct ConfigReaderTests {
    enum Schedule: String, CaseIterable { case cosine, step }

    /// Reads one of everything.
    static func read(_ reader: ConfigReader) {
        _ = reader.int("epochs", default: 12, in: 1...1000)
        _ = reader.int("batch", default: 8, in: 1...Int.max)
        _ = reader.double("rate", default: 0.02, in: 0...1)
        _ = reader.bool("flip", default: true)
        _ = reader.string("title", default: "")
        _ = reader.choice("schedule", default: Schedule.cosine)
        _ = reader.ints("widths", default: [16], in: 1...512, count: 1...4)
        _ = reader.strings("names", default: [])
        let nested = reader.reader("loss")
        _ = nested.double("weight", default: 1, in: 0...10)
        for item in reader.readers("steps") { _ = item.int("at", in: 0...100) }
        _ = reader.string("must")
    }

    static let cases: [(yaml: String, expected: [String])] = [
        ("must: x", []),
        ("{must: x, epochs: 3, rate: 1, widths: [1, 2], loss: {weight: 2.5}, steps: [{at: 3}], title: 007}", []),
        ("must: x\nepoch: 3", ["2:1: error: unknown key 'epoch'\n  remedy: did you mean 'epochs'?"]),
        (
            "must: x\ncolour: red",
            [
                "2:1: error: unknown key 'colour'\n  remedy: remove it; known here: batch, epochs, flip, loss, must, "
                    + "names, rate, schedule, steps, title, widths"
            ]
        ),
        ("epochs: 3", ["1:1: error: 'must' is missing\n  remedy: give a text: 'must: …'"]),
        ("must:\nepochs: 3", ["1:6: error: 'must' is empty\n  remedy: give a text: 'must: …'"]),
        // A misspelt required key is told once.
        ("mus: x", ["1:1: error: unknown key 'mus'\n  remedy: did you mean 'must'?"]),
        (
            "{must: x, epochs: many}",
            [
                "1:19: error: 'epochs' must be a whole number, not the text 'many'\n"
                    + "  remedy: write 'epochs: …' with a whole number"
            ]
        ),
        (
            "{must: x, epochs: '12'}",
            ["1:19: error: 'epochs' must be a whole number, not the quoted text '12'\n  remedy: remove the quotes"]
        ),
        (
            "{must: x, epochs: 2.5}",
            ["1:19: error: 'epochs' must be a whole number, not 2.5\n  remedy: write 'epochs: …' with a whole number"]
        ),
        (
            "{must: x, epochs: [1]}",
            [
                "1:19: error: 'epochs' must be a whole number, not a list\n  remedy: write 'epochs: …' with a whole number"
            ]
        ),
        (
            "{must: x, epochs: 0}",
            ["1:19: error: 'epochs' must be from 1 to 1000, not 0\n  remedy: give a whole number from 1 to 1000"]
        ),
        (
            "{must: x, batch: -4}",
            ["1:18: error: 'batch' must be at least 1, not -4\n  remedy: give a whole number at least 1"]
        ),
        (
            "{must: x, rate: 1.5}",
            ["1:17: error: 'rate' must be from 0.0 to 1.0, not 1.5\n  remedy: give a number from 0.0 to 1.0"]
        ),
        (
            "{must: x, rate: .inf}",
            ["1:17: error: 'rate' must be a number, not the text '.inf'\n  remedy: write 'rate: …' with a number"]
        ),
        (
            "{must: x, flip: yes}",
            ["1:17: error: 'flip' must be true or false, not the text 'yes'\n  remedy: write 'flip: true'"]
        ),
        (
            "{must: x, schedule: cosin}",
            [
                "1:21: error: 'schedule' must be one of cosine, step, not the text 'cosin'\n  remedy: did you mean 'cosine'?"
            ]
        ),
        (
            "{must: x, widths: 16}",
            ["1:19: error: 'widths' must be a list of whole numbers, not 16\n  remedy: write 'widths: [16]'"]
        ),
        (
            "{must: x, widths: [16, wide]}",
            [
                "1:24: error: 'widths[1]' must be a whole number, not the text 'wide'\n"
                    + "  remedy: write 'widths[1]: …' with a whole number"
            ]
        ),
        (
            "{must: x, widths: []}",
            [
                "1:19: error: 'widths' must have from 1 to 4 elements, not 0\n  remedy: write 'widths: […]' with from 1 to 4 elements"
            ]
        ),
        (
            "{must: x, loss: 3}",
            ["1:17: error: 'loss' must be a mapping, not 3\n  remedy: write 'key: value' pairs under 'loss:'"]
        ),
        (
            "{must: x, loss: {wieght: 3}}",
            ["1:18: error: unknown key 'wieght'\n  remedy: did you mean 'weight'?"]
        ),
        ("{must: x, steps: [{}]}", ["1:19: error: 'at' is missing\n  remedy: give a whole number: 'at: …'"]),
        (
            "{must: x, steps: [{at: 3, on: 1}]}",
            ["1:27: error: unknown key 'on'\n  remedy: remove it; known here: at"]
        ),
        (
            "epochs: 0\nrate: x\nmust: [a]",
            [
                "1:9: error: 'epochs' must be from 1 to 1000, not 0\n  remedy: give a whole number from 1 to 1000",
                "2:7: error: 'rate' must be a number, not the text 'x'\n  remedy: write 'rate: …' with a number",
                "3:7: error: 'must' must be a text, not a list\n  remedy: write 'must: …' with a text",
            ]
        ),
    ]

    @Test(arguments: cases) func tells(_ yaml: String, _ expected: [String]) throws {
        let node = try YAMLNode(parsing: Data(yaml.utf8), file: "c.yaml")
        let reader = ConfigReader(node, file: "c.yaml", baseDirectory: URL(filePath: "/"))
        Self.read(reader)
        reader.finish()
        reader.finish()
        #expect(reader.diagnosis.diagnostics.map(\.description) == expected.map { "c.yaml:\($0)" })
    }

    @Test func files() throws {
        let base = FileManager.default.temporaryDirectory.appending(path: "jdnas-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: base) }
        let folder = base.appending(path: "configs")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("width: 0\nnext: other.yaml\nwidht: 3\n".utf8).write(to: folder.appending(path: "small.yaml"))
        try Data("a: [".utf8).write(to: folder.appending(path: "other.yaml"))

        let yaml = """
            a: configs/smal.yaml
            b: configs
            c: configs/small.yaml
            d: configs/small.yaml
            e: elsewhere/x.yaml
            """
        let node = try YAMLNode(parsing: Data(yaml.utf8), file: "j.yaml")
        let reader = ConfigReader(node, file: "j.yaml", baseDirectory: base)
        #expect(reader.file("a") == nil)
        #expect(reader.file("b") == nil)
        #expect(reader.directory("c") == nil)
        let config = try #require(reader.configFile("d"))
        #expect(config.int("width", default: 8, in: 1...64) == 8)
        #expect(config.configFile("next") == nil)
        #expect(reader.optionalFile("e") == nil)
        reader.finish()
        #expect(
            reader.diagnosis.diagnostics.map(\.description) == [
                "j.yaml:1:4: error: there is no file 'configs/smal.yaml'\n  remedy: did you mean 'configs/small.yaml'?",
                "j.yaml:2:4: error: 'configs' is a folder, not a file\n  remedy: name a file",
                "j.yaml:3:4: error: 'configs/small.yaml' is a file, not a folder\n  remedy: name a folder",
                "j.yaml:5:4: error: there is no file 'elsewhere/x.yaml'\n"
                    + "  remedy: check the path; it is taken from \(base.path)",
                "configs/small.yaml:1:8: error: 'width' must be from 1 to 64, not 0\n"
                    + "  remedy: give a whole number from 1 to 64",
                "configs/small.yaml:3:1: error: unknown key 'widht'\n  remedy: did you mean 'width'?",
                "other.yaml:2:1: error: did not find expected node content (while parsing a flow node)\n"
                    + "  remedy: the file ends too early: close what is open (a quote, a bracket)",
            ])
    }

    @Test func describes() {
        let options = ConfigReader.describe { reader in
            let format = reader.choice("format", among: ["coco", "synth"], help: "what lies there")
            if format == "coco" {
                _ = reader.directory("root")
            } else {
                _ = reader.int("train", default: 64, in: 1...999)
            }
            _ = reader.reader("loss").double("weight", default: 1)
        }
        let lines = options.map { "\($0.key)|\($0.type)|\($0.default ?? "-")|\($0.required)|\($0.when ?? "-")" }
        #expect(
            lines == [
                "format|one of coco, synth|-|true|-", "root|folder|-|true|format: coco", "loss|mapping|-|false|-",
                "loss.weight|number|1.0|false|-", "train|whole number 1…999|64|false|format: synth",
            ])
    }
}
