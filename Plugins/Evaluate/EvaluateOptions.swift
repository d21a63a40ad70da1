public import Devices
import Manifest
import TrainingOptions

/// What `with:` of an `evaluate` stage says.
public struct EvaluateOptions: Codable, Sendable {
    public var split: String
    public var imagesInReport: Int
    public var latencyImages: Int
    public var latencyRounds: Int
    /// Detections below it are left out of the pictures and of the counts of errors.
    public var scoreThreshold: Double
    public var bootstrap: Int
    public var precision: Precision

    init(_ reader: ConfigReader) {
        split = reader.choice(
            "split", default: "val", among: ["val", "search", "train"], help: "the images to evaluate on")
        imagesInReport = reader.int(
            "images_in_report", default: 8, in: 0...200, help: "pictures with boxes in the report")
        latencyImages = reader.int("latency_images", default: 24, in: 1...10_000, help: "images to measure latency on")
        latencyRounds = reader.int("latency_rounds", default: 15, in: 1...10_000, help: "passes over these images")
        scoreThreshold = reader.double(
            "score_threshold", default: 0.5, in: 0...1,
            help: "scores below it are left out of pictures and counts of errors, never out of metrics")
        bootstrap = reader.int(
            "bootstrap", default: 200, in: 0...100_000,
            help:
                "drawings of the images for the interval of the AP change (on COCO's val with 100 detections an image 200 at most)"
        )
        precision = reader.precision()
    }

    public init(
        split: String = "val", imagesInReport: Int = 8, latencyImages: Int = 24, latencyRounds: Int = 15,
        scoreThreshold: Double = 0.5, bootstrap: Int = 200, precision: Precision = .float32
    ) {
        self.split = split
        self.imagesInReport = imagesInReport
        self.latencyImages = latencyImages
        self.latencyRounds = latencyRounds
        self.scoreThreshold = scoreThreshold
        self.bootstrap = bootstrap
        self.precision = precision
    }
}
