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
        let document = try String(contentsOf: Project.root.appending(path: "docs/search.md"), encoding: .utf8)
        let folder = Project.root.appending(path: "docs/results")
        var count = 0
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        for name in names where name.hasSuffix(".json") {
            let record = try JSON(parsing: Data(contentsOf: folder.appending(path: name)), at: name)
            guard record["format"]?.string?.hasPrefix("jdnas-mode-comparison/") == true else { continue }
            count += 1
            let tables = try run(["report", "compare", "--markdown", "docs/results/\(name)"], in: Project.root)
            #expect(tables.code == 0 && !tables.output.isEmpty, "\(tables.error)")
            #expect(document.contains("<!-- results/\(name) -->\n\n" + tables.output), "\(name)")
        }
        #expect(count >= 1)
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
