public import Basics
import DetectorKit
public import Tensor

/// The four losses of Faster R-CNN, each a scalar.
public struct DetectorLosses {
    /// Whether there is an object at an anchor.
    public var objectness: Variable
    /// Where its box is.
    public var proposalBox: Variable
    /// What is in a region.
    public var classification: Variable
    /// Where its box is.
    public var box: Variable
    /// The sum of the four.
    public var total: Variable

    /// All four, in this order.
    public var all: [Variable] { [objectness, proposalBox, classification, box] }
    /// The losses as numbers, by name.
    public var values: [String: Double] {
        func number(_ variable: Variable) -> Double { Double(variable.value.scalar) }
        return [
            "objectness": number(objectness), "proposal_box": number(proposalBox),
            "classification": number(classification), "box": number(box),
        ]
    }
}

/// The anchors that the proposal head learns from.
struct SampledAnchors {
    /// For each level the rows of `headToRows` over the whole batch, and what each is to say.
    var rows: [[Int]]
    var labels: [[Float]]
    /// The rows of those with an object, and the offsets to its box.
    var positives: [[Int]]
    var offsets: [[Float]]
}

extension DetectorPass {
    /// smooth L1 turns into L1 here.
    static let beta: Float = 1 / 9

    /// A whole training pass: features, losses of the proposal head, proposals, a draw of regions, losses of the box
    /// head. `random` draws anchors and regions.
    ///
    /// Targets come in the pixels of the images as given.
    public func trainingLosses(
        images: [ImagePlanes], targets: [DetectionTarget], settings: TrainingSettings, random: RandomStream
    ) throws -> DetectorLosses {
        precondition(images.count == targets.count, "each image has its targets")
        let batch = InputTransform(graph.architecture.input).batch(images)
        return try trainingLosses(batch, targets: batch.resized(targets), settings: settings, random: random)
    }

    /// The same for a batch that `InputTransform` made; targets come in resized pixels.
    public func trainingLosses(
        _ images: ImageBatch, targets: [DetectionTarget], settings: TrainingSettings, random: RandomStream
    ) throws -> DetectorLosses {
        let pyramid = try features(images)
        let (objectness, proposalBox) = proposalLosses(pyramid, targets, settings, random)
        let proposals = proposals(pyramid).map { $0.map(\.box) }
        let regions = settings.sampleRegions(proposals, targets: targets, random)
        let (classification, box) = boxLosses(try boxHead(pyramid, regions.boxes), regions)
        return DetectorLosses(
            objectness: objectness, proposalBox: proposalBox, classification: classification, box: box,
            total: tape.sum([objectness, proposalBox, classification, box]))
    }

    /// Cross-entropy of objectness over a draw of anchors, and smooth L1 of the offsets over its positives; both
    /// divided by the number of anchors drawn in the batch.
    public func proposalLosses(
        _ pyramid: FeaturePyramid, _ targets: [DetectionTarget], _ settings: TrainingSettings, _ random: RandomStream
    ) -> (objectness: Variable, box: Variable) {
        let sampled = settings.sampleAnchors(pyramid.anchors, targets, random)
        let count = Float(max(sampled.labels.reduce(0) { $0 + $1.count }, 1))
        func rows(_ heads: [Variable], _ width: Int, _ chosen: [[Int]]) -> Variable {
            tape.concatenateRows(
                zip(heads, chosen).map { head, chosen in
                    let rows = tape.headToRows(head, width)
                    return tape.selectRows(tape.reshape(rows, [rows.shape[0] * rows.shape[1], width]), chosen)
                })
        }
        let objectness = tape.binaryCrossEntropyWithLogits(
            rows(pyramid.objectness, 1, sampled.rows), targets: sampled.labels.flatMap { $0 }, normalizer: count)
        let box = tape.smoothL1(
            rows(pyramid.deltas, 4, sampled.positives), target: sampled.offsets.flatMap { $0 }, beta: Self.beta,
            normalizer: count)
        return (objectness, box)
    }

    /// Cross-entropy of the classes over all regions, and smooth L1 of the offsets for the right class over those that
    /// are no background; both divided by the number of regions.
    public func boxLosses(
        _ answers: RegionAnswers, _ regions: SampledRegions
    ) -> (classification: Variable, box: Variable) {
        let labels = regions.labels.flatMap { $0 }
        let boxes = regions.boxes.flatMap { $0 }
        let targets = regions.targets.flatMap { $0 }
        let classes = answers.classLogits.shape[1]
        let count = Float(max(labels.count, 1))
        let positives = labels.indices.filter { labels[$0] > 0 }
        let rows = positives.map { $0 * classes + labels[$0] }
        let offsets = BoxCoder.regions.encode(positives.map { targets[$0] }, from: positives.map { boxes[$0] })
        let ofClass = tape.selectRows(tape.reshape(answers.boxDeltas, [labels.count * classes, 4]), rows)
        return (
            tape.softmaxCrossEntropy(answers.classLogits, targets: labels, normalizer: count),
            tape.smoothL1(ofClass, target: offsets, beta: Self.beta, normalizer: count)
        )
    }
}

extension TrainingSettings {
    /// Draws anchors in each image.
    func sampleAnchors(_ grid: AnchorGrid, _ targets: [DetectionTarget], _ random: RandomStream) -> SampledAnchors {
        let matcher = anchors.matcher(keepsBestOfEachTarget: true)
        let empty = grid.levels.map { _ in [Int]() }
        var sampled = SampledAnchors(
            rows: empty, labels: empty.map { _ in [] }, positives: empty, offsets: empty.map { _ in [] })
        for (image, targets) in targets.enumerated() {
            var random = random.stream("anchors", image)
            let matches = matcher.match(grid.boxes, to: targets.boxes)
            let sample = anchors.sampler.sample(matches, &random)
            for (level, range) in grid.levels.enumerated() {
                func row(_ anchor: Int) -> Int { image * range.count + anchor - range.lowerBound }
                let positives = sample.positives.filter(range.contains)
                sampled.rows[level] += positives.map(row)
                sampled.labels[level] += positives.map { _ in 1 }
                sampled.positives[level] += positives.map(row)
                sampled.offsets[level] += BoxCoder.anchors.encode(
                    positives.map { targets.boxes[Int(matches[$0])] }, from: positives.map { grid.boxes[$0] })
                for anchor in sample.negatives where range.contains(anchor) {
                    sampled.rows[level].append(row(anchor))
                    sampled.labels[level].append(0)
                }
            }
        }
        return sampled
    }
}
