import Basics
public import Detection
import DetectorKit

extension ONNXModel {
    /// A whole detector: from an image as it was taken to boxes in its pixels; what `Detector.detect` finds.
    ///
    /// Input `image`: bytes [1, 3, height, width], red, green, blue. Outputs, best first: `boxes` [D, 4] as x1, y1, x2, y2,
    /// `scores` [D] and `labels` [D], 1…K.
    ///
    /// - Parameters:
    ///   - size: the only size of image that the model will take; any size without it.
    ///   - classNames: the names of the labels 1…K.
    ///   - producerVersion: jdnas's version.
    public init(_ detector: Detector, size: ImageSize?, classNames: [String], producerVersion: String) throws {
        let architecture = detector.architecture
        let builder = ModelBuilder(producerVersion: producerVersion)
        let image = builder.input(
            "image", .uint8,
            [
                .fixed(1), .fixed(3), size.map { .fixed($0.height) } ?? .named("height"),
                size.map { .fixed($0.width) } ?? .named("width"),
            ])
        let prepared = detector.transform.prepare(image)

        var network = try NetworkTranslation(detector.graph.network, weights: detector.weights, into: builder)
        var regions = (boxes: image, places: image)
        network.run { name, levels, before in
            // The graph has two such nodes: the image, and the features of regions.
            guard name == "regions" else { return prepared.pixels }
            let numbers = 0..<DetectorGraph.levels
            regions.boxes = ProposalSelection(
                counts: architecture.selection.inference, overlap: architecture.selection.proposalOverlap
            ).proposals(
                objectness: numbers.map { before["objectness\($0)"] }, deltas: numbers.map { before["deltas\($0)"] },
                anchors: architecture.anchors, image: prepared)
            let aligned = alignRegions(regions.boxes, levels: levels)
            regions.places = aligned.places
            return aligned.features
        }
        let found = architecture.selection.detections(
            classLogits: network["class_logits"].gather(regions.places),
            boxDeltas: network["box_deltas"].gather(regions.places), regions: regions.boxes,
            classes: architecture.classes, image: prepared)

        let x = prepared.original.width.cast(to: .float) / prepared.resized.width.cast(to: .float)
        let y = prepared.original.height.cast(to: .float) / prepared.resized.height.cast(to: .float)
        builder.output(
            "boxes", found.boxes * builder.concatenate([x, y, x, y], axis: 0), .float,
            [.named("detections"), .fixed(4)])
        builder.output("scores", found.scores, .float, [.named("detections")])
        builder.output("labels", found.labels, .int64, [.named("detections")])

        builder.describe("jdnas_version", producerVersion)
        builder.describe("architecture", try architecture.digest.hex)
        builder.describe("input_size", try JSON(encoding: architecture.input).canonicalText)
        builder.describe("classes", JSON.array(classNames.map { .string($0) }).canonicalText)
        self = builder.model
    }
}
