import Archive
import Basics
import Bundles
import Foundation
import TestSupport
import Testing

/// `jdnas report compare`.
@Suite struct ReportCompareTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func metrics(_ mode: String, _ base: String, _ precision: Double) -> Data {
        let json: JSON = [
            "format": "jdnas-metrics/1", "base": ["ap": 0.5, "latency_ms": ["median": 40]],
            "student": ["ap": .number(precision), "latency_ms": ["median": 20]],
            "search": ["mode": .string(mode), "base": .string(base), "candidates": 8],
        ]
        return Data(json.canonicalText.utf8)
    }

    @Test func bundlesAreComparedInPairs() throws {
        let plain = Data(#"{"format": "jdnas-metrics/1", "base": {"ap": 0.5}}"#.utf8)
        for (seed, level) in [0.41, 0.55, 0.47].enumerated() {
            try BundleBuilder.build(
                members: [
                    ArchiveMember(path: "metrics.json", contents: .data(metrics("joint", "b\(seed)", level + 0.05))),
                    ArchiveMember(
                        path: "random/metrics.json",
                        contents: .data(metrics("random", "b\(seed)", level + 0.004 * Double(seed)))),
                    ArchiveMember(path: "receipts/metrics.json", contents: .data(Data("{}".utf8))),
                    ArchiveMember(path: "other/metrics.json", contents: .data(plain)),
                ], about: ["job": "night"], to: folder["seed\(seed).tar.zst"])
        }
        let bundles = ["seed0.tar.zst", "seed1.tar.zst", "seed2.tar.zst"]
        let outcome = try run(["report", "compare"] + bundles + ["--out", "page.html"], in: folder.url)
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(outcome.output.contains("joint - random") && outcome.output.contains("better"), "\(outcome.output)")
        let page = try String(contentsOf: folder["page.html"], encoding: .utf8)
        #expect(page.contains("<svg") && page.contains("joint - random") && !page.contains("<script"))
        let json = try JSON(parsing: run(["report", "compare", "--json"] + bundles, in: folder.url).output)
        #expect(json["modes"]?.array?.count == 2 && json["differences"]?[0]?["verdict"]?.string == "better")
        // What was written says the same again, without the bundles.
        try Data(json.canonicalText.utf8).write(to: folder["all.json"])
        let again = try run(["report", "compare", "all.json"], in: folder.url)
        #expect(again.code == 0 && again.output == outcome.output, "\(again.output)\(again.error)")
        let markdown = try run(["report", "compare", "--markdown", "all.json"], in: folder.url).output
        #expect(
            markdown.hasPrefix(
                "The students:\n\n| mode | runs | AP | over the base | share of the base's latency | "
                    + "within the target (+5 %) | candidates |\n| --- | ---: |"))
        #expect(markdown.contains("Run by run:") && markdown.contains("| joint | 50.0 | 46.0 | 50.0 % |"))
        #expect(markdown.contains("| joint | 3 | 52.7 [") && markdown.contains("| joint - random | 3 | +4.6 ["))
        // Nor does it say where they lay.
        let absolute = try run(["report", "compare", "--json"] + bundles.map { folder[$0].path }, in: folder.url)
        #expect(try JSON(parsing: absolute.output) == json)
        let turned = try run(["report", "compare", "--against", "random"] + bundles, in: folder.url)
        #expect(turned.output.contains("worse"))
    }

    /// Several runs of one mode: what they gained over their bases.
    @Test func oneModeIsHeldAgainstItsBases() throws {
        for seed in 0..<3 {
            try metrics("joint", "b\(seed)", 0.55 + 0.01 * Double(seed)).write(to: folder["seed\(seed).json"])
        }
        let outcome = try run(["report", "compare", "seed0.json", "seed1.json", "seed2.json"], in: folder.url)
        #expect(
            outcome.code == 0 && outcome.output.contains("the base") && outcome.output.contains("+6.0 [+3.5, +8.5]"),
            "\(outcome.output)")
    }

    /// Evaluations of the same images: how sure the gain is over these.
    @Test func gainsAreHeldAgainstTheImagesToo() throws {
        for seed in 0..<2 {
            guard case .object(var members) = try JSON(parsing: metrics("joint", "b\(seed)", 0.55)) else { return }
            members["split"] = ["digest": "cells"]
            members["search"] = ["mode": "joint", "base": .string("b\(seed)"), "cost": ["base_trainings": 3.25]]
            members["change"] = ["resampled": .array((0..<40).map { .number($0 % 2 == seed ? 0.08 : 0.02) })]
            try Data(JSON.object(members).canonicalText.utf8).write(to: folder["seed\(seed).json"])
        }
        let one = try run(["report", "compare", "--markdown", "seed0.json"], in: folder.url).output
        #expect(one.contains("| the base | 1 | +5.0 | [+2.0, +8.0] | better |"), "\(one)")
        let both = try run(["report", "compare", "--markdown", "seed0.json", "seed1.json"], in: folder.url).output
        #expect(both.contains("| the base | 2 | +5.0 [+5.0, +5.0] | [+5.0, +5.0] | better |"), "\(both)")
        #expect(both.contains("| joint | 50.0 | 55.0 | 50.0 % | 3.2 | seed0.json |"), "\(both)")
        let json = try JSON(
            parsing: run(["report", "compare", "--json", "seed0.json", "seed1.json"], in: folder.url).output)
        #expect(json["advances"]?[0]?["interval_over_images"]?.array?.count == 2)
    }

    /// What is given twice is no second run, and a bundle that brings none is not passed over in silence.
    @Test func runsCountOnce() throws {
        try metrics("joint", "b0", 0.55).write(to: folder["one.json"])
        try metrics("joint", "b1", 0.57).write(to: folder["two.json"])
        let alone = try run(["report", "compare", "--json", "one.json"], in: folder.url)
        try Data(alone.output.utf8).write(to: folder["record.json"])
        try BundleBuilder.build(
            members: [ArchiveMember(path: "data/pack.json", contents: .data(Data("{}".utf8)))],
            about: ["job": "night"], to: folder["failed.tar.zst"])
        let all = try run(
            ["report", "compare", "--markdown", "one.json", "two.json", "record.json", "one.json", "failed.tar.zst"],
            in: folder.url)
        #expect(all.code == 0 && all.output.contains("| joint | 2 | 56.0 ["), "\(all.output)")
        #expect(all.error.contains("notice: failed.tar.zst holds no evaluation of a search"), "\(all.error)")
        #expect(all.error.components(separatedBy: "is of a search that was given before").count == 3, "\(all.error)")
    }

    /// APs on different images are not pooled where one base tells them apart.
    @Test func splitsAreNotMixed() throws {
        for split in ["val", "search"] {
            var members = try #require(try JSON(parsing: metrics("joint", "b0", 0.55)).object)
            members["split"] = ["digest": .string(split)]
            try Data(JSON.object(members).canonicalText.utf8).write(to: folder["\(split).json"])
        }
        let outcome = try run(["report", "compare", "val.json", "search.json"], in: folder.url)
        #expect(
            outcome.code == 1 && outcome.error.contains("evaluated on different images: val.json, search.json"),
            "\(outcome.error)")
    }

    /// In a terminal each table says what it is, and that some students are too slow.
    @Test func tablesSayWhatTheyAre() throws {
        for (mode, latency) in [("joint", 20.0), ("random", 30)] {
            var members = try #require(try JSON(parsing: metrics(mode, "b0", 0.55)).object)
            members["search"] = ["mode": .string(mode), "base": "b0", "target": 0.5]
            members["student"] = ["ap": 0.55, "latency_ms": ["median": .number(latency)]]
            try Data(JSON.object(members).canonicalText.utf8).write(to: folder["\(mode).json"])
        }
        let text = try run(["report", "compare", "joint.json", "random.json"], in: folder.url).output
        #expect(
            text.contains("The students:\n  mode") && text.contains("What the students of joint gained:\n  over"),
            "\(text)")
        #expect(text.contains("Not all students of random meet their latency target"), "\(text)")
        let markdown = try run(["report", "compare", "--markdown", "joint.json", "random.json"], in: folder.url).output
        #expect(markdown.hasSuffix("\n\nNot all students of random meet their latency target. Compare with care.\n"))
    }

    @Test func mistakesAreTold() throws {
        try metrics("joint", "b", 0.5).write(to: folder["one.json"])
        try Data("{}".utf8).write(to: folder["none.json"])
        try Data(#"{"format": "jdnas-mode-comparison/1", "modes": [{"mode": "joint", "runs": [{}]}]}"#.utf8)
            .write(to: folder["torn.json"])
        for (arguments, code, text) in [
            (["none.json"], Int32(1), "no format that is known"),
            (["torn.json"], 1, "this comparison is damaged"),
            (["nowhere.json"], 1, "cannot be read"),
            (["one.json", "--against", "random"], 1, "no search of mode 'random'"),
            (["one.json", "--json", "--markdown"], 2, "give one of them"),
            (["."], 1, "this is a folder, not a"),
            ([], 2, "report compare"),
        ] {
            let outcome = try run(["report", "compare"] + arguments, in: folder.url)
            #expect(outcome.code == code && outcome.error.contains(text), "\(outcome.error)")
        }
    }
}
