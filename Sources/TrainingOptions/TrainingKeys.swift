import Detection
public import Manifest
public import Tensor
public import Training

/// The keys that trainings have in common, read once for all trainings of a stage: `batch_size`, `momentum`,
/// `weight_decay`, `clip_norm`, `flips`, `zoom`, `colours`.
public struct TrainingKeys {
    private let batch: Int
    private let momentum: Double
    private let weightDecay: Double
    private let clipNorm: Double
    private let mirrors: [Mirroring]
    private let variation: ImageVariation?

    public init(_ reader: ConfigReader) {
        batch = reader.int("batch_size", default: 4, in: 1...1024, help: "images in a step")
        momentum = reader.double("momentum", default: 0.9, in: 0...0.9999, help: "of stochastic gradient descent")
        weightDecay = reader.double("weight_decay", default: 1e-4, in: 0...1, help: "L2, on every parameter")
        clipNorm = reader.double(
            "clip_norm", default: 10, in: 0.001...1e9, help: "the gradient's norm is held below this")
        let flips = reader.choice(
            "flips", default: "both", among: ["none", "horizontal", "vertical", "both"],
            help: "random mirrorings of the training images")
        mirrors = Mirroring.allCases.filter { flips == "both" || flips == $0.rawValue }
        let zoom = reader.double(
            "zoom", default: 1, in: 1...2,
            help: "training images are drawn at random up to so many times as large, or as small; 1: as they are")
        let colours = reader.double(
            "colours", default: 0, in: 0...0.9,
            help: "brightness, contrast and saturation of training images are changed by this share at most, at random")
        variation = zoom == 1 && colours == 0 ? nil : ImageVariation(zoom: zoom, colours: colours)
    }

    /// One training's plan: with its own keys `epochs`, `learning_rate` and `warm_up`, which may lie in a mapping below.
    ///
    /// - Parameter leastEpochs: 0 where the training may be left out.
    public func plan(
        _ reader: ConfigReader, epochs: Int, leastEpochs: Int = 1, learningRate: Double, warmUp: Int,
        decay: LearningRateSchedule.Decay = .cosine(final: 0)
    ) -> TrainingPlan {
        TrainingPlan(
            epochs: reader.int(
                "epochs", default: epochs, in: leastEpochs...10_000, help: "passes over the training images"),
            batchSize: batch,
            schedule: LearningRateSchedule(
                base: reader.double(
                    "learning_rate", default: learningRate, in: 1e-9...10, help: "the highest learning rate"),
                decay: decay,
                warmUpSteps: reader.int(
                    "warm_up", default: warmUp, in: 0...1_000_000, help: "steps of linear warm-up")),
            momentum: momentum, weightDecay: weightDecay, clipNorm: clipNorm, mirrors: mirrors,
            variation: variation)
    }
}
