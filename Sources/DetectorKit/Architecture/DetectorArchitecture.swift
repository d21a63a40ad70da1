public import Basics

/// A Faster R-CNN with FPN as a value: everything needed to rebuild the detector but its weights.
///
/// Its canonical JSON has sorted keys and no white space, and its `digest` is the SHA-256 of that text.
public struct DetectorArchitecture: Sendable, Hashable, Codable {
    public static let format = "jdnas-architecture/1"

    /// Written first in every file, so that an old file is known for one.
    public var format: String
    public var backbone: BackboneArchitecture
    public var neck: Neck
    /// The width of the region proposal network's hidden convolution.
    public var proposalWidth: Int
    /// The widths of the box head's two hidden layers.
    public var headWidths: [Int]
    /// Object classes, without the background.
    public var classes: Int
    public var input: InputSize
    public var anchors: Anchors
    public var selection: Selection

    /// The feature pyramid network (Lin et al. 2017).
    public struct Neck: Sendable, Hashable, Codable {
        /// The width of the lateral convolutions and of the top-down path.
        public var lateralWidth: Int
        /// The width of the pyramid's levels.
        public var outputWidth: Int
        public init(lateralWidth: Int, outputWidth: Int) {
            self.lateralWidth = lateralWidth
            self.outputWidth = outputWidth
        }
    }

    /// Images are scaled so that the shorter side is `shorter` pixels, unless the longer one would exceed `longer`.
    public struct InputSize: Sendable, Hashable, Codable {
        public var shorter: Int
        public var longer: Int
        public init(shorter: Int, longer: Int) {
            self.shorter = shorter
            self.longer = longer
        }

        /// The same shape with another shorter side; the longer one in whole pixels, rounded down.
        public func with(shorter: Int) -> Self { Self(shorter: shorter, longer: longer * shorter / self.shorter) }
    }

    /// Anchors: one size (side of the square, pixels) for each pyramid level, all ratios (height ÷ width) on each.
    public struct Anchors: Sendable, Hashable, Codable {
        public var sizes: [Int]
        public var ratios: [Double]
        public init(sizes: [Int], ratios: [Double]) {
            self.sizes = sizes
            self.ratios = ratios
        }
    }

    /// How many boxes are looked at, and which are kept.
    public struct Selection: Sendable, Hashable, Codable {
        /// Proposals per level before NMS, and per image after it.
        public struct Counts: Sendable, Hashable, Codable {
            public var beforeNMS: Int
            public var afterNMS: Int
            public init(beforeNMS: Int, afterNMS: Int) {
                self.beforeNMS = beforeNMS
                self.afterNMS = afterNMS
            }
        }

        public var training: Counts
        public var inference: Counts
        /// IoU above which a lower-scored proposal of the same level is dropped.
        public var proposalOverlap: Double
        public var scoreThreshold: Double
        /// IoU above which a lower-scored detection of the same class is dropped.
        public var detectionOverlap: Double
        public var detectionsPerImage: Int

        public init(
            training: Counts = Counts(beforeNMS: 2000, afterNMS: 2000),
            inference: Counts = Counts(beforeNMS: 1000, afterNMS: 1000), proposalOverlap: Double = 0.7,
            scoreThreshold: Double = 0.05, detectionOverlap: Double = 0.5, detectionsPerImage: Int = 100
        ) {
            self.training = training
            self.inference = inference
            self.proposalOverlap = proposalOverlap
            self.scoreThreshold = scoreThreshold
            self.detectionOverlap = detectionOverlap
            self.detectionsPerImage = detectionsPerImage
        }
    }

    public init(
        backbone: BackboneArchitecture, neck: Neck, proposalWidth: Int, headWidths: [Int], classes: Int,
        input: InputSize, anchors: Anchors, selection: Selection
    ) {
        format = Self.format
        self.backbone = backbone
        self.neck = neck
        self.proposalWidth = proposalWidth
        self.headWidths = headWidths
        self.classes = classes
        self.input = input
        self.anchors = anchors
        self.selection = selection
    }
}

extension DetectorArchitecture {
    public var json: JSON { get throws { try JSON(encoding: self) } }
    public var digest: Digest { get throws { Digest(of: try json.canonicalText) } }

    /// Reads the architecture that `json.prettyText` wrote.
    public init(json: JSON, at place: String) throws {
        let format = json["format"]?.string
        guard format == Self.format else {
            throw Failure(
                "not a detector architecture of format '\(Self.format)' (it says '\(format ?? "nothing")')", at: place,
                remedy: "give an architecture.json that this version wrote")
        }
        self = try json.decode(DetectorArchitecture.self, at: place)
    }
}
