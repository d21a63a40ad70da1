import Archive
import Basics
import Bundles
import Dataset
import Detection
import DetectorKit
import Foundation
import ResNet
import Tensor
import TestSupport
import Testing
import Training

/// `jdnas morph`, `jdnas compare` and `jdnas lineage`.
@Suite struct MorphCommandTests {
    private let folder: TemporaryFolder
    private let detector: Detector
    private let catalog = BackboneCatalog([ResNet()])

    init() throws {
        folder = try TemporaryFolder()
        let settings = DetectorSettings(
            backbone: "resnet18", norm: .group, normGroups: 16, neckWidth: 32, headWidth: 32,
            input: .init(shorter: 64, longer: 96), anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [1]),
            selection: .init(
                training: .init(beforeNMS: 20, afterNMS: 20), inference: .init(beforeNMS: 20, afterNMS: 20)))
        let graph = try DetectorGraph(settings.architecture(classes: 1, catalog), catalog)
        detector = Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 4)))
        try DetectorFiles.write(detector, to: folder["cells"])
        try DetectorFiles.write([Dataset.Category(id: 7, name: "red cell", label: 1)], to: folder["cells"])
    }

    private func jdnas(_ arguments: String...) throws -> Outcome { try run(arguments, in: folder.url) }

    private func read(_ name: String) throws -> Detector { try DetectorFiles.read(from: folder[name], catalog) }

    @Test func actionsAreDoneInTheirOrder() throws {
        let outcome = try jdnas(
            "morph", "--base", "cells", "--out", "other", "--action", "add a block to stage1", "--action",
            "set stage4.trunk to 256", "--threads", "1")
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(outcome.output.hasPrefix("add a block to stage1\nset stage4.trunk to 256\n"))
        let child = try read("other")
        #expect(child.architecture.backbone.stages.map(\.blocks.count) == [3, 2, 2, 2])
        #expect(child.architecture.backbone.stages[3].width == 256)
        let name = "backbone.body.layer1.0.conv1.weight"
        #expect(child.weights[name] == detector.weights[name])
        #expect(folder.files().contains("other/categories.json"))
    }

    @Test func widthsAreNarrowedToAShare() throws {
        #expect(
            try jdnas("morph", "--base", "cells", "--out", "narrow", "--macs", "0.5", "--importance", "l1").code == 0)
        let costs = try [detector, read("narrow")].map(\.graph.cost.multiplyAccumulates)
        #expect(costs[1] * 2 <= costs[0] && costs[1] * 5 > costs[0])
        let outcome = try jdnas("compare", "cells", "narrow", "--no-latency")
        #expect(outcome.code == 0 && outcome.error == "")
        let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.contains { $0[0] == "stage4" && $0.filter { $0 == "blocks," }.count == 2 })
        let parameters = try #require(lines.first { $0[0] == "parameters" })
        #expect(parameters[1] == "\(detector.graph.cost.parameters)")
    }

    /// What was measured is kept, and added to: the detectors' own operators are measured anew, and no other.
    @Test func latenciesArePredictedAndMeasured() throws {
        let options = ["compare", "cells", "cells", "--rounds", "1", "--threads", "1", "--table", "kept/table.json"]
        let outcome = try run(options, in: folder.url)
        #expect(outcome.code == 0, "\(outcome.error)")
        for name in ["predicted latency", "measured latency"] { #expect(outcome.output.contains(name)) }
        func read() throws -> JSON { try JSON(parsing: Data(contentsOf: folder["kept/table.json"]), at: "table") }
        func operators(_ table: JSON) -> [[JSON]] {
            (table["operators"]?.array ?? []).map { $0.array?.dropLast() ?? [] }
        }
        let table = try read()
        #expect(table["operators"]?.array?.isEmpty == false && table["fit"] == .null)
        #expect(try run(options, in: folder.url).code == 0)
        #expect(try operators(read()) == operators(table))
    }

    @Test func mistakesAreTold() throws {
        let base = ["morph", "--base", "cells", "--out", "new"]
        for (arguments, code, text) in [
            (base, 2, "nothing is to be changed"), (base + ["--action", "grow"], 2, "no action: 'grow'"),
            (base + ["--macs", "0.5", "--importance", "taylor"], 2, "taylor weighs channels on images"),
            (base + ["--macs", "0.5", "--importance", "size"], 2, "'--importance' is not 'size'"),
            (base + ["--macs", "0.011"], 1, "no widths bring the multiply-accumulates"),
            (base + ["--action", "set neck.output to 31"], 1, "a width of 31"),
            (base + ["--action", "set top to 64"], 1, "no width 'top'"),
            (base + ["--macs", "0.5", "--data", "nowhere"], 1, "nowhere"),
            (["morph", "--base", "cells", "--out", "cells", "--macs", "0.5"], 1, "something lies here already"),
            (["morph", "--base", "nowhere", "--out", "new", "--macs", "0.5"], 1, "nowhere"),
            (["compare", "cells", "nowhere"], 1, "nowhere"), (["lineage", "nowhere.json"], 1, "cannot be read"),
            (["lineage", "cells/architecture.json"], 1, "no lineage of format"),
        ] as [([String], Int32, String)] {
            let outcome = try run(arguments, in: folder.url)
            #expect(outcome.code == code, "\(arguments): \(outcome.error)")
            #expect(outcome.error.contains(text), "\(arguments): \(outcome.error)")
        }
        #expect(!folder.files().contains { $0.hasPrefix("new") })
    }

    /// Any candidate of a search's journal has a lineage, in a form that can be replayed.
    @Test func otherCandidatesHaveLineagesToo() throws {
        let digest = String(repeating: "1", count: 64)
        let teacher =
            #""teacher": {"depths": [2, 2, 2, 2], "innerWidths": [1, 0.75, 1, 1], "#
            + #""trunkWidths": [1, 1, 1, 1], "input": {"shorter": 240, "longer": 320}}"#
        func line(_ id: Int, _ parent: String, _ action: String) -> String {
            #"{"candidate": \#(id), "generation": 1, "parent": \#(parent), "move": "prune", "actions": [\#(action)], "#
                + #"\#(teacher), "ap": 0.4, "latency_ms": 20.5, "architecture_digest": "\#(digest)", "#
                + #""weights_digest": "\#(digest)"}"#
        }
        try folder.write(
            [line(0, "null", ""), line(1, "0", #""set stem to 32""#), line(2, "1", #""add a block to stage1""#)]
                .joined(separator: "\n") + "\n", to: "search/history.jsonl")
        try BundleBuilder.build(
            // As an evaluation's bundle has it: its search's, and a copy.
            members: ["history.jsonl", "search/history.jsonl"].map {
                ArchiveMember(path: $0, contents: .file(folder["search/history.jsonl"]))
            },
            about: ["job": "night"], to: folder["night.tar.zst"])
        let outcome = try jdnas("lineage", "night.tar.zst", "--candidate", "2")
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(outcome.output.contains("set stem to 32") && outcome.output.contains("add a block to stage1"))
        let json = try JSON(parsing: jdnas("lineage", "night.tar.zst", "--candidate", "1", "--json").output)
        #expect(json["steps"]?.array?.count == 1 && json["base_architecture_digest"]?.string == digest)
        for (arguments, text) in [
            (["--candidate", "7"], "there is no candidate 7"), ([], "the bundle holds no lineage.json"),
            (["--candidate", "1", "--stage", "other"], "name one that is there: search"),
        ] {
            let refused = try run(["lineage", "night.tar.zst"] + arguments, in: folder.url)
            #expect(refused.code == 1 && refused.error.contains(text), "\(refused.error)")
        }
        // The search has not ended: there is no student to explain, but a front. With its last line there is a student.
        let open = try jdnas("search", "explain", "night.tar.zst")
        #expect(open.code == 0 && open.output.hasPrefix("The search has not ended"), "\(open.error)")
        #expect(open.output.contains("The front so far, of all 2 candidates:"), "\(open.output)")
        let journal = try String(contentsOf: folder["search/history.jsonl"], encoding: .utf8)
        let last = line(2, "1", "").replacing("prune", with: "last-training")
        try folder.write(journal + last + "\n", to: "history.jsonl")
        // A job with two searches: which is meant is said, and its own target holds.
        for (stage, target) in [("near", 12.0), ("far", 1)] {
            let receipt: JSON = [
                "plugin": "joint-search", "stage": .string(stage),
                "summary": ["target_ms": .number(target), "notes": ["it rained"]],
            ]
            try folder.write(receipt.canonicalText, to: "receipts/\(stage).json")
        }
        func bundle(_ name: String, _ members: [String: String]) throws {
            try BundleBuilder.build(
                members: members.sorted { $0.key < $1.key }.map {
                    ArchiveMember(path: $0.key, contents: .file(folder[$0.value]))
                }, about: ["job": "night"], to: folder[name])
        }
        try bundle("one.tar.zst", ["history.jsonl": "history.jsonl", "receipts/near.json": "receipts/near.json"])
        let one = try jdnas("search", "explain", "one.tar.zst").output
        #expect(
            one.hasPrefix("near: The student is candidate 2") && one.contains("; the target was 12.0 ms.")
                && one.hasSuffix("To be known of the search:\n  it rained\n"))
        #expect(try JSON(parsing: jdnas("search", "explain", "one.tar.zst", "--json").output)["notes"] == ["it rained"])
        try bundle(
            "two.tar.zst",
            [
                "history.jsonl": "history.jsonl", "near/history.jsonl": "history.jsonl",
                "far/history.jsonl": "search/history.jsonl", "receipts/near.json": "receipts/near.json",
                "receipts/far.json": "receipts/far.json",
            ])
        // Of these two one did not end: it is not passed over.
        try bundle(
            "half.tar.zst",
            [
                "near/history.jsonl": "history.jsonl", "receipts/near.json": "receipts/near.json",
                "far/journal.jsonl": "search/history.jsonl",
            ])
        for name in ["two.tar.zst", "half.tar.zst"] {
            let unclear = try jdnas("search", "explain", name)
            #expect(unclear.code == 1 && unclear.error.contains("several searches: far, near"), "\(unclear.error)")
            let far = try jdnas("search", "explain", name, "--stage", "far")
            #expect(far.code == 0 && far.output.contains("The search has not ended"), "\(far.error)")
        }
        // An evaluation's copy of its search's files is no search.
        try folder.write(#"{"plugin": "evaluate", "stage": "told"}"#, to: "receipts/told.json")
        try bundle(
            "told.tar.zst",
            [
                "near/history.jsonl": "history.jsonl", "receipts/near.json": "receipts/near.json",
                "told/history.jsonl": "history.jsonl", "receipts/told.json": "receipts/told.json",
            ])
        let nobody = try jdnas("search", "explain", "told.tar.zst", "--stage", "nobody")
        #expect(nobody.error.contains("name one that is there: near\n"), "\(nobody.error)")
        let near = try jdnas("search", "explain", "two.tar.zst", "--stage", "near")
        #expect(near.code == 0 && near.output.hasPrefix("near: The student is candidate 2"), "\(near.error)")
        let far = try jdnas("search", "explain", "two.tar.zst", "--stage", "far")
        #expect(far.output.hasPrefix("far: The search has not ended"), "\(far.error)")
        // A job that failed has its checkpoint's journal.
        try bundle("failed.tar.zst", ["search/journal.jsonl": "search/history.jsonl"])
        let failed = try jdnas("search", "explain", "failed.tar.zst")
        #expect(failed.output.hasPrefix("The search has not ended"), "\(failed.error)")
        let begun = try jdnas("lineage", "failed.tar.zst", "--candidate", "1")
        #expect(begun.output.contains("set stem to 32"), "\(begun.error)")
        // A journal that leads nowhere has no lineage.
        try folder.write([line(0, "null", ""), line(1, "null", "")].joined(separator: "\n") + "\n", to: "torn.jsonl")
        try bundle("torn.tar.zst", ["search/history.jsonl": "torn.jsonl"])
        let torn = try jdnas("lineage", "torn.tar.zst", "--candidate", "1")
        #expect(torn.code == 1 && torn.error.contains("how candidate 1 came from the base"), "\(torn.error)")
        let explained = try jdnas("search", "explain", "history.jsonl")
        #expect(explained.code == 0, "\(explained.error)")
        #expect(explained.output.hasPrefix("The student is candidate 2 (its last training brought +0.0 AP)"))
        #expect(explained.output.contains("set stem to 32") && explained.output.contains("What moves brought, "))
        let told = try JSON(parsing: jdnas("search", "explain", "history.jsonl", "--json").output)
        #expect(told["path"]?.array?.count == 2 && told["moves"]?.array?.count == 1)
    }

    @Test func aLineageIsPrinted() throws {
        let teacher = """
            "teacher": {"depths": [2, 2, 2, 2], "innerWidths": [1, 1, 1, 1], "trunkWidths": [1, 1, 1, 1],
              "input": {"shorter": 240, "longer": 320}}
            """
        try folder.write(
            """
            {"format": "jdnas-lineage/1", "base_architecture_digest": "\(String(repeating: "0", count: 64))",
             "steps": [{"candidate": 3, "generation": 1, "move": "prune", "ap": 0.5123, "latency_ms": 21.26,
               "actions": ["set stage2.trunk to 96", "remove stage3.block2"],
               \(teacher), "architecture_digest": "\(String(repeating: "1", count: 64))"},
              {"candidate": 5, "generation": 2, "move": "teacher:input", "ap": 0.5, "latency_ms": 20,
               "actions": ["set stem to 32"],
               \(teacher), "architecture_digest": "\(String(repeating: "1", count: 64))"}]}
            """, to: "lineage.json")
        let outcome = try jdnas("lineage", "lineage.json")
        #expect(outcome.code == 0, "\(outcome.error)")
        let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.count == 5 && lines[1].suffix(2) == ["51.2", "21.3"])
        #expect(
            lines[1].starts(with: ["3", "prune", "set", "stage2.trunk"]) && lines[2] == ["remove", "stage3.block2"])
        // Cuts that came with another teacher do not hide it.
        #expect(lines[3].starts(with: ["5", "teacher:input", "teacher:"]) && lines[4] == ["set", "stem", "to", "32"])
    }
}
