import Basics
import Foundation
import Manifest
import TestSupport
import Testing

/// What documents and examples say is what the programs do.
@Suite struct DocumentationTests {
    @Test func manifestsInDocumentsAreUnderstood() throws {
        let docs = Project.root.appending(path: "docs")
        var files = try FileManager.default.contentsOfDirectory(atPath: docs.path).map { docs.appending(path: $0) }
        files.append(Project.root.appending(path: "README.md"))
        var count = 0
        for file in files where file.pathExtension == "md" {
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
            for block in text.matches(of: /(?s)```yaml\n(job:.*?)```/) {
                count += 1
                _ = try JobManifest(
                    parsing: Data(block.1.utf8), file: file.lastPathComponent,
                    context: ManifestContext(environment: ["CELLS": "/data/cells"]))
            }
        }
        #expect(count >= 2)
    }

    /// `jdnas plugins --markdown > docs/plugins.md` writes it anew.
    @Test func referenceOfOptionsIsCurrent() throws {
        let text = try String(contentsOf: Project.root.appending(path: "docs/plugins.md"), encoding: .utf8)
        #expect(try run(["plugins", "--markdown"], in: Project.root).output == text)
    }

    /// `jdnas schema --markdown > docs/manifest-reference.md` writes it anew.
    @Test func referenceOfKeysIsCurrent() throws {
        let text = try String(contentsOf: Project.root.appending(path: "docs/manifest-reference.md"), encoding: .utf8)
        #expect(try run(["schema", "--markdown"], in: Project.root).output == text)
    }

    /// The manifests that come with the project, as an editor sees them.
    @Test func jobsFitTheSchema() throws {
        let outcome = try run(["schema"], in: Project.root)
        #expect(outcome.code == 0, "\(outcome.error)")
        let schema = SchemaCheck(try JSON(parsing: outcome.output))
        let folder = Project.root.appending(path: "jobs")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(!names.isEmpty)
        for name in names {
            let data = try Data(contentsOf: folder.appending(path: name))
            var manifest = try YAMLNode(parsing: data, file: name).json
            #expect(schema.problems(of: manifest) == [], "\(name)")
            // A key that nobody knows.
            guard case .object(var members) = manifest else { continue }
            members["sede"] = 1
            manifest = .object(members)
            #expect(schema.problems(of: manifest) == ["sede: is not allowed"])
        }
    }

    /// Tables of searches are what `jdnas report compare --markdown` makes of the committed results: each record stands in the
    /// document, under a comment that names it. `jdnas report compare --json BUNDLE… > docs/results/NAME.json` makes a record,
    /// and `--markdown` of it the tables.
    @Test func tablesOfComparisonsAreCurrent() throws {
        let document = try text("docs/search-results.md")
        let folder = Project.root.appending(path: "docs/results")
        var count = 0
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        for name in names where name.hasSuffix(".json") {
            let record = try JSON(parsing: Data(contentsOf: folder.appending(path: name)), at: name)
            guard record["format"]?.string?.hasPrefix("jdnas-mode-comparison/") == true else { continue }
            count += 1
            #expect(!record.canonicalText.contains("\"/"), "\(name) names a place on a machine")
            let tables = try run(["report", "compare", "--markdown", "docs/results/\(name)"], in: Project.root)
            #expect(tables.code == 0 && !tables.output.isEmpty, "\(tables.error)")
            #expect(document.contains("<!-- results/\(name) -->\n\n" + tables.output), "\(name)")
        }
        #expect(count >= 1)
    }

    /// So are the tables of a single run: its detectors, from its `metrics.json`, and how its student came about, from what
    /// `jdnas search explain --json` told of its bundle.
    @Test func tablesOfOneRunAreCurrent() throws {
        let document = try text("docs/search-results.md")
        func check(_ name: String, _ rows: [[String]]) { expect(document, holds: rows, of: name) }
        func points(_ value: JSON?) -> String { String(format: "%.1f", 100 * (value?.number ?? .nan)) }
        func number(_ value: JSON?, per unit: Double = 1) -> String {
            String(format: "%.1f", (value?.number ?? .nan) / unit)
        }

        let metrics = try record("bccd-long-3.json")
        let detectors = [metrics["base"], metrics["rivals"]?["continued"], metrics["student"]]
        func row(_ name: String, _ text: (JSON?) -> String) -> [String] { [name] + detectors.map(text) }
        check(
            "bccd-long-3.json",
            [
                ["", "base", "continued", "student"], ["---", "---:", "---:", "---:"],
                row("AP; AP50; AP75") { one in ["ap", "ap50", "ap75"].map { points(one?[$0]) }.joined(separator: "; ")
                },
                row("red cells; white cells; platelets: AP") { one in
                    (one?["per_class"]?.array ?? []).map { points($0["ap"]) }.joined(separator: "; ")
                },
                row("AP50 lost to boxes on the background") { points($0?["errors"]?["background"]?["cost"]) },
                row("latency, median of 360") { number($0?["latency_ms"]?["median"]) + " ms" },
                row("multiply-accumulates") { number($0?["macs"], per: 1e9) + " G" },
                row("parameters") { number($0?["parameters"], per: 1e6) + " M" },
            ])

        let path = try record("bccd-long-3-path.json")
        let steps = (path["path"]?.array ?? []).map { step in
            [
                "\(step["candidate"]?.integer ?? -1)", step["move"]?.string ?? "",
                (step["actions"]?.array ?? []).compactMap(\.string).joined(separator: ", "), points(step["ap"]),
                number(step["latency_ms"]),
            ]
        }
        let last = path["path"]?.array?.last
        check(
            "bccd-long-3-path.json",
            [
                ["candidate", "move", "what was done", "AP", "ms, predicted"],
                ["---:", "---", "---", "---:", "---:"],
                ["0", "the base", "", points(path["base"]?["ap"]), number(path["base"]?["latency_ms"])],
            ] + steps + [
                [
                    "\(last?["candidate"]?.integer ?? -1)", "the last training", "",
                    points(path["ap_after_last_training"]), number(last?["latency_ms"]),
                ]
            ])
    }

    /// So are those of what was run in part, and of searches that were killed (`Benchmarks/search/kills` writes that record).
    @Test func tablesOfPartsAreCurrent() throws {
        let document = try text("docs/search-results.md")
        func number(_ value: JSON?, per unit: Double = 1, _ digits: Int = 0) -> String {
            String(format: "%.\(digits)f", (value?.number ?? .nan) / unit)
        }

        let step = try record("coco-r101-step.json")
        expect(
            document,
            holds: [
                ["loss", "took", "processor time", "memory", "multiply-accumulates of an image", "parameters"],
                ["---:", "---:", "---:", "---:", "---:", "---:"],
                [
                    number(step["loss"]), number(step["seconds"]) + " s", number(step["processor_seconds"]) + " s",
                    number(step["peak_bytes"], per: 0x1p30, 1) + " GiB", number(step["macs"], per: 1e9) + " G",
                    number(step["parameters"], per: 1e6, 1) + " M",
                ],
            ], of: "coco-r101-step.json")

        let slice = try record("overnight-slice.json")
        let epochs = slice["epochs"]?.array ?? []
        #expect(!epochs.isEmpty && epochs.allSatisfy { $0["loss"] == $0["undisturbed"] })
        expect(
            document,
            holds: [
                ["epoch", "attempt", "loss of the slice", "loss of a run that was not stopped"],
                ["---:", "---:", "---:", "---:"],
            ]
                + epochs.map { epoch in
                    [
                        number(epoch["epoch"]), number(epoch["attempt"]), number(epoch["loss"], 12),
                        number(epoch["undisturbed"], 12),
                    ]
                }, of: "overnight-slice.json")

        let kills = try record("kills.json")
        let runs = kills["runs"]?.array ?? []
        #expect(Set(runs.map { $0["digest"]?.string }).count == 1)
        expect(
            try text("Benchmarks/README.md"),
            holds: [
                ["workers", "kills of the stage", "with its runner", "of workers", "took", "digest"],
                ["---:", "---:", "---:", "---:", "---:", "---"],
            ]
                + runs.map { run in
                    [number(run["workers"])]
                        + ["stage", "with_its_runner", "workers"].map { number(run["kills"]?[$0]) }
                        + [number(run["seconds"]) + " s", run["digest"]?.string ?? ""]
                }, of: "kills.json")
    }

    private func text(_ file: String) throws -> String {
        try String(contentsOf: Project.root.appending(path: file), encoding: .utf8)
    }

    private func record(_ name: String) throws -> JSON {
        try JSON(parsing: Data(contentsOf: Project.root.appending(path: "docs/results/\(name)")), at: name)
    }

    private func expect(_ document: String, holds rows: [[String]], of name: String) {
        let table = rows.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
        #expect(document.contains("<!-- results/\(name) -->\n\n" + table + "\n"), "\(name):\n\(table)")
    }

    /// The comparison of modes: all five from every base, and nothing but the mode differs; all decide by the first one's latencies.
    @Test func modesHaveEqualBudgets() throws {
        let file = Project.root.appending(path: "jobs/comparison.yaml")
        let manifest = try YAMLNode(parsing: Data(contentsOf: file), file: "comparison.yaml").json
        var modes: [String: Set<String>] = [:]
        var options: Set<JSON> = []
        // The first search of each base.
        var first: [String: String] = [:]
        for stage in manifest["stages"]?.array ?? [] where stage["uses"]?.string == "joint-search" {
            guard case .object(var with)? = stage["with"], let base = stage["needs"]?[1]?.string else { continue }
            let isNew = modes[base, default: []].insert(with.removeValue(forKey: "mode")?.string ?? "").inserted
            #expect(isNew, "\(stage)")
            let earlier = stage["needs"]?.array?.dropFirst(3).compactMap(\.string)
            #expect(earlier == (first[base].map { [$0] } ?? []), "\(stage)")
            first[base] = first[base] ?? stage["name"]?.string
            options.insert(.object(with))
        }
        // One report measures a base for all.
        for stage in manifest["stages"]?.array ?? [] where stage["uses"]?.string == "evaluate" {
            let needs = stage["needs"]?.array?.compactMap(\.string) ?? []
            let measuring = needs.count > 1 ? first[needs[1]].map { "\($0)-report" } : nil
            let others = measuring == stage["name"]?.string ? [] : [measuring]
            #expect(needs.dropFirst(3).map { $0 } == others, "\(stage)")
        }
        #expect(modes.count >= 5 && options.count == 1)
        let all: Set = ["joint", "pipeline", "fixed-teacher", "no-distillation", "random"]
        #expect(modes.values.allSatisfy { $0 == all }, "\(modes)")
    }

    @Test(.enabled(if: SharedFolder.isPresent, Comment(rawValue: SharedFolder.hint))) func jobsAreFine() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Project.root.appending(path: "jobs").path)
        let jobs = names.filter { $0.hasSuffix(".yaml") }.map { "jobs/\($0)" }
        #expect(!jobs.isEmpty)
        let outcome = try run(["validate"] + jobs, in: Project.root)
        #expect(outcome.code == 0, "\(outcome.error)")
        // What is too long to be run here is estimated.
        for job in ["jobs/overnight.yaml", "jobs/coco-r101.yaml"] {
            let plan = try run(["plan", "--json", job], in: Project.root)
            #expect(plan.code == 0, "\(plan.error)")
            let stages = try JSON(parsing: plan.output)[0]?["stages"]?.array ?? []
            #expect(stages.count >= 5 && stages.allSatisfy { $0["seconds"]?.number ?? 0 > 0 }, "\(plan.output)")
        }
    }
}
