import Basics
import Foundation
import Manifest
import StageKit
import TestSupport
import Testing

@Suite struct ManifestValidationTests {
    @Test func resolves() throws {
        let yaml = """
            job: a
            seed: 7
            threads: 2
            stages:
              - {name: eval, uses: reads, needs: [data], threads: 1}
              - {name: data, uses: lines, with: {count: 3}}
            """
        let job = try validate(yaml).get()
        #expect(job.stages.map(\.name) == ["data", "eval"])
        #expect(job.stages.map(\.threads) == [2, 1])
        #expect(job.stages[0].options == ["count": 3, "rate": 0.5])
        #expect(job.stages[0].pluginVersion == 3)
        #expect(job.stages[1].needs == [.stage("data")])
        #expect(try JSON(encoding: job).decode(ResolvedJob.self) == job)
    }

    @Test func filesBecomeAbsolute() throws {
        let folder = try TemporaryFolder()
        try folder.write("{}", to: "net/architecture.json")
        let yaml =
            "job: a\nstages: [{name: d, uses: lines, with: {count: 1}}, {name: e, uses: reads, needs: [d, {file: net}]}]"
        let job = try validate(yaml, base: folder.url).get()
        #expect(job.stages[1].needs == [.stage("d"), .file(folder["net"].path)])
    }

    @Test(arguments: [
        ("b.tar.zst", "'b.tar.zst': this is a file, not a stage's result"),
        ("empty", "'empty': neither a stage's result nor a detector"),
    ])
    func filesThatAreNoArtifacts(_ path: String, _ message: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "b.tar.zst")
        try folder.write("", to: "empty/other.txt")
        let yaml = "job: a\nstages:\n  - {name: e, uses: reads, needs: [{file: \(path)}]}"
        guard case .failure(let problems) = validate(yaml, base: folder.url) else {
            Issue.record("accepted")
            return
        }
        #expect(problems.list.map(\.message) == [message])
        #expect(problems.list.map { "\($0.line):\($0.column)" } == ["3:36"])
    }

    /// Reads what it makes.
    private struct Refines: StagePlugin {
        let name = "refines"
        let version = 1
        let summary = "makes a data set of another"
        let consumes = [InputRequirement(.dataset)]
        let produces = ArtifactKind.dataset
        func options(_ reader: inout ConfigReader) -> Int? { 0 }
        func run(_ options: Int, _ context: StageContext) throws {}
    }

    /// What is missing is made by others: to need itself helps no stage.
    @Test(arguments: [
        ("{name: e, uses: refines}", "add a stage that makes one (uses: 'lines'), and name it in 'needs'"),
        ("{name: e, uses: refines}, {name: d, uses: lines, with: {count: 1}}", "add 'd' to its 'needs'"),
    ])
    func noStageIsToldToNeedItself(_ stages: String, _ remedy: String) {
        let catalog = StageCatalog([Lines(), Reads(), Refines()])
        let found = ManifestValidation.validate(
            Data("job: a\nstages: [\(stages)]".utf8), file: "job.yaml",
            context: ManifestContext(base: URL(filePath: "/tmp")), catalog: catalog)
        guard case .failure(let problems) = found else {
            Issue.record("accepted")
            return
        }
        #expect(problems.list.map(\.message) == ["'e' needs a dataset"])
        #expect(problems.list.map(\.remedy) == [remedy])
    }

    /// A comparison of one evaluation is refused before the night, not at its end.
    @Test func oneIsTooFewWhereSeveralAreCompared() {
        func problems(_ needs: String) -> [Diagnostic] {
            let stages = "{name: e, uses: reads, needs: [d]}, {name: f, uses: reads, needs: [d]}"
            let data = "{name: d, uses: lines, with: {count: 1}}"
            let found = ManifestValidation.validate(
                Data("job: a\nstages: [\(data), \(stages), {name: c, uses: compares, needs: \(needs)}]".utf8),
                file: "job.yaml", context: ManifestContext(base: URL(filePath: "/tmp")),
                catalog: StageCatalog([Lines(), Reads(), Compares()]))
            guard case .failure(let problems) = found else { return [] }
            return problems.list
        }
        #expect(problems("[e, f]").isEmpty)
        #expect(problems("[e]").map(\.message) == ["'c' needs 2 evaluations or more, and is given 1"])
        #expect(problems("[e]").map(\.remedy) == ["add 'f' to its 'needs'"])
        #expect(problems("[]").map(\.remedy) == ["add 'e', 'f' to its 'needs'"])
        // What another job's stage makes is not known yet, but that it is one.
        #expect(problems("[e, other/report]").isEmpty && problems("[other/report, other/two]").isEmpty)
        #expect(problems("[other/report]").map(\.message) == ["'c' needs 2 evaluations or more, and is given 1"])
    }

    private struct Compares: StagePlugin {
        var name: String { "compares" }
        var version: Int { 1 }
        var summary: String { "holds evaluations against each other" }
        var consumes: [InputRequirement] { [InputRequirement(.evaluation, atLeast: 2)] }
        var produces: ArtifactKind { .evaluation }
        func options(_ reader: inout ConfigReader) -> Int? { 0 }
        func run(_ options: Int, _ context: StageContext) throws {}
    }

    /// What a file is counts like what a stage makes.
    @Test func kindsOfFilesAreChecked() throws {
        let folder = try TemporaryFolder()
        try folder.write("{}", to: "net/architecture.json")
        let yaml = "job: a\nstages: [{name: e, uses: reads, needs: [{file: net}]}]"
        guard case .failure(let problems) = validate(yaml, base: folder.url) else {
            Issue.record("accepted")
            return
        }
        #expect(problems.list.map(\.message) == ["'e' needs a dataset"])
    }

    static let cases: [(stages: String, expected: [String])] = [
        (
            "{name: a, uses: linse, with: {count: 3}}",
            ["2:17: error: there is no stage plugin 'linse'\n  remedy: did you mean 'lines'?"]
        ),
        (
            "{name: a, uses: magic}",
            ["2:17: error: there is no stage plugin 'magic'\n  remedy: plugins here: lines, reads"]
        ),
        ("{name: a, uses: lines}", ["2:1: error: 'count' is missing\n  remedy: give a whole number: 'count: …'"]),
        // Keys that an early return left unread are not called unknown.
        (
            "{name: a, uses: lines, with: {cuont: 3, rate: 0.1}}",
            ["2:31: error: unknown key 'cuont'\n  remedy: did you mean 'count'?"]
        ),
        (
            "{name: a, uses: lines, with: {count: 300, root: nowhere}}",
            ["2:38: error: 'count' must be from 1 to 100, not 300\n  remedy: give a whole number from 1 to 100"]
        ),
        (
            "{name: a, uses: lines, with: {count: 3, root: nowhere-at-all}}",
            ["2:47: error: there is no folder 'nowhere-at-all'\n  remedy: check the path; it is taken from /tmp"]
        ),
        (
            "{name: e, uses: reads}",
            [
                "2:1: error: 'e' needs a dataset\n  remedy: add a stage that makes one (uses: 'lines'), and name it in 'needs'"
            ]
        ),
        (
            "{name: e, uses: reads}, {name: d, uses: lines, with: {count: 1}}",
            ["2:1: error: 'e' needs a dataset\n  remedy: add 'd' to its 'needs'"]
        ),
        (
            "{name: e, uses: reads, needs: [d]}, {name: d, uses: lines, needs: [e], with: {count: 1}}",
            [
                "2:68: error: 'e' gives an evaluation, which 'lines' does not read\n"
                    + "  remedy: remove 'needs': 'lines' reads no input",
                "2:68: error: these stages wait for each other: e → d → e\n  remedy: remove one of these needs",
            ]
        ),
        (
            "{name: e, uses: reads, needs: [d, f]}, {name: d, uses: lines, with: {count: 1}}, "
                + "{name: f, uses: lines, with: {count: 2}}",
            [
                "2:35: error: 'f' gives a dataset, and so does 'd': 'reads' reads one\n  remedy: remove one of them"
            ]
        ),
        (
            "{name: e, uses: reads, needs: [{file: no-such-thing-here}]}",
            [
                "2:32: error: there is no file or folder 'no-such-thing-here'\n"
                    + "  remedy: check the path; it is taken from /tmp"
            ]
        ),
    ]

    @Test(arguments: ["logs", "receipts", "job.json"]) func namesOfTheSpoolsOwn(_ name: String) {
        guard case .failure(let problems) = validate("job: a\nstages: [{name: \(name), uses: lines, with: {count: 1}}]")
        else {
            Issue.record("accepted")
            return
        }
        #expect(problems.list.map(\.message) == ["a stage cannot be called '\(name)'"])
    }

    @Test(arguments: cases) func tells(_ stages: String, _ expected: [String]) {
        let yaml = "{job: a, stages: [\n\(stages)]}"
        guard case .failure(let problems) = validate(yaml) else {
            Issue.record("accepted")
            return
        }
        #expect(
            Set(problems.list.map(\.description)) == Set(expected.map { "j.yaml:\($0)" }))
    }

    @Test func keysFollowWhatMatters() throws {
        let stage = try validate("job: a\nstages: [{name: d, uses: lines, with: {count: 3}}]").get().stages[0]
        let key = StageRequest.key(stage: stage, seed: 1, inputs: [], threads: 1)
        #expect(key == StageRequest.key(stage: stage, seed: 1, inputs: [], threads: 1))
        #expect(key != StageRequest.key(stage: stage, seed: 2, inputs: [], threads: 1))
        #expect(key != StageRequest.key(stage: stage, seed: 1, inputs: [], threads: 2))
        var other = stage
        other.options = ["count": 4, "rate": 0.5]
        #expect(key != StageRequest.key(stage: other, seed: 1, inputs: [], threads: 1))
    }

    private func validate(_ yaml: String, base: URL = URL(filePath: "/tmp")) -> Result<ResolvedJob, Diagnostics> {
        let context = ManifestContext(base: base, environment: [:])
        return ManifestValidation.validate(Data(yaml.utf8), file: "j.yaml", context: context, catalog: testCatalog)
    }
}
