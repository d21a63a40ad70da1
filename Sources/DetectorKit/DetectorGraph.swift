import Basics

/// The graph of a whole detector: backbone, feature pyramid, proposal head and box head, with torchvision's names.
///
/// Outputs: `p0`…`p4` (the pyramid; strides 4 to 64), `objectness0`…`4` and `deltas0`…`4` (the proposal head on each
/// level), and behind the node `regions`, whose value RoIAlign gives, `class_logits` and `box_deltas`.
public struct DetectorGraph: Sendable {
    public static let levels = 5
    /// No width is larger: sizes computed from widths stay within what an Int holds.
    public static let widest = 65_536
    /// The side of the grid that RoIAlign cuts.
    public static let regionSize = 7

    public let architecture: DetectorArchitecture
    public let network: NetworkGraph
    public let channelGroups: [ChannelGroup]
    /// The step of each width that can be set.
    public let units: [Knob: Int]

    public init(_ architecture: DetectorArchitecture, _ catalog: BackboneCatalog, at place: String? = nil) throws {
        let backbone = try catalog.backbone(architecture.backbone.plugin, at: place)
        // Numbers first: plugins may count on them.
        try architecture.validate(at: place)
        try backbone.validate(architecture.backbone)

        var builder = GraphBuilder()
        let image = builder.input("image", channels: 3)
        let features = backbone.build(architecture.backbone, into: &builder, image: image)
        let pyramid = builder.featurePyramid(features, architecture.neck)
        builder.proposalHead(pyramid, architecture)
        builder.boxHead(pyramid, architecture)

        self.architecture = architecture
        network = builder.graph
        channelGroups = network.channelGroups
        var units: [Knob: Int] = [:]
        for group in channelGroups {
            for knob in group.knobs { units[knob] = group.unit(base: backbone.channelUnit) }
        }
        self.units = units
    }

    /// The group that a knob turns.
    public func group(of knob: Knob) -> ChannelGroup? { channelGroups.first { $0.knobs.contains(knob) } }
}

extension DetectorArchitecture {
    /// Refuses numbers that no detector can have.
    func validate(at place: String?) throws {
        func require(_ condition: Bool, _ what: String, _ remedy: String) throws {
            if !condition { throw Failure(what, at: place, remedy: remedy) }
        }
        try require(classes >= 1, "a detector needs a class, not \(classes)", "give at least one class")
        let widths =
            [
                classes, backbone.stem.width, backbone.top?.width ?? 1, neck.lateralWidth, neck.outputWidth,
                proposalWidth, anchors.ratios.count,
            ]
            + headWidths + backbone.stages.flatMap { [$0.width] + $0.blocks.flatMap(\.widths) }
        let widest = widths.max() ?? 0
        try require(
            widest <= DetectorGraph.widest, "a width of \(widest), or so many classes or ratios",
            "give at most \(DetectorGraph.widest)")
        try require(
            headWidths.count == 2 && headWidths.allSatisfy { $0 > 0 }, "the box head has two positive widths",
            "give headWidths as two numbers")
        try require(
            neck.lateralWidth > 0 && neck.outputWidth > 0 && proposalWidth > 0, "a width of the neck is not positive",
            "give positive widths")
        try require(
            anchors.sizes.count == DetectorGraph.levels && anchors.sizes.allSatisfy { $0 > 0 },
            "anchors need \(DetectorGraph.levels) positive sizes, one for each level", "give five anchor sizes")
        try require(
            !anchors.ratios.isEmpty && anchors.ratios.allSatisfy { $0 > 0 }, "anchors need positive ratios",
            "give at least one ratio of height to width")
        try require(
            input.shorter >= 32 && input.longer >= input.shorter && input.longer <= 8192,
            "the input size \(input.shorter), at most \(input.longer), is out of range",
            "give a shorter side of at least 32 pixels and a longer one between it and 8192")
        let counts = [
            selection.training.beforeNMS, selection.training.afterNMS, selection.inference.beforeNMS,
            selection.inference.afterNMS, selection.detectionsPerImage,
        ]
        try require(
            counts.allSatisfy { (1...100_000).contains($0) }, "the selection has a count that is out of range",
            "give counts of proposals and detections from 1 to 100000")
        try require(
            [selection.proposalOverlap, selection.detectionOverlap, selection.scoreThreshold].allSatisfy {
                (0...1).contains($0)
            }, "the selection has a threshold that is out of range", "give overlaps and scores from 0 to 1")
    }
}

extension GraphBuilder {
    /// The feature pyramid (Lin et al. 2017): laterals, top-down sums, and a convolution on each level; the coarsest
    /// level is cut out of the one before it by a pooling of stride 2 (torchvision's `LastLevelMaxPool`).
    mutating func featurePyramid(
        _ features: [NetworkGraph.NodeID], _ neck: DetectorArchitecture.Neck
    ) -> [NetworkGraph.NodeID] {
        let laterals = features.enumerated().map { level, feature in
            convolution(
                "backbone.fpn.inner_blocks.\(level).0", feature, to: neck.lateralWidth, kernel: 1, bias: true,
                initialiser: .uniformFanIn, knob: .lateral)
        }
        var merged = [laterals[laterals.count - 1]]
        // Sizes are taken from the features, so that the sum is a lateral's only reader and runs with it.
        for (feature, lateral) in zip(features, laterals).dropLast().reversed() {
            merged.insert(add(lateral, upsample(merged[0], like: feature)), at: 0)
        }
        var pyramid = merged.enumerated().map { level, node in
            convolution(
                "backbone.fpn.layer_blocks.\(level).0", node, to: neck.outputWidth, kernel: 3, bias: true,
                initialiser: .uniformFanIn, knob: .neck)
        }
        pyramid.append(maxPool(pyramid[pyramid.count - 1], kernel: 1, stride: 2, padding: 0))
        for (level, node) in pyramid.enumerated() { output("p\(level)", node) }
        return pyramid
    }

    /// The region proposal network's head, shared by all levels (Ren et al. 2015).
    mutating func proposalHead(_ pyramid: [NetworkGraph.NodeID], _ architecture: DetectorArchitecture) {
        let anchors = architecture.anchors.ratios.count
        let start = WeightInitialiser.normal(deviation: 0.01)
        for (level, node) in pyramid.enumerated() {
            let hidden = relu(
                convolution(
                    "rpn.head.conv.0.0", node, to: architecture.proposalWidth, kernel: 3, bias: true,
                    initialiser: start, knob: .proposal))
            let objectness = convolution(
                "rpn.head.cls_logits", hidden, to: anchors, kernel: 1, bias: true, initialiser: start, knob: nil)
            let deltas = convolution(
                "rpn.head.bbox_pred", hidden, to: 4 * anchors, kernel: 1, bias: true, initialiser: start, knob: nil)
            output("objectness\(level)", objectness)
            output("deltas\(level)", deltas)
        }
    }

    /// Two hidden layers and the predictors of classes (background first) and of boxes for each class.
    mutating func boxHead(_ pyramid: [NetworkGraph.NodeID], _ architecture: DetectorArchitecture) {
        let size = DetectorGraph.regionSize
        // Regions are cut from strides 4 to 32; the coarsest level serves proposals only.
        let regions = regions("regions", from: Array(pyramid.dropLast()), size: size)
        var hidden = flatten(regions, area: size * size)
        for (layer, width) in architecture.headWidths.enumerated() {
            hidden = relu(
                linear(
                    "roi_heads.box_head.fc\(6 + layer)", hidden, to: width, initialiser: .linearDefault,
                    knob: .head(layer)))
        }
        let outputs = architecture.classes + 1
        let predictor = "roi_heads.box_predictor"
        output(
            "class_logits",
            linear("\(predictor).cls_score", hidden, to: outputs, initialiser: .linearDefault, knob: nil))
        output(
            "box_deltas",
            linear("\(predictor).bbox_pred", hidden, to: 4 * outputs, initialiser: .linearDefault, knob: nil))
    }
}
