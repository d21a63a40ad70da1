import Detection
import Manifest
import Search
import Tensor
import Training

extension TrainingPlan {
    /// The keys of a training: epochs, learning rate and so on.
    init(_ reader: ConfigReader, epochs: Int, learningRate: Double, warmUp: Int) {
        self.init(
            epochs: reader.int("epochs", default: epochs, in: 1...10_000, help: "passes over the training images"),
            batchSize: reader.int("batch_size", default: 4, in: 1...1024, help: "images in a step"),
            schedule: LearningRateSchedule(
                base: reader.double("learning_rate", default: learningRate, in: 1e-9...10, help: "the highest rate"),
                decay: .cosine(final: 0),
                warmUpSteps: reader.int("warm_up", default: warmUp, in: 0...100_000, help: "steps of warm-up")),
            momentum: reader.double("momentum", default: 0.9, in: 0...0.9999, help: "of stochastic gradient descent"),
            weightDecay: reader.double("weight_decay", default: 1e-4, in: 0...1, help: "L2, on every parameter"),
            clipNorm: reader.double("clip_norm", default: 10, in: 0.001...1e9, help: "the gradient's largest norm"),
            mirrors: reader.mirrors())
    }
}

extension TrainingSettings {
    init(_ reader: ConfigReader) {
        self.init()
        anchors.count = reader.int("anchors_per_image", default: 256, in: 1...100_000, help: "anchors to learn from")
        regions.count = reader.int("regions_per_image", default: 128, in: 1...100_000, help: "regions to learn from")
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

extension ConfigReader {
    func mirrors() -> [TrainingPlan.Mirror] {
        let flips = choice(
            "flips", default: "both", among: ["none", "horizontal", "vertical", "both"],
            help: "random mirrorings of the training images")
        return TrainingPlan.Mirror.allCases.filter { flips == "both" || flips == $0.rawValue }
    }
}
