import Basics
import CompareModes
import Foundation
import StageKit
import TestSupport
import Testing

/// Searches of several modes held against each other, at the end of a job.
@Suite struct CompareModesTests {
    private let stages: Stages

    init() throws { stages = try Stages() }

    private func evaluation(_ name: String, _ metrics: JSON?) throws -> Artifact {
        try stages.folder.write(
            metrics?.canonicalText ?? "", to: "\(name)/\(metrics == nil ? "other" : "metrics").json")
        return Artifact(
            kind: .evaluation, directory: stages.folder[name], digest: Digest(of: name), reference: name)
    }

    private func search(_ mode: String, _ base: Int, _ precision: Double) throws -> Artifact {
        try evaluation(
            "\(mode)-\(base)",
            [
                "format": "jdnas-metrics/1", "base": ["ap": 0.5, "latency_ms": ["median": 40]],
                "student": ["ap": .number(precision), "latency_ms": ["median": 20]],
                "search": ["mode": .string(mode), "base": .string("b\(base)"), "candidates": 8],
            ])
    }

    @Test func modesAreHeldAgainstEachOther() throws {
        var evaluations: [Artifact] = []
        for (base, level) in [0.41, 0.55, 0.47].enumerated() {
            evaluations += [
                try search("joint", base, level + 0.05 + 0.001 * Double(base)), try search("random", base, level),
                try search("pipeline", base, level + (base == 0 ? 0.2 : 0.03)),
            ]
        }
        let found = try stages.run(CompareModes(), "{}", on: evaluations, in: "out")
        let file = found.directory.appending(path: "comparison.json")
        let json = try JSON(parsing: Data(contentsOf: file))
        let verdicts = json["differences"]?.array?.compactMap { difference in
            difference["other"]?.string.map { "\($0): \(difference["verdict"]?.string ?? "")" }
        }
        #expect(verdicts == ["pipeline: not distinguished", "random: better"])
        #expect(json["modes"]?[0]?["runs"]?[0]?["source"] == "joint-0")
        let page = try String(contentsOf: found.directory.appending(path: "comparison.html"), encoding: .utf8)
        #expect(page.contains("not distinguished") && !page.contains("<script"))
        // By AP, and by AP and latency.
        #expect(page.components(separatedBy: "<svg").count == 3)
        #expect(page.contains("joint-0") && page.contains("joint: 46.0 at 50.0"))
        #expect(found.summary["headline"]?.array?.count == 2)

        let turned = try stages.run(CompareModes(), "against: random", on: evaluations, in: "turned")
        #expect(turned.summary["headline"]?[0]?.string?.hasPrefix("random - joint: -5.1") == true)
    }

    @Test func whatCannotBeComparedIsRefused() throws {
        let joint = try search("joint", 0, 0.5)
        for (others, what) in [
            ([], "all runs have the mode 'joint'"),
            ([try evaluation("none", nil)], "no metrics.json in this evaluation"),
            (
                [try evaluation("plain", ["format": "jdnas-metrics/1", "base": ["ap": 0.5]])],
                "these metrics tell no search"
            ),
        ] {
            let failure = #expect(throws: Failure.self) {
                _ = try stages.run(CompareModes(), "{}", on: [joint] + others, in: "out")
            }
            #expect(failure?.what == what && failure?.remedy != nil)
        }
    }

    @Test func itTakesSeveralEvaluations() {
        #expect(CompareModes().consumes.takesSeveral(.evaluation))
        #expect(![InputRequirement(.evaluation)].takesSeveral(.evaluation))
    }
}
