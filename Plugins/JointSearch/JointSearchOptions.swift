public import Basics
public import Detection
import Foundation
import Manifest
public import Search
import Tensor
import Training

/// What `with:` of a `joint-search` stage says.
public struct JointSearchOptions: Codable, Sendable {
    public var settings: SearchSettings
    public var sampling: TrainingSettings
    /// Images that the base's latency is measured on, and how often.
    public var latencyImages: Int
    public var latencyRounds: Int
    /// A latency table to decide by, as an earlier search left it; nil to measure one.
    public var latencyTable: JSON?

    init(_ reader: ConfigReader) {
        let standard = SearchSettings.Mode.joint
        let trial = reader.reader("trial", help: "a candidate's short training")
        let finish = reader.reader("finish", help: "the chosen student's last training")
        let common = CommonTraining(reader)
        settings = SearchSettings(
            mode: reader.choice("mode", default: standard, help: "what the search may change"),
            latencyTarget: reader.double(
                "latency", default: 0.7, in: 0.05...1, help: "the latency to reach, as a share of the base's"),
            latencyMargin: reader.double(
                "latency_margin", default: 0.03, in: 0...0.5, help: "how much below the target predictions must be"),
            candidates: reader.int(
                "candidates", default: 12, in: 1...100_000, help: "students that are trained: the search's budget"),
            childrenPerGeneration: reader.int(
                "children", default: 4, in: 1...1000, help: "students of a generation"),
            descent: reader.double(
                "descent", default: 0.6, in: 0...1,
                help: "share of the generations over which the latency limit falls to the target"),
            cutStep: reader.double(
                "cut_step", default: 0.25, in: 0.02...0.9, help: "share of a width that one cut takes"),
            leastWidth: reader.double(
                "least_width", default: 0.25, in: 0.02...1, help: "share of the base's widths that must stay"),
            importance: reader.choice(
                "importance", default: Importance.Measure.taylor, help: "which channels stay when a width is cut"),
            importanceBatches: reader.int(
                "importance_batches", default: 8, in: 1...10_000, help: "batches that importance is taken over"),
            trial: common.plan(trial, epochs: 1, learningRate: 0.005),
            finish: common.plan(finish, epochs: 6, learningRate: 0.005),
            distillation: DistillationSettings(
                reader.reader("distillation", help: "what students learn from their teachers")))
        sampling = TrainingSettings()
        sampling.anchors.count = reader.int(
            "anchors_per_image", default: 256, in: 1...100_000, help: "anchors to learn from")
        sampling.regions.count = reader.int(
            "regions_per_image", default: 128, in: 1...100_000, help: "regions to learn from")
        latencyImages = reader.int("latency_images", default: 12, in: 1...1000, help: "images to measure latency on")
        latencyRounds = reader.int("latency_rounds", default: 3, in: 1...100, help: "passes over these images")
        let table = reader.optionalFile(
            "latency_table", help: "latency-table.json of an earlier search on this device: decides as that one did")
        latencyTable = table.flatMap { file in
            do {
                let json = try JSON(parsing: Data(contentsOf: file), at: file.path)
                _ = try LatencyTable(json: json, at: file.path)
                return json
            } catch {
                reader.report("latency_table", "this is no latency table: \(error)", remedy: "leave it out, or mend it")
                return nil
            }
        }
    }
}

/// What a candidate's training and the last one have in common.
private struct CommonTraining {
    let batch: Int
    let momentum: Double
    let weightDecay: Double
    let clipNorm: Double
    let mirrors: [TrainingPlan.Mirror]

    init(_ reader: ConfigReader) {
        batch = reader.int("batch_size", default: 4, in: 1...1024, help: "images in a step")
        momentum = reader.double("momentum", default: 0.9, in: 0...0.9999, help: "of stochastic gradient descent")
        weightDecay = reader.double("weight_decay", default: 1e-4, in: 0...1, help: "L2, on every parameter")
        clipNorm = reader.double("clip_norm", default: 10, in: 0.001...1e9, help: "the gradient's largest norm")
        let flips = reader.choice(
            "flips", default: "both", among: ["none", "horizontal", "vertical", "both"],
            help: "random mirrorings of the training images")
        mirrors = TrainingPlan.Mirror.allCases.filter { flips == "both" || flips == $0.rawValue }
    }

    func plan(_ reader: ConfigReader, epochs: Int, learningRate: Double) -> TrainingPlan {
        TrainingPlan(
            epochs: reader.int("epochs", default: epochs, in: 0...10_000, help: "passes over the training images"),
            batchSize: batch,
            schedule: LearningRateSchedule(
                base: reader.double("learning_rate", default: learningRate, in: 1e-9...10, help: "the highest rate"),
                decay: .cosine(final: 0),
                warmUpSteps: reader.int("warm_up", default: 10, in: 0...100_000, help: "steps of warm-up")),
            momentum: momentum, weightDecay: weightDecay, clipNorm: clipNorm, mirrors: mirrors)
    }
}

extension DistillationSettings {
    init(_ reader: ConfigReader) {
        let standard = DistillationSettings()
        func weight(_ name: String, _ value: Double, _ help: String) -> Double {
            reader.double(name, default: value, in: 0...1000, help: help)
        }
        self.init(
            features: weight("features", standard.features, "weight of the pyramid's features"),
            featureForm: reader.choice(
                "feature_form", default: standard.featureForm, help: "correlation (PKD) or squared differences"),
            background: weight("background", standard.background, "weight of pixels outside objects"),
            classes: weight("classes", standard.classes, "weight of the class distributions"),
            temperature: reader.double(
                "temperature", default: standard.temperature, in: 0.1...100, help: "of the class distributions"),
            boxes: weight("boxes", standard.boxes, "weight of the teacher's boxes"),
            boxMargin: weight("box_margin", standard.boxMargin, "by how much a teacher's box must be better"),
            objectness: weight("objectness", standard.objectness, "weight of the proposals' objectness"))
    }
}
