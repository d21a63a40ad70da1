import Basics
import Foundation
import Manifest
import Testing

/// `${NAME}` in manifests: what it stands for, and what is said where it stands for nothing.
@Suite struct VariablesTests {
    static let environment = ["DATA": "/data/cells", "EPOCHS": "12", "EMPTY": "", "NULL": "null"]

    /// `with:` of the only stage, as JSON.
    static let values: [(variables: String, text: String, expected: JSON)] = [
        ("{n: 12}", "${n}", 12),
        ("{n: 12}", "\"${n}\"", 12),
        ("{n: '12'}", "${n}", "12"),
        ("{n: true}", "${n}", true),
        ("{n: 0.5}", "${n}", 0.5),
        // In a text it is a text, whatever it looks like.
        ("{n: 5}", "0.${n}", "0.5"),
        ("{n: 5}", "run-${n}-${n}", "run-5-5"),
        ("{a: x, b: '${a}y', c: '${b}z'}", "${c}", "xyz"),
        // What a value holds is not looked through again.
        ("{a: '$${b}', b: 1}", "${a}", "${b}"),
        ("{}", "$${n} $n $ $$ {n}", "${n} $n $ $$ {n}"),
        ("{}", "${job} ${seed}", "night 7"),
        ("{}", "${seed}", 7),
        ("{here: '${job}/x'}", "${here}", "night/x"),
        ("{root: '${env:DATA}'}", "${root}/a", "/data/cells/a"),
        ("{n: '${env:EPOCHS}'}", "${n}", 12),
        ("{n: '${env:EMPTY}'}", "${n}", ""),
        ("{n: '${env:NULL}'}", "${n}", "null"),
    ]

    @Test(arguments: values) func standsFor(_ variables: String, _ text: String, _ expected: JSON) throws {
        let manifest = try parse(
            "job: night\nseed: 7\nvariables: \(variables)\nstages:\n  - name: a\n    uses: x\n    with:\n      v: \(text)\n"
        )
        #expect(manifest.stages[0].with?["v"]?.json == expected)
    }

    @Test func everyScalarOfTheManifest() throws {
        let manifest = try parse(
            """
            job: night-${who}
            description: for ${who}
            seed: ${n}
            threads: ${n}
            variables: {who: ann, n: 3}
            stages:
              - {name: "data-${who}", uses: "${who}", threads: "${n}"}
              - {name: b, uses: x, needs: ["data-${who}", {file: "${who}/x"}]}
            """)
        #expect(manifest.job == "night-ann")
        #expect(manifest.description == "for ann")
        #expect(manifest.seed == 3)
        #expect(manifest.threads == 3)
        #expect(manifest.stages[0].name == "data-ann")
        #expect(manifest.stages[0].uses == "ann")
        #expect(manifest.stages[0].threads == 3)
        #expect(manifest.stages[1].needs.map(\.reference) == [.stage("data-ann"), .file("ann/x")])
        #expect(manifest.variables == ["who": "ann", "n": 3])
        #expect(manifest.environment == [:])
    }

    @Test func whatIsTakenFromTheEnvironmentIsKnown() throws {
        let manifest = try parse("job: a\nvariables: {d: '${env:DATA}'}\n\(Self.stages)")
        #expect(manifest.environment == ["DATA": "/data/cells"])
        #expect(manifest.variables == ["d": "/data/cells"])
    }

    static let stages = "stages: [{name: a, uses: x}]"

    static let mistakes: [(yaml: String, expected: [String])] = [
        (
            "job: a\nvariables: {epochs: 3}\nstages: [{name: a, uses: x, threads: \"${epcohs}\"}]",
            ["3:39: error: there is no variable 'epcohs'\n  remedy: did you mean '${epochs}'?"]
        ),
        (
            "job: a-${x}\n\(stages)",
            [
                "1:8: error: there is no variable 'x'\n"
                    + "  remedy: define it under 'variables:', or write '$${' for a literal '${'"
            ]
        ),
        (
            "job: a\ndescription: see ${x\n\(stages)",
            ["2:18: error: a '${' is not closed\n  remedy: close it with '}', or write '$${' for a literal '${'"]
        ),
        (
            "job: a\ndescription: ${a b}\n\(stages)",
            ["2:14: error: '${a b}' names no variable\n  remedy: write '${NAME}', or '$${' for a literal '${'"]
        ),
        (
            "job: a\nvariables:\n  a: ${b}\n  b: 1\n\(stages)",
            ["3:6: error: the variable 'b' is defined later than 'a'\n  remedy: move 'b' above 'a'"]
        ),
        (
            "job: a\nvariables:\n  a: x${a}\n\(stages)",
            ["3:7: error: 'a' refers to itself\n  remedy: write one of them out"]
        ),
        (
            "job: ${job}\n\(stages)",
            ["1:6: error: 'job' refers to itself\n  remedy: write one of them out"]
        ),
        (
            "job: ${who}\nvariables: {who: '${job}'}\n\(stages)",
            [
                "1:6: error: these variables refer to each other: who → job → who\n  remedy: write one of them out"
            ]
        ),
        (
            "job: a\nvariables: {job: b}\n\(stages)",
            ["2:13: error: the variable 'job' is built in\n  remedy: choose another name"]
        ),
        (
            "job: a\nvariables: {a b: 1, c: [1], d: }\n\(stages)",
            [
                "2:13: error: 'a b' cannot name a variable\n"
                    + "  remedy: use letters, digits, '_' and '-', starting with a letter, at most 80 characters",
                "2:24: error: the variable 'c' must be a text, a number, true or false, not a list\n"
                    + "  remedy: write 'c: …' with one of them",
                "2:32: error: the variable 'd' must be a text, a number, true or false, not nothing\n"
                    + "  remedy: write 'd: …' with one of them",
            ]
        ),
        (
            "job: a\nvariables: 3\n\(stages)",
            ["2:12: error: 'variables' must be a mapping, not 3\n  remedy: write 'key: value' pairs under 'variables:'"]
        ),
        (
            "job: a\nvariables: {d: '${env:DATE}'}\n\(stages)",
            ["2:17: error: the environment has no variable 'DATE'\n  remedy: did you mean '${env:DATA}'?"]
        ),
        (
            "job: a\nvariables: {d: '${env:NO_SUCH_THING}'}\n\(stages)",
            [
                "2:17: error: the environment has no variable 'NO_SUCH_THING'\n"
                    + "  remedy: set it (export NO_SUCH_THING=…), or write the value here"
            ]
        ),
        (
            "job: a\ndescription: ${env:DATA}\n\(stages)",
            [
                "2:14: error: '${env:DATA}' stands outside 'variables'\n"
                    + "  remedy: write 'data: \"${env:DATA}\"' under 'variables:', and '${data}' here"
            ]
        ),
        (
            "job: a\nvariables: {n: 1}\nstages: [{name: a, uses: x, threads: ${n}}]",
            ["3:39: error: inside brackets a variable has to stand in quotes\n  remedy: write \"${NAME}\""]
        ),
        (
            "job: a\nvariables: {n: 1}\nthreads: 1${n}\n\(stages)",
            [
                "3:10: error: 'threads' must be a whole number, not the text '11'\n"
                    + "  remedy: let one variable stand alone for it: 'threads: ${NAME}'"
            ]
        ),
        (
            "job: a\nvariables: {n: 2000}\nthreads: ${n}\n\(stages)",
            ["3:10: error: 'threads' must be from 1 to 1024, not 2000\n  remedy: give a whole number from 1 to 1024"]
        ),
        // One mistake, told once, however often the variable is used.
        (
            "job: a\nvariables: {n: '${none-such}'}\nthreads: ${n}\nstages: [{name: a, uses: x, threads: '${n}'}]",
            [
                "2:17: error: there is no variable 'none-such'\n"
                    + "  remedy: define it under 'variables:', or write '$${' for a literal '${'"
            ]
        ),
    ]

    @Test(arguments: mistakes) func tells(_ yaml: String, _ expected: [String]) {
        let problems = #expect(throws: Diagnostics.self) { try parse(yaml) }
        #expect(problems?.list.map(\.description) == expected.map { "j.yaml:\($0)" })
    }

    /// Forty doublings, as a billion laughs.
    @Test func bombs() {
        var yaml = "job: a\nvariables:\n  v0: xxxxxxxx\n"
        for number in 1...40 { yaml += "  v\(number): ${v\(number - 1)}${v\(number - 1)}\n" }
        let problems = #expect(throws: Diagnostics.self) { try parse(yaml + Self.stages) }
        #expect(
            problems?.list.map(\.description) == [
                "j.yaml:20:8: error: with its variables written out the manifest has more than 1048576 bytes of them\n"
                    + "  remedy: use fewer variables of variables"
            ])
    }

    /// Thousands of uses of nothing end at once.
    @Test func manyMistakes() {
        let uses = Array(repeating: "'${x}${y}'", count: 40_000).joined(separator: ", ")
        let problems = #expect(throws: Diagnostics.self) {
            try parse("job: a\nstages: [{name: a, uses: x, with: {v: [\(uses)]}}]")
        }
        #expect(problems?.list.count == 101)
    }

    private func parse(_ yaml: String) throws -> JobManifest {
        let context = ManifestContext(base: URL(filePath: "/"), environment: Self.environment)
        return try JobManifest(parsing: Data(yaml.utf8), file: "j.yaml", context: context)
    }
}
