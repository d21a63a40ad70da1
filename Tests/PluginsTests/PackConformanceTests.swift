import DatasetPack
import Foundation
import StageConformance
import Synth
import Testing

/// `dataset-pack` is what the runner takes it for, drawing a data set or reading one.
@Suite struct PackConformanceTests {
    static let synth = StageConformance(
        DatasetPack(), options: "format: synth\ntrain: 20\nval: 2\nwidth: 64\nheight: 48\nsearch_fraction: 0.25",
        refused: ["width: 7", "format: cooc", "train: many", "on_bad_annotation: ask", "root: ."])

    static let coco = StageConformance(
        DatasetPack(), options: "root: set\nsearch_fraction: 0.25\nclasses: [red-cell, white-cell]\nseed: 3",
        refused: ["root: nowhere", "root: null", "val: test", "classes: red-cell", "shard_mb: 0"]
    ) { base in
        try writeSyntheticDataset(to: base.appending(path: "set"), train: 20, val: 2, size: (64, 48), seed: 5)
    }

    @Test(arguments: StageConformance.Aspect.allCases) func synthConforms(_ aspect: StageConformance.Aspect) async {
        await #expect(processExitsWith: .success) { [aspect] in
            for finding in PackConformanceTests.synth.findings(aspect) { Issue.record("\(finding)") }
        }
    }

    @Test(arguments: StageConformance.Aspect.allCases) func cocoConforms(_ aspect: StageConformance.Aspect) async {
        await #expect(processExitsWith: .success) { [aspect] in
            for finding in PackConformanceTests.coco.findings(aspect) { Issue.record("\(finding)") }
        }
    }
}
