import Basics
import Dataset
public import Detection
public import DetectorKit
public import Devices
public import Foundation
import Manifest
import ModelImport
import Tensor
public import Training
import TrainingOptions

/// What `with:` says of a `train` stage, resolved.
public struct TrainOptions: Sendable, Codable {
    /// The detector to build; nil where `from` or an input gives one.
    public var detector: DetectorSettings?
    /// A detector's folder to start from.
    public var from: URL?
    /// A classifier's weights for the backbone of `detector` to start from.
    public var pretrainedBackbone: URL?
    public var plan: TrainingPlan
    public var sampling: TrainingSettings
    /// The splits whose images are trained on.
    public var trainOn: String
    /// The split that is looked at when training has ended; nil for none.
    public var evaluateOn: String?
    /// Epochs between looks at `evaluateOn`; 0 for the end only.
    public var evaluateEvery: Int
    /// Parameter name prefixes that stay as they are.
    public var freeze: [String]
    /// Steps after which the training ends, whatever its plan says; nil: the plan's end.
    public var steps: Int?
    public var precision: Precision
}

extension ConfigReader {
    /// The detector that a `configs/detectors` file describes.
    func detectorSettings(_ backbones: BackboneCatalog) -> DetectorSettings? {
        let backbone = choice("backbone", among: backbones.presets, help: "a preset of a backbone plugin")
        let norm = choice("norm", default: Norm.group, help: "how activations are normalised")
        let groups = int("norm_groups", default: 16, in: 1...64, help: "groups of each group norm at full width")
        let neck = int("neck_width", default: 256, in: 8...1024, help: "channels of the feature pyramid")
        let head = int("head_width", default: 1024, in: 8...4096, help: "width of the box head's two hidden layers")
        for (key, width) in [("neck_width", neck), ("head_width", head)] where width % 8 != 0 {
            report(key, "'\(key)' must be a multiple of 8, not \(width)", remedy: "give \((width + 7) / 8 * 8)")
        }

        let size = reader("input", help: "the size that images are scaled to")
        let shorter = size.int("shorter", default: 800, in: 32...8192, help: "pixels of the shorter side")
        let longer = size.int("longer", default: 1333, in: 32...8192, help: "at most so many of the longer one")
        if longer < shorter {
            size.report("longer", "the longer side, \(longer), is below the shorter, \(shorter)", remedy: "swap them")
        }
        let anchors = reader("anchors", help: "the boxes that proposals start from")
        let sizes = anchors.ints(
            "sizes", default: [32, 64, 128, 256, 512], in: 1...8192, count: 5...5, help: "one for each pyramid level")
        let ratios = anchors.doubles(
            "ratios", default: [0.5, 1, 2], in: 0.01...100, count: 1...16, help: "height ÷ width")
        let proposals = reader("proposals", help: "how many boxes are looked at")
        func counts(_ name: String, _ before: Int, _ after: Int) -> DetectorArchitecture.Selection.Counts {
            let reader = proposals.reader(name, help: "proposals in \(name)")
            return .init(
                beforeNMS: reader.int("before_nms", default: before, in: 1...100_000, help: "for each level"),
                afterNMS: reader.int("after_nms", default: after, in: 1...100_000, help: "for each image"))
        }
        let training = counts("training", 2000, 2000)
        let inference = counts("inference", 1000, 1000)
        let selection = DetectorArchitecture.Selection(
            training: training, inference: inference,
            scoreThreshold: double("score_threshold", default: 0.05, in: 0...1, help: "detections below are dropped"),
            detectionsPerImage: int("detections_per_image", default: 100, in: 1...10_000, help: "at most"))
        guard let backbone else { return nil }
        let settings = DetectorSettings(
            backbone: backbone, norm: norm, normGroups: groups, neckWidth: neck, headWidth: head,
            input: .init(shorter: shorter, longer: max(longer, shorter)),
            anchors: .init(sizes: sizes, ratios: ratios), selection: selection)
        // What the plugin refuses is told here, not when the stage runs.
        do {
            let preset = try backbones.architecture(preset: backbone, norm: norm, groups: groups)
            try backbones.backbone(preset.plugin).validate(preset)
        } catch let failure as Failure {
            report(has("norm_groups") ? "norm_groups" : "backbone", failure)
        } catch {
            report("backbone", "\(error)", remedy: "choose another backbone")
        }
        return settings
    }
}

extension ConfigReader {
    func trainOptions(_ backbones: BackboneCatalog) -> TrainOptions? {
        let detector = optionalConfigFile("detector", help: "the detector to build: a file as in configs/detectors")?
            .detectorSettings(backbones)
        let from = optionalDirectory(
            "from", help: "a detector's folder (architecture.json, weights.safetensors) to start from")
        if has("detector") && has("from") {
            report("from", "both 'detector' and 'from' are given", remedy: "keep one of them")
        }
        let pretrained = pretrainedBackbone(for: detector, backbones)
        let plan = TrainingKeys(self).plan(
            self, epochs: 12, leastEpochs: 0, learningRate: 0.01, warmUp: 100, decay: decay())
        if plan.epochs == 0, has("detector") {
            report("epochs", "a detector that is built anew is to be trained", remedy: "give at least one epoch")
        }
        return TrainOptions(
            detector: detector, from: from, pretrainedBackbone: pretrained, plan: plan,
            sampling: TrainingSettings(self),
            trainOn: choice("train_on", default: SplitName.train, among: SplitName.all, help: "the split to train on"),
            evaluateOn: choice(
                "evaluate_on", default: "search", among: ["search", "val", "none"],
                help: "the split to look at; 'search' is held out of the training images"
            )
            .nilIfNone,
            evaluateEvery: int("evaluate_every", default: 0, in: 0...10_000, help: "epochs; 0: at the end only"),
            freeze: strings("freeze", default: [], help: "prefixes of parameters that stay as they are"),
            steps: optionalInt(
                "steps", in: 1...1_000_000_000,
                help: "end after so many steps though the epochs are not over: to see whether a job runs, and how fast"),
            precision: precision())
    }

    /// What can be known of the file is checked here: its format, and whether its tensors are the backbone's.
    private func pretrainedBackbone(for detector: DetectorSettings?, _ backbones: BackboneCatalog) -> URL? {
        let key = "pretrained_backbone"
        let file = optionalFile(
            key, help: "a classifier's weights (.pth or .safetensors) for the backbone of 'detector' to start from")
        guard let file else { return nil }
        guard has("detector") else {
            report(key, "'\(key)' is given without 'detector'", remedy: "add 'detector', or leave it out")
            return file
        }
        do {
            let pretrained = try PretrainedBackbone(opening: file)
            guard let detector else { return file }
            let backbone = try backbones.architecture(
                preset: detector.backbone, norm: detector.norm, groups: detector.normGroups)
            try pretrained.check(backbone, backbones)
        } catch let failure as Failure {
            report(key, failure)
        } catch {
            report(key, "\(error)", remedy: "give another file")
        }
        return file
    }

    private func decay() -> LearningRateSchedule.Decay {
        let name = choice(
            "schedule", default: "cosine", among: ["cosine", "step", "constant"],
            help: "how the rate falls; 'step': to a tenth at 8/12 and 11/12 of the run")
        return switch name {
        case "step": .step(milestones: [8.0 / 12, 11.0 / 12], factor: 0.1)
        case "constant": .constant
        default: .cosine(final: 0)
        }
    }
}

extension String {
    fileprivate var nilIfNone: String? { self == "none" ? nil : self }
}
