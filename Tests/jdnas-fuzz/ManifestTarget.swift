import Basics
import Foundation
import Manifest

/// The manifest reader: YAML, includes, variables, keys and options.
struct ManifestTarget: FuzzTarget {
    let name = "manifest"
    private let context: ManifestContext

    init(work: URL) {
        let base = work.appending(path: "base")
        try? FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
        try? Data("variables: {a: 1, b: \"${a}\"}\nstages: [{name: x, uses: y}]\n".utf8)
            .write(to: base.appending(path: "a.yaml"))
        try? Data("include: [a.yaml, b.yaml]\n".utf8).write(to: base.appending(path: "b.yaml"))
        context = ManifestContext(base: base, environment: ["HOME": "/home/ann", "N": "3"])
    }

    func seeds(from folders: [URL]) throws -> [Data] {
        var seeds = [
            Data(
                "job: a\ninclude: [a.yaml]\nvariables: {n: 3, m: \"${n}x\"}\nstages: [{name: b, uses: \"${m}\"}]\n".utf8
            )
        ]
        for folder in folders {
            let paths = FileManager.default.subpaths(atPath: folder.path) ?? []
            for path in paths.sorted() where path.hasSuffix(".yaml") {
                seeds.append(try Data(contentsOf: folder.appending(path: path)))
            }
        }
        return seeds
    }

    func read(_ file: URL, _ input: Data) throws -> String {
        let first = diagnostics(input)
        guard first == diagnostics(input) else { throw Broken("the same file is read the same way twice", "\(first)") }
        for diagnostic in first {
            func check(_ isKept: Bool, _ promise: String) throws {
                if !isKept { throw Broken(promise, diagnostic.text) }
            }
            try check(diagnostic.line > 0 && diagnostic.column > 0, "every diagnostic has a place")
            try check(diagnostic.remedy?.isEmpty == false, "every diagnostic has a remedy")
            try check(diagnostic.text.utf8.count < 20_000, "diagnostics are short")
            let steering = diagnostic.text.unicodeScalars.contains { scalar in
                scalar != "\n" && (scalar.properties.generalCategory == .control || scalar == "\u{202E}")
            }
            if diagnostic.excerpt != nil {
                try check(!steering || diagnostic.message.contains("\u{202E}"), "no excerpt steers a terminal")
            }
        }
        return first.isEmpty ? "fine" : first.prefix(3).map { outline($0.message) }.joined(separator: "; ")
    }

    /// What is wrong with a manifest whose stages have options of all kinds.
    private func diagnostics(_ input: Data) -> [Diagnostic] {
        let diagnosis = Diagnosis()
        guard let job = JobManifest(parsing: input, file: "fuzz.yaml", context: context, diagnosis: diagnosis) else {
            return diagnosis.diagnostics
        }
        for stage in job.stages {
            let reader = ConfigReader(
                stage.with, mark: stage.mark, file: "fuzz.yaml", baseDirectory: context.base, diagnosis: diagnosis)
            readOptions(reader)
            reader.finish()
        }
        _ = job.order()
        return diagnosis.diagnostics
    }

    private func readOptions(_ reader: ConfigReader) {
        _ = reader.int("epochs", default: 12, in: 0...10_000)
        _ = reader.int("count", in: 1...100)
        _ = reader.optionalInt("train")
        _ = reader.double("learning_rate", default: 0.01, in: 1e-9...10)
        _ = reader.bool("flip", default: true)
        _ = reader.choice("format", default: "coco", among: ["coco", "synth", "plain"])
        _ = reader.string("detector", default: "")
        _ = reader.optionalDirectory("root")
        _ = reader.optionalFile("weights")
        _ = reader.optionalConfigFile("net")?.int("width", default: 8)
        _ = reader.ints("widths", default: [1], in: 1...512, count: 1...4)
        _ = reader.optionalStrings("names")
        let trial = reader.reader("trial")
        _ = trial.int("epochs", default: 3)
        _ = reader.optionalReader("space")?.doubles("widths", default: [1], in: 0.1...1)
        for step in reader.readers("steps") { _ = step.int("at", in: 0...100) }
        _ = reader.json("grow")
    }
}
