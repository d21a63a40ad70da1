import Basics
import Foundation
import Glibc
import Manifest
import TestSupport
import Testing

/// `include`: variables and stages of other files.
@Suite struct IncludeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func takesVariablesAndStages() throws {
        try folder.write(
            """
            variables: {epochs: 3, warm: "${epochs}0", root: x}
            stages:
              - {name: data, uses: dataset-pack, with: {root: "${root}"}}
            """, to: "configs/data.yaml")
        try folder.write(
            "stages:\n  - {name: base, uses: train, needs: [data], with: {epochs: \"${epochs}\", warm: \"${warm}\"}}\n",
            to: "configs/train.yaml")
        let manifest = try parse(
            """
            job: night
            include: [configs/data.yaml, configs/train.yaml]
            variables: {half: 6, epochs: "${half}", root: "${job}/cells"}
            stages:
              - {name: report, uses: evaluate, needs: [data, base]}
            """)
        #expect(manifest.stages.map(\.name) == ["data", "base", "report"])
        // The manifest's variables win, also in what included files say.
        #expect(manifest.stages[0].with?.json == ["root": "night/cells"])
        #expect(manifest.stages[1].with?.json == ["epochs": 6, "warm": "60"])
        #expect(manifest.included.map(\.file) == ["configs/data.yaml", "configs/train.yaml"])
        #expect(manifest.included[1].sha256 == Digest(of: try Data(contentsOf: folder["configs/train.yaml"])))
        #expect(manifest.variables["epochs"] == 6)
    }

    @Test func stagesMayAllBeIncluded() throws {
        try folder.write("stages: [{name: a, uses: x}]\n", to: "s.yaml")
        #expect(try parse("job: a\ninclude: [s.yaml]\n").stages.map(\.name) == ["a"])
        #expect(try parse("job: a\ninclude: [s.yaml]\nstages:\n").stages.map(\.name) == ["a"])
    }

    /// A file counts once, whoever includes it; eight files deep is fine.
    @Test func nested() throws {
        try folder.write("variables: {x: 1}\nstages: [{name: a, uses: x}]\n", to: "8.yaml")
        for depth in 1..<8 { try folder.write("include: [\(depth + 1).yaml, 8.yaml]\n", to: "\(depth).yaml") }
        let manifest = try parse("job: a\ninclude: [1.yaml, ./8.yaml]\n")
        #expect(manifest.stages.map(\.name) == ["a"])
        #expect(manifest.included.count == 8)
    }

    static let mistakes: [(files: [String: String], yaml: String, expected: [String])] = [
        (
            [:], "job: a\ninclude: [gone.yaml]\nstages: [{name: a, uses: x}]",
            ["j.yaml:2:11: error: there is no file 'gone.yaml'\n  remedy: check the path; it is taken from BASE"]
        ),
        (
            ["a.yaml": "stages: []"], "job: a\ninclude: a.yaml\nstages: [{name: a, uses: x}]",
            [
                "j.yaml:2:10: error: 'include' must be a list of texts, not the text 'a.yaml'\n"
                    + "  remedy: write 'include: [a.yaml]'"
            ]
        ),
        (
            ["a.yaml": "stages: []"], "job: a\ninclude: [\"${job}.yaml\"]\nstages: [{name: a, uses: x}]",
            [
                "j.yaml:2:11: error: variables cannot be used in 'include'\n"
                    + "  remedy: write the path out: variables are known only when all files have been read"
            ]
        ),
        (
            ["a.yaml": "stages:\n  - {name: data, uses: x}\n"],
            "job: a\ninclude: [a.yaml]\nstages: [{name: data, uses: x}]",
            [
                "j.yaml:3:10: error: two stages are called 'data'; the first is in a.yaml, line 2\n"
                    + "  remedy: rename one of them"
            ]
        ),
        (
            ["a.yaml": "job: b\nseed: 3\nvaraibles: {x: 1}\nstages: 3\n"],
            "job: a\ninclude: [a.yaml]\nstages: [{name: data, uses: x}]",
            [
                "a.yaml:1:1: error: unknown key 'job'\n  remedy: remove it; known here: include, stages, variables",
                "a.yaml:2:1: error: unknown key 'seed'\n  remedy: remove it; known here: include, stages, variables",
                "a.yaml:3:1: error: unknown key 'varaibles'\n  remedy: did you mean 'variables'?",
                "a.yaml:4:9: error: 'stages' must be a list of mappings, not 3\n"
                    + "  remedy: write each as an item that starts with '- ', below 'stages:'",
            ]
        ),
        (
            ["a.yaml": "include: [b.yaml]", "b.yaml": "include: [c.yaml]", "c.yaml": "include: [b.yaml]"],
            "job: a\ninclude: [a.yaml]\nstages: [{name: data, uses: x}]",
            [
                "c.yaml:1:11: error: these files include each other: b.yaml → c.yaml → b.yaml\n"
                    + "  remedy: remove one of these includes"
            ]
        ),
        (
            ["a.yaml": "include: [j.yaml]"], "job: a\ninclude: [a.yaml]\nstages: [{name: data, uses: x}]",
            [
                "a.yaml:1:11: error: these files include each other: j.yaml → a.yaml → j.yaml\n"
                    + "  remedy: remove one of these includes"
            ]
        ),
        (
            ["a.yaml": "- x"], "job: a\ninclude: [a.yaml]\nstages: [{name: data, uses: x}]",
            [
                "a.yaml:1:1: error: an included file is a mapping, not a list\n"
                    + "  remedy: start with 'variables:' or 'stages:'"
            ]
        ),
        (
            ["a.yaml": "stages:\n  - {name: b, uses: x, needs: [c], threads: \"${n}\"}\n"],
            "job: a\ninclude: [a.yaml]\n",
            [
                "a.yaml:2:32: error: there is no stage 'c'\n"
                    + "  remedy: this job has no other stage; write 'JOB/c' for a stage of another job",
                "a.yaml:2:46: error: there is no variable 'n'\n"
                    + "  remedy: define it under 'variables:', or write '$${' for a literal '${'",
            ]
        ),
        (
            ["a.yaml": "variables: {a: \"${b}\"}"],
            "job: x\ninclude: [a.yaml]\nvariables: {b: \"${a}\"}\nstages: [{name: data, uses: x}]",
            [
                "j.yaml:3:17: error: these variables refer to each other: a → b → a\n  remedy: write one of them out"
            ]
        ),
        (
            ["a.yaml": "stages: [}"], "job: a\ninclude: [a.yaml]\nstages: [{name: data, uses: x}]",
            [
                "a.yaml:1:10: error: did not find expected node content (while parsing a flow node)\n"
                    + "  remedy: check indentation, colons, quotes and brackets here and in the line above"
            ]
        ),
    ]

    @Test(arguments: mistakes) func tells(_ files: [String: String], _ yaml: String, _ expected: [String]) throws {
        for (name, text) in files { try folder.write(text, to: name) }
        let problems = #expect(throws: Diagnostics.self) { try parse(yaml) }
        let texts = problems?.list.map { $0.description.replacing(folder.url.path, with: "BASE") }
        #expect(texts?.sorted() == expected.sorted())
    }

    @Test func tooDeep() throws {
        for depth in 1...9 { try folder.write("include: [\(depth + 1).yaml]\n", to: "\(depth).yaml") }
        let problems = #expect(throws: Diagnostics.self) {
            try parse("job: a\ninclude: [1.yaml]\nstages: [{name: a, uses: x}]")
        }
        #expect(
            problems?.list.map(\.description) == [
                "8.yaml:1:11: error: files are included more than 8 deep\n  remedy: include this file further up"
            ])
    }

    @Test func tooMany() throws {
        let names = (0..<101).map { "f\($0).yaml" }
        for name in names { try folder.write("variables: {}\n", to: name) }
        let problems = #expect(throws: Diagnostics.self) {
            try parse("job: a\ninclude: [\(names.joined(separator: ", "))]\nstages: [{name: a, uses: x}]")
        }
        #expect(problems?.list.map(\.message) == ["more than 100 files are included"])
    }

    @Test func pipesAndLargeFiles() throws {
        mkfifo(folder["pipe.yaml"].path, 0o644)
        try folder.write("", to: "large.yaml")
        truncate(folder["large.yaml"].path, 100 << 20)
        let problems = #expect(throws: Diagnostics.self) {
            try parse("job: a\ninclude: [pipe.yaml, large.yaml]\nstages: [{name: a, uses: x}]")
        }
        #expect(
            problems?.list.map(\.message) == [
                "'pipe.yaml': this is a pipe or a device, not a file",
                "'large.yaml': the file has 104857600 bytes; a YAML file may have 4194304",
            ])
    }

    private func parse(_ yaml: String) throws -> JobManifest {
        let url = try folder.write(yaml, to: "j.yaml")
        let context = ManifestContext(base: folder.url, environment: [:], url: url)
        return try JobManifest(parsing: Data(yaml.utf8), file: "j.yaml", context: context)
    }
}
