import Basics
import Foundation
import Glibc
import Manifest
import StageKit
import TestSupport
import Testing

/// What cannot be kept as a file of the project: large and deep manifests, and what only looks like a file. An answer with a
/// place and a remedy, within a second.
@Suite(.serialized) struct HostileManifestTests {
    static let stage = "  - {name: data, uses: lines, with: {count: 3}}\n"

    /// Texts and the first message.
    static let texts: [(name: String, text: @Sendable () -> String, expected: String)] = [
        (
            "as large as may be, of one text",
            { "job: a\ndescription: " + String(repeating: "x", count: 4 << 20 - 30) },
            "1:1: error: the job has no stages\n  remedy: add 'stages:' with a list of '- name: …, uses: …'"
        ),
        (
            "as large as may be, of comments", { String(repeating: "# nothing here\n", count: 270_000) },
            "270001:1: error: the file is empty\n  remedy: write a YAML document"
        ),
        (
            "larger than may be", { String(repeating: "# nothing here\n", count: 280_000) },
            "1:1: error: the file has 4200000 bytes; a YAML file may have 4194304\n"
                + "  remedy: check that this is the file you meant"
        ),
        (
            "a million brackets", { "job: " + String(repeating: "[", count: 1_000_000) },
            "1:69: error: nested more than 64 deep\n  remedy: write it with less nesting"
        ),
        (
            "a million braces", { "job: " + String(repeating: "{a: ", count: 1_000_000) },
            "1:255: error: nested more than 64 deep\n  remedy: write it with less nesting"
        ),
        (
            "nesting by indentation",
            { (0..<1000).map { String(repeating: " ", count: $0) + "a:\n" }.joined() },
            "64:64: error: nested more than 64 deep\n  remedy: write it with less nesting"
        ),
        (
            "a hundred thousand dashes", { String(repeating: "- ", count: 100_000) },
            "1:129: error: nested more than 64 deep\n  remedy: write it with less nesting"
        ),
        (
            "a billion laughs",
            {
                "job: a\nl0: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
                    + (1...9).map { level in
                        let aliases = Array(repeating: "*l\(level - 1)", count: 10).joined(separator: ", ")
                        return "l\(level): &l\(level) [\(aliases)]\n"
                    }.joined()
            },
            "6:45: error: more than 100000 values, with aliases written out\n  remedy: use fewer aliases of aliases"
        ),
        (
            "a doubling of variables",
            {
                "job: a\nvariables:\n  v0: \(String(repeating: "x", count: 1000))\n"
                    + (1...60).map { "  v\($0): ${v\($0 - 1)}${v\($0 - 1)}\n" }.joined() + "stages:\n" + stage
            },
            "13:8: error: with its variables written out the manifest has more than 1048576 bytes of them\n"
                + "  remedy: use fewer variables of variables"
        ),
        (
            "a name of a million letters",
            { "job: " + String(repeating: "n", count: 1_000_000) + "\nstages:\n" + stage },
            "1:6: error: '\(String(repeating: "n", count: 57))…' is no legal name\n"
                + "  remedy: use a-z, 0-9, '.', '_' and '-', starting with a letter or digit, at most 80 characters"
        ),
        (
            "a key of a million letters", { String(repeating: "k", count: 1_000_000) + ": 1\n" },
            "1:1000001: error: mapping values are not allowed in this context\n"
                + "  remedy: check the indentation, and the line above for its ':'; a text with ': ' in it stands in quotes"
        ),
        (
            "an anchor of a million letters", { "job: &" + String(repeating: "k", count: 1_000_000) + " a\n" },
            "1:1: error: the job has no stages\n  remedy: add 'stages:' with a list of '- name: …, uses: …'"
        ),
        (
            "thousands of unknown keys", { (0..<40_000).map { "k\($0): 1\n" }.joined() + "job: a\nstages:\n" + stage },
            "1:1: error: unknown key 'k0'\n  remedy: remove it; known here: after, description, include, job, key, "
                + "not_before, on_done, on_failure, priority, seed, stages, threads, variables, window"
        ),
        (
            "thousands of options",
            {
                "job: a\nstages:\n  - name: data\n    uses: lines\n    with:\n"
                    + (0..<40_000).map { "      k\($0): 1\n" }.joined()
            },
            "3:5: error: 'count' is missing\n  remedy: give a whole number: 'count: …'"
        ),
        (
            "more stages than may be",
            { "job: a\nstages:\n" + (0..<1001).map { "  - {name: s\($0), uses: lines, with: {count: 1}}\n" }.joined() },
            "3:3: error: 1001 stages; a job may have 1000\n  remedy: split the job"
        ),
        (
            "a thousand stages in a circle",
            {
                "job: a\nstages:\n"
                    + (0..<1000).map { "  - {name: s\($0), uses: reads, needs: [s\(($0 + 1) % 1000)]}\n" }.joined()
            },
            "3:5: error: 's0' needs a dataset\n"
                + "  remedy: add a stage that makes one (uses: 'lines' or 'rich'), and name it in 'needs'"
        ),
        (
            "long names that nobody has",
            {
                let tail = String(repeating: "x", count: 70)
                return "job: a\nstages:\n"
                    + (0..<1000).map { "  - {name: s\($0)\(tail), uses: reads, needs: [\(tail)t\($0)]}\n" }.joined()
            },
            "3:107: error: there is no stage '\(String(repeating: "x", count: 70))t0'\n"
                + "  remedy: did you mean 's1\(String(repeating: "x", count: 70))'?"
        ),
        (
            "a mistake at the end of a long line",
            {
                "job: a\nstages: [{name: data, uses: lines, with: {count: 3}}] #"
                    + String(repeating: "x", count: 500_000) + "\nx"
            },
            "4:1: error: could not find expected ':' (while scanning a simple key from line 3)\n"
                + "  remedy: the file ends too early: close what is open (a quote, a bracket)"
        ),
        (
            "thousands of needs",
            {
                "job: a\nstages: [{name: e, uses: reads, needs: ["
                    + (0..<40_000).map { "n\($0)" }.joined(separator: ", ") + "]}]"
            },
            "2:41: error: there is no stage 'n0'\n"
                + "  remedy: this job has no other stage; write 'JOB/n0' for a stage of another job"
        ),
    ]

    @Test(arguments: texts.indices) func tells(_ number: Int) throws {
        let (name, text, expected) = Self.texts[number]
        let folder = try TemporaryFolder()
        try folder.write(text(), to: "j.yaml")
        let first = try #require(problems(of: "j.yaml", in: folder.url).first)
        #expect(first.description == "j.yaml:\(expected)", "\(name)")
    }

    /// Not a file, or not one that can be read.
    static let places: [(name: String, expected: String)] = [
        ("elsewhere.yaml", "there is no file 'elsewhere.yaml'\n  remedy: check the path; it is taken from BASE"),
        ("god.yaml", "there is no file 'god.yaml'\n  remedy: did you mean 'good.yaml'?"),
        ("folder", "'folder' is a folder, not a file\n  remedy: name a file"),
        ("pipe", "this is a pipe or a device, not a file\n  remedy: name a regular file"),
        ("/dev/zero", "this is a pipe or a device, not a file\n  remedy: name a regular file"),
        ("dangling", "'dangling' is a link to nothing\n  remedy: mend the link, or name the file itself"),
        ("loop", "'loop' is a link to nothing\n  remedy: mend the link, or name the file itself"),
        ("good.yaml/x", "there is no file 'good.yaml/x'\n  remedy: check the path; it is taken from BASE"),
        (
            "large.yaml",
            "the file has 104857600 bytes; a YAML file may have 4194304\n  remedy: check that this is the file you meant"
        ),
        (
            "huge.yaml",
            "the file has 1099511627776 bytes; a YAML file may have 4194304\n  remedy: check that this is the file you meant"
        ),
        ("", "the path is empty\n  remedy: name a path, or leave the key out"),
        (
            String(repeating: "n", count: 300),
            "there is no file '\(String(repeating: "n", count: 57))…'\n  remedy: check the path; it is taken from BASE"
        ),
    ]

    @Test(arguments: places) func tellsOfPlaces(_ name: String, _ expected: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("job: a\nstages:\n" + Self.stage, to: "good.yaml")
        try folder.write("", to: "folder/x")
        mkfifo(folder["pipe"].path, 0o644)
        symlink("nothing", folder["dangling"].path)
        symlink("loop", folder["loop"].path)
        for (name, size) in [("large.yaml", 100 << 20), ("huge.yaml", 1 << 40)] {
            try folder.write("", to: name)
            #expect(truncate(folder[name].path, size) == 0)
        }
        #expect(problems(of: "good.yaml", in: folder.url).isEmpty)
        let first = try #require(problems(of: name, in: folder.url).first)
        #expect(first.description.replacing(folder.url.path, with: "BASE") == "\(name):1:1: error: \(expected)")
    }

    @Test func noPermission() throws {
        let folder = try TemporaryFolder()
        try folder.write("job: a\n", to: "secret.yaml")
        chmod(folder["secret.yaml"].path, 0)
        // Where root cannot lay its privileges down, there is nobody whom the file could be kept from.
        guard let found = withoutPrivileges({ problems(of: "secret.yaml", in: folder.url) }) else { return }
        #expect(
            found.map(\.description) == [
                "secret.yaml:1:1: error: the file cannot be read\n  remedy: check the file's permissions"
            ])
    }

    static let good: [Data] = {
        let text = "job: a\nstages:\n" + stage + "  - {name: e, uses: reads, needs: [data]}\n"
        return [
            Data(text.utf8), Data([0xEF, 0xBB, 0xBF]) + Data(text.utf8),
            Data(text.replacing("\n", with: "\r\n").utf8), Data(text.replacing("\n", with: "\r").utf8),
            Data([0xEF, 0xBB, 0xBF]) + Data("# ünïcødé\r\n---\r\n\(text.replacing("\n", with: "\r\n"))...\r\n".utf8),
            Data("%YAML 1.1\n---\n\(text)".utf8), Data("\(text)# no line feed at the end".utf8),
        ]
    }()

    @Test(arguments: good) func accepts(_ data: Data) throws {
        let folder = try TemporaryFolder()
        try folder.write(data, to: "j.yaml")
        #expect(problems(of: "j.yaml", in: folder.url).map(\.description) == [])
    }

    private func problems(of file: String, in folder: URL) -> [Diagnostic] {
        let start = threadSeconds()
        let context = ManifestContext(base: folder, environment: [:])
        let result = ManifestValidation.validate(
            path: file, from: folder, name: file, context: context, catalog: richCatalog)
        // Of a processor; without optimisation everything takes several times as long.
        #expect(threadSeconds() - start < (isOptimised ? 1 : 10))
        guard case .failure(let problems) = result else { return [] }
        for problem in problems.list {
            #expect(problem.line > 0 && problem.column > 0)
            #expect(problem.remedy?.isEmpty == false, "no remedy: \(problem)")
            #expect(problem.text.utf8.count < 3000)
        }
        return problems.list
    }

    private func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private var isOptimised: Bool {
        var isDebug = false
        assert({ isDebug = true }() == ())
        return !isDebug
    }
}
