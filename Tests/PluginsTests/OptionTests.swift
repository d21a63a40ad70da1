import Foundation
import JointSearch
import StageKit
import TeacherPool
import TestSupport
import Testing
import Train

/// What can be known to be wrong is told when the manifest is read, with its place, not after a base was trained.
@Suite struct OptionTests {
    private let stages: Stages

    init() throws { stages = try Stages() }

    @Test(arguments: [
        ("space: {widths: [0.5]}", "1:17: error: 'widths' must end with 1.0, not be [0.5]"),
        ("space: {widths: [0.75, 0.5, 1]}", "1:17: error: 'widths' must rise, not be [0.75, 0.5, 1.0]"),
        ("space: {trunk_widths: [1, 1]}", "1:23: error: 'trunk_widths' must rise, not be [1.0, 1.0]"),
        ("space: {inputs: [64, 48]}", "1:17: error: 'inputs' must rise, not be [64, 48]"),
        ("grow: {blocks: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]}", "1:16: error: 'blocks' must have"),
        ("grow: {input: 96}\nspace: {inputs: [64, 96]}", "2:17: error: an input of 96 pixels is not below the largest"),
        ("space: {width_per: blok}", "1:20: error: "),
        ("space: {removable_blocks: 0, widths: [1]}", "1:8: error: there is one teacher only"),
    ])
    func poolOptions(_ yaml: String, _ message: String) throws {
        let problems = try stages.problems(TeacherPool(backbones: stages.backbones), yaml)
        #expect(problems.count == 1 && problems[0].hasPrefix("job.yaml:\(message)"), "\(problems)")
    }

    @Test(arguments: [
        ("halvings: 3", "1:11: error: 3 halvings want 8 students in a generation; there are 2"),
        ("halvings: 1\ntrial: {epochs: 0}", "1:11: error: students that are not trained cannot be stopped early"),
        (
            "cut_step: 0.5\nleast_width: 0.6",
            "1:11: error: a width that loses a share of 0.5 has less than its 'least_width' of 0.6"
        ),
        ("least_width: 0.8", "1:14: error: a width that loses a share of 0.25"),
        ("regions_per_image: 3", "1:20: error: "), ("anchors_per_image: 1", "1:20: error: "),
        ("worker_threads: 2", "1:17: error: there are no workers that could have threads"),
        ("workers: 0", "1:10: error: "),
        ("trial: {epochs: 0}\nmode: pipeline\ncandidates: 6", "1:8: error: a pipeline's last part trains students on"),
        ("trial: {epochs: 0}\nfinish: {epochs: 0}", "2:9: error: neither candidates nor finalists are trained"),
        ("epochs: 3", "1:1: error: unknown key 'epochs'\n  remedy: write it under 'trial' or 'finish'"),
        ("replay: detector.yaml", "1:9: error: "), ("replay: other.json", "1:9: error: no lineage of format"),
        ("replay: torn.json", "1:9: error: not valid JSON"),
        ("latency_table: other.json", "1:16: error: "),
    ])
    func searchOptions(_ yaml: String, _ message: String) throws {
        try stages.folder.write(#"{"format": "jdnas-other/1"}"#, to: "other.json")
        try stages.folder.write("{", to: "torn.json")
        let problems = try stages.problems(JointSearch(backbones: stages.backbones), yaml)
        #expect(problems.count == 1 && problems[0].hasPrefix("job.yaml:\(message)"), "\(problems)")
        // A failure within a message is told once, in one line, with its own remedy.
        #expect(!problems[0].contains("\u{FFFD}") && problems[0].components(separatedBy: "remedy:").count == 2)
    }

    @Test(arguments: [
        ("norm_groups: 12", "2:14: error: 12 norm groups do not divide 64, the smallest width of resnet18"),
        ("neck_width: 12", "2:13: error: 'neck_width' must be a multiple of 8, not 12"),
        ("head_width: 20", "2:13: error: 'head_width' must be a multiple of 8, not 20"),
    ])
    func detectorOptions(_ line: String, _ message: String) throws {
        try stages.folder.write("backbone: resnet18\n\(line)\n", to: "own.yaml")
        let problems = try stages.problems(Train(backbones: stages.backbones), "detector: own.yaml")
        #expect(problems.count == 1 && problems[0].hasPrefix("own.yaml:\(message)"), "\(problems)")
    }

    @Test func splitsAreChosenFromThoseThereAre() throws {
        let problems = try stages.problems(
            Train(backbones: stages.backbones), "detector: detector.yaml\ntrain_on: trian")
        #expect(problems.count == 1 && problems[0].contains("job.yaml:2:11") && problems[0].contains("'train'"))
    }
}
