public import DetectorKit
public import Tensor

/// A detector: an architecture's graph with weights.
public struct Detector: Sendable {
    public let graph: DetectorGraph
    /// Every parameter of the graph, by torchvision's names.
    public var weights: NamedTensors

    /// The weights have the shapes of `graph.network.parameters`.
    public init(graph: DetectorGraph, weights: NamedTensors) {
        self.graph = graph
        self.weights = weights
    }

    public var architecture: DetectorArchitecture { graph.architecture }
    public var transform: InputTransform { InputTransform(architecture.input) }

    /// What this detector sees in images, best first, at most `selection.detectionsPerImage` in each.
    ///
    /// The images are run as one batch: all are padded to the size of the largest.
    public func detect(_ images: [ImagePlanes]) throws -> [[DetectedObject]] {
        try detect(transform.batch(images))
    }

    /// The same for a batch that `transform` made; boxes are in the pixels of the original images.
    public func detect(_ images: ImageBatch) throws -> [[DetectedObject]] {
        if images.count == 0 { return [] }
        let pass = DetectorPass(graph, weights: weights, tape: Tape(recording: false), mode: .inference)
        let pyramid = try pass.features(images)
        let regions = pass.proposals(pyramid).map { $0.map(\.box) }
        let answers = try pass.boxHead(pyramid, regions)
        let found = pass.detections(answers, regions, images)
        return found.enumerated().map { index, objects in
            objects.map { object in
                var object = object
                object.box = object.box.scaled(from: images.sizes[index], to: images.originalSizes[index])
                return object
            }
        }
    }
}
