import Basics
import CompareModes
import DatasetPack
import ExtractTeacher
import Foundation
import Morph
import StageConformance
import StageKit
import TeacherPool
import Testing
import Train

/// Stages around a search are what the runner takes them for. What they read is made once for all aspects.
@Suite(.serialized) struct SearchConformanceTests {
    /// A data set and a detector that was trained on it for a moment.
    private static func base(_ stages: Stages) throws -> [Artifact] {
        let data = try stages.run(
            DatasetPack(), "format: synth\ntrain: 8\nval: 2\nwidth: 96\nheight: 64\nsearch_fraction: 0.25", in: "data")
        let base = try stages.run(
            Train(backbones: stages.backbones), "detector: detector.yaml\nepochs: 1\nbatch_size: 2\nwarm_up: 1",
            on: [data], in: "base")
        return [data, base]
    }

    @Test func extractTeacherConforms() async {
        await #expect(processExitsWith: .success) {
            let stages = try Stages()
            let inputs = try SearchConformanceTests.base(stages)
            let pool = try stages.run(
                TeacherPool(backbones: stages.backbones),
                "epochs: 1\nbatch_size: 2\nwarm_up: 1\ncard_samples: 1\nlatency_images: 1\nlatency_rounds: 1\nopening: 0",
                on: inputs, in: "teachers")
            let suite = StageConformance(
                ExtractTeacher(backbones: stages.backbones), options: "teacher: smallest",
                refused: ["teacher: null", "evaluate_on: train"], inputs: [.init(inputs[0]), .init(pool)])
            for finding in suite.findings() { Issue.record("\(finding)") }
        }
    }

    @Test func morphConforms() async {
        await #expect(processExitsWith: .success) {
            let stages = try Stages()
            let inputs = try SearchConformanceTests.base(stages)
            let suite = StageConformance(
                Morph(backbones: stages.backbones),
                options: "macs: 0.5\nimportance_batches: 1\nbatch_size: 2\nactions: ['set neck.output to 48']",
                refused: [
                    "macs: 2", "actions: [grow]", "importance: l1\nwidths: cheapest", "actions: null\nmacs: null",
                ], inputs: inputs.map { .init($0) })
            for finding in suite.findings() { Issue.record("\(finding)") }
        }
    }

    private static func evaluation(_ mode: String, _ precision: Double) -> StageConformance.Input {
        .init(.evaluation) { folder in
            let metrics: JSON = [
                "format": "jdnas-metrics/1", "base": ["ap": 0.5, "latency_ms": ["median": 40]],
                "student": ["ap": .number(precision), "latency_ms": ["median": 20]],
                "search": ["mode": .string(mode), "base": "b", "candidates": 8],
            ]
            try metrics.prettyText.write(
                to: folder.appending(path: "metrics.json"), atomically: false, encoding: .utf8)
        }
    }

    @Test(arguments: StageConformance.Aspect.allCases)
    func compareModesConforms(_ aspect: StageConformance.Aspect) async {
        await #expect(processExitsWith: .success) { [aspect] in
            let suite = StageConformance(
                CompareModes(), options: "against: random", refused: ["against: none"],
                inputs: [
                    SearchConformanceTests.evaluation("joint", 0.55), SearchConformanceTests.evaluation("random", 0.5),
                ])
            for finding in suite.findings(aspect) { Issue.record("\(finding)") }
        }
    }
}
