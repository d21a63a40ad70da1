import Foundation
import Manifest
import Testing

@Suite struct JobManifestTests {
    @Test func readsEverything() throws {
        let yaml = """
            job: bccd-first
            description: the first real job
            seed: 7
            threads: 2
            stages:
              - name: report
                uses: evaluate
                needs: [data, other-job/base, {file: out/detector}, "file:/x/y", file: z]
                threads: 1
              - {name: data, uses: dataset-pack, with: {format: coco}}
            """
        let manifest = try JobManifest(parsing: Data(yaml.utf8), file: "j.yaml")
        #expect(manifest.job == "bccd-first")
        #expect(manifest.seed == 7)
        #expect(manifest.threads == 2)
        #expect(manifest.stages.map(\.name) == ["report", "data"])
        #expect(
            manifest.stages[0].needs.map(\.reference) == [
                .stage("data"), .otherJob("other-job", stage: "base"), .file("out/detector"), .file("/x/y"), .file("z"),
            ])
        #expect(manifest.order().map(\.name) == ["data", "report"])
        #expect(manifest.text == Data(yaml.utf8))
    }

    static let stage = "stages: [{name: a, uses: x}]"

    static let cases: [(yaml: String, expected: [String])] = [
        (
            "just words",
            [
                "1:1: error: a job manifest is a mapping, not the text 'just words'\n  remedy: start with 'job: NAME' and 'stages:'"
            ]
        ),
        ("job: a", ["1:1: error: the job has no stages\n  remedy: add 'stages:' with a list of '- name: …, uses: …'"]),
        (
            "job: a\nstages: []",
            ["2:9: error: the job has no stages\n  remedy: add 'stages:' with a list of '- name: …, uses: …'"]
        ),
        (stage, ["1:1: error: 'job' is missing\n  remedy: give a text: 'job: …'"]),
        (
            "job: My Job\n\(stage)",
            [
                "1:6: error: 'My Job' is no legal name\n"
                    + "  remedy: use a-z, 0-9, '.', '_' and '-', starting with a letter or digit, at most 80 characters"
            ]
        ),
        ("job: a\nseeed: 3\n\(stage)", ["2:1: error: unknown key 'seeed'\n  remedy: did you mean 'seed'?"]),
        (
            "job: a\nseed: -1\n\(stage)",
            [
                "2:7: error: 'seed' must be at least 0, not -1\n  remedy: give a whole number at least 0"
            ]
        ),
        (
            "job: a\nstages:\n  - {name: a, uses: x}\n  - {name: a, uses: x}",
            ["4:5: error: two stages are called 'a'; the first is in line 3\n  remedy: rename one of them"]
        ),
        (
            "job: a\nstages:\n  - {name: data, uses: x}\n  - {name: b, uses: x, needs: [dta]}",
            ["4:32: error: there is no stage 'dta'\n  remedy: did you mean 'data'?"]
        ),
        (
            "job: a\nstages:\n  - {name: data, uses: x}\n  - {name: b, uses: x, needs: [teachers]}",
            [
                "4:32: error: there is no stage 'teachers'\n"
                    + "  remedy: stages here: data; write 'JOB/teachers' for one of another job"
            ]
        ),
        (
            "job: a\nstages:\n  - {name: data, uses: x}\n  - {name: b, uses: x, needs: data}",
            ["4:31: error: 'needs' must be a list of inputs, not the text 'data'\n  remedy: write 'needs: [data]', say"]
        ),
        (
            "job: a\nstages:\n  - {name: b, uses: x, needs: [a/b/c, {fil: x}]}",
            [
                "3:32: error: the text 'a/b/c' names no input\n  remedy: write STAGE, JOB/STAGE or {file: PATH}",
                "3:39: error: a mapping names no input\n  remedy: did you mean '{file: PATH}'?",
            ]
        ),
        (
            "job: a\nstages:\n  - {name: a, uses: x, needs: [b]}\n  - {name: b, uses: x, needs: [c]}\n  - {name: c, uses: x, needs: [a]}",
            ["5:32: error: these stages wait for each other: a → b → c → a\n  remedy: remove one of these needs"]
        ),
        (
            "job: a\nstages:\n  - {name: data, uses: dataset-pack}\n  - {name: b, uses: x, needs: [dataset-pack]}",
            [
                "4:32: error: there is no stage 'dataset-pack'\n"
                    + "  remedy: did you mean 'data'? stages are named by their 'name', not by their plugin"
            ]
        ),
        (
            "job: a\nstages: [{name: a, uses: x, needs: [a]}]",
            ["2:37: error: the stage 'a' needs itself\n  remedy: remove one of these needs"]
        ),
        (
            "job: a\nstages: [{nam: a, uses: x, neds: []}]",
            [
                "2:11: error: unknown key 'nam'\n  remedy: did you mean 'name'?",
                "2:28: error: unknown key 'neds'\n  remedy: did you mean 'needs'?",
            ]
        ),
        (
            "job: a\nstages: [{name: a, uses: x, epochs: 3}]",
            [
                "2:29: error: unknown key 'epochs'\n  remedy: remove it; known here: name, needs, resources, retries, threads, timeout, uses, with; "
                    + "an option of the plugin stands under 'with:'"
            ]
        ),
        (
            "job: a\nstages: [{name: a, uses: x, with: 3}]",
            ["2:35: error: 'with' must be a mapping, not 3\n  remedy: write 'key: value' pairs under 'with:'"]
        ),
    ]

    @Test(arguments: cases) func tells(_ yaml: String, _ expected: [String]) {
        let problems = #expect(throws: Diagnostics.self) { try JobManifest(parsing: Data(yaml.utf8), file: "j.yaml") }
        #expect(problems?.list.map(\.description) == expected.map { "j.yaml:\($0)" })
    }

    @Test(arguments: ["data", "job-1/data", "file:a/b"]) func referencesKeepTheirText(_ text: String) {
        #expect(InputReference(text)?.description == text)
    }

    @Test(arguments: ["", "a/b/c", "/a", "A", "file:", "a b", "../x"]) func noReferences(_ text: String) {
        #expect(InputReference(text) == nil)
    }
}
