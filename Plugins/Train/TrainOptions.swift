public import Detection
public import DetectorKit
public import Foundation
import Manifest
import Tensor
public import Training

/// What `with:` says of a `train` stage, resolved.
public struct TrainOptions: Sendable, Codable {
    /// The detector to build; nil where `from` or an input gives one.
    public var detector: DetectorSettings?
    /// A detector's folder to start from.
    public var from: URL?
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
}

extension ConfigReader {
    /// The detector that a `configs/detectors` file describes.
    func detectorSettings(presets: [String]) -> DetectorSettings? {
        let backbone = choice("backbone", among: presets, help: "a preset of a backbone plugin")
        let norm = choice("norm", default: Norm.group, help: "how activations are normalised")
        let groups = int("norm_groups", default: 16, in: 1...64, help: "groups of each group norm at full width")
        let neck = int("neck_width", default: 256, in: 8...1024, help: "channels of the feature pyramid")
        let head = int("head_width", default: 1024, in: 8...4096, help: "width of the box head's two hidden layers")
        if neck % 8 != 0 { report("neck_width", "\(neck) channels", remedy: "give a multiple of 8") }
        if head % 8 != 0 { report("head_width", "a width of \(head)", remedy: "give a multiple of 8") }

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
        return DetectorSettings(
            backbone: backbone, norm: norm, normGroups: groups, neckWidth: neck, headWidth: head,
            input: .init(shorter: shorter, longer: max(longer, shorter)),
            anchors: .init(sizes: sizes, ratios: ratios), selection: selection)
    }
}

extension ConfigReader {
    func trainOptions(_ backbones: BackboneCatalog) -> TrainOptions? {
        let detector = optionalConfigFile("detector", help: "the detector to build: a file as in configs/detectors")?
            .detectorSettings(presets: backbones.presets)
        let from = optionalDirectory(
            "from", help: "a detector's folder (architecture.json, weights.safetensors) to start from")
        if has("detector") && has("from") {
            report("from", "both 'detector' and 'from' are given", remedy: "keep one of them")
        }
        let plan = TrainingPlan(
            epochs: int("epochs", default: 12, in: 1...10_000, help: "passes over the training images"),
            batchSize: int("batch_size", default: 4, in: 1...1024, help: "images in a step"),
            schedule: schedule(),
            momentum: double("momentum", default: 0.9, in: 0...0.9999, help: "of stochastic gradient descent"),
            weightDecay: double("weight_decay", default: 1e-4, in: 0...1, help: "L2"),
            clipNorm: double("clip_norm", default: 10, in: 0.001...1e9, help: "the gradient's norm is held below this"),
            mirrors: mirrors())
        let sampling = sampling()
        return TrainOptions(
            detector: detector, from: from, plan: plan, sampling: sampling,
            trainOn: string("train_on", default: "train", help: "the split to train on"),
            evaluateOn: choice(
                "evaluate_on", default: "search", among: ["search", "val", "none"],
                help: "the split to look at; 'search' is held out of the training images"
            )
            .nilIfNone,
            evaluateEvery: int("evaluate_every", default: 0, in: 0...10_000, help: "epochs; 0: at the end only"),
            freeze: strings("freeze", default: [], help: "prefixes of parameters that stay as they are"))
    }

    private func schedule() -> LearningRateSchedule {
        let base = double("learning_rate", default: 0.01, in: 1e-9...10, help: "the highest learning rate")
        let warmUp = int("warm_up", default: 100, in: 0...1_000_000, help: "steps of linear warm-up")
        let decay = choice(
            "schedule", default: "cosine", among: ["cosine", "step", "constant"],
            help: "how the rate falls; 'step': to a tenth at 8/12 and 11/12 of the run")
        let falls: LearningRateSchedule.Decay =
            switch decay {
            case "step": .step(milestones: [8.0 / 12, 11.0 / 12], factor: 0.1)
            case "constant": .constant
            default: .cosine(final: 0)
            }
        return LearningRateSchedule(base: base, decay: falls, warmUpSteps: warmUp)
    }

    private func mirrors() -> [TrainingPlan.Mirror] {
        let flips = choice(
            "flips", default: "both", among: ["none", "horizontal", "vertical", "both"],
            help: "random mirrorings of the training images")
        return TrainingPlan.Mirror.allCases.filter { flips == "both" || flips == $0.rawValue }
    }

    private func sampling() -> TrainingSettings {
        var settings = TrainingSettings()
        settings.anchors.count = int(
            "anchors_per_image", default: 256, in: 1...100_000, help: "anchors drawn for the proposal losses")
        settings.regions.count = int(
            "regions_per_image", default: 128, in: 1...100_000, help: "regions drawn for the box losses")
        return settings
    }
}

extension String {
    fileprivate var nilIfNone: String? { self == "none" ? nil : self }
}
