public import DetectorKit
public import Tensor

/// What backbone, neck and proposal head say of a batch of images.
public struct FeaturePyramid {
    /// Features of strides 4 to 64: [N, C, h, w].
    public let levels: [Variable]
    /// For each level the logit of an object at each anchor: [N, A, h, w].
    public let objectness: [Variable]
    /// For each level the box's offsets from each anchor: [N, 4A, h, w].
    public let deltas: [Variable]
    public let anchors: AnchorGrid
    /// The size of each resized image.
    public let sizes: [ImageSize]

    public init(
        levels: [Variable], objectness: [Variable], deltas: [Variable], anchors: AnchorGrid, sizes: [ImageSize]
    ) {
        self.levels = levels
        self.objectness = objectness
        self.deltas = deltas
        self.anchors = anchors
        self.sizes = sizes
    }
}

/// What the box head says of regions, the images' regions one after the other.
public struct RegionAnswers {
    /// [R, K + 1], background first.
    public let classLogits: Variable
    /// Offsets from the region for each class: [R, 4 (K + 1)].
    public let boxDeltas: Variable
}

/// A detector at work on one tape: Faster R-CNN (Ren et al. 2015) with a feature pyramid (Lin et al. 2017), with
/// torchvision's numbers. Its steps are functions of their own, so that training, inference and distillation put them
/// together as they need; a teacher's `boxHead` may run on a student's regions.
public final class DetectorPass {
    public let graph: DetectorGraph
    public let weights: NamedTensors
    public let tape: Tape
    public let mode: GraphExecution.Mode
    /// Batch norm's running statistics after a training pass, by parameter name.
    public private(set) var runningStatistics: NamedTensors = [:]
    /// Batch norm's statistics of the batch alone, by the same names.
    public private(set) var batchStatistics: NamedTensors = [:]
    private let execution: GraphExecution
    private let frozen: (String) -> Bool

    /// - Parameters:
    ///   - weights: every parameter, in the shapes of `graph.network.parameters`.
    ///   - mode: training uses the batch's statistics in batch norms, and more proposals.
    ///   - frozen: says which parameters get no gradient.
    public init(
        _ graph: DetectorGraph, weights: NamedTensors, tape: Tape, mode: GraphExecution.Mode,
        frozen: @escaping (String) -> Bool = { _ in false }
    ) {
        self.graph = graph
        self.weights = weights
        self.tape = tape
        self.mode = mode
        self.frozen = frozen
        execution = GraphExecution(graph.network)
    }

    /// The strides that regions are cut from.
    public static let regionStrides: [Float] = [4, 8, 16, 32]
    /// Samples along each side of a bin of RoIAlign.
    public static let samplesPerBin = 2

    private static let levelNames = (0..<DetectorGraph.levels).map { "p\($0)" }
    private static let objectnessNames = (0..<DetectorGraph.levels).map { "objectness\($0)" }
    private static let deltaNames = (0..<DetectorGraph.levels).map { "deltas\($0)" }

    /// Runs backbone, neck and proposal head.
    public func features(_ images: ImageBatch) throws -> FeaturePyramid {
        let results = try execution.run(
            Self.levelNames + Self.objectnessNames + Self.deltaNames, on: tape, weights: weights,
            feeds: ["image": tape.constant(images.pixels)], mode: mode, frozen: frozen)
        runningStatistics.merge(results.runningStatistics) { $1 }
        batchStatistics.merge(results.batchStatistics) { $1 }
        let levels = Self.levelNames.map { results[$0] }
        let anchors = AnchorGrid(
            graph.architecture.anchors,
            grids: levels.map { ImageSize(width: $0.shape[3], height: $0.shape[2]) }, padded: images.paddedSize)
        return FeaturePyramid(
            levels: levels, objectness: Self.objectnessNames.map { results[$0] },
            deltas: Self.deltaNames.map { results[$0] }, anchors: anchors, sizes: images.sizes)
    }

    /// The proposals of each image, best first, in resized pixels. No gradient flows through them.
    public func proposals(_ pyramid: FeaturePyramid) -> [[ScoredBox]] {
        let selection = graph.architecture.selection
        return ProposalSelection(
            counts: mode == .training ? selection.training : selection.inference, overlap: selection.proposalOverlap
        ).proposals(
            objectness: pyramid.objectness.map(\.value), deltas: pyramid.deltas.map(\.value), anchors: pyramid.anchors,
            sizes: pyramid.sizes)
    }

    /// The features of regions (one list an image, in resized pixels): [R, C, 7, 7], each from the level of its size.
    public func regionFeatures(_ pyramid: FeaturePyramid, _ regions: [[Box]]) -> Variable {
        let rois = regions.enumerated().flatMap { image, boxes in
            boxes.map { box in
                RoI(
                    image: image, level: Self.regionLevel(of: box), x1: box.x1, y1: box.y1, x2: box.x2, y2: box.y2)
            }
        }
        return tape.roiAlign(
            levels: Array(pyramid.levels.prefix(Self.regionStrides.count)), rois: rois,
            scales: Self.regionStrides.map { 1 / $0 }, size: DetectorGraph.regionSize,
            samplingRatio: Self.samplesPerBin)
    }

    /// Runs the box head on regions.
    public func boxHead(_ pyramid: FeaturePyramid, _ regions: [[Box]]) throws -> RegionAnswers {
        let results = try execution.run(
            ["class_logits", "box_deltas"], on: tape, weights: weights,
            feeds: ["regions": regionFeatures(pyramid, regions)], mode: mode, frozen: frozen)
        return RegionAnswers(classLogits: results["class_logits"], boxDeltas: results["box_deltas"])
    }

    /// The detections of each image, best first, in resized pixels.
    public func detections(
        _ answers: RegionAnswers, _ regions: [[Box]], _ images: ImageBatch
    ) -> [[DetectedObject]] {
        var start = 0
        return regions.enumerated().map { image, boxes in
            let rows = start..<start + boxes.count
            start = rows.upperBound
            return graph.architecture.selection.detections(
                classLogits: answers.classLogits.value, boxDeltas: answers.boxDeltas.value, rows: rows,
                regions: boxes, size: images.sizes[image])
        }
    }
}
