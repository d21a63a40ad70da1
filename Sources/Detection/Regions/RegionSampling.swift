public import Basics

/// The regions that the box head learns from, for each image of a batch.
public struct SampledRegions: Sendable, Hashable {
    /// In resized pixels.
    public var boxes: [[Box]]
    /// 0 is the background.
    public var labels: [[Int]]
    /// The target of each region; for background the value means nothing.
    public var targets: [[Box]]

    public init(boxes: [[Box]], labels: [[Int]], targets: [[Box]]) {
        self.boxes = boxes
        self.labels = labels
        self.targets = targets
    }

    /// The number of regions of all images.
    public var count: Int { boxes.reduce(0) { $0 + $1.count } }
}

extension TrainingSettings {
    /// Draws regions from the proposals of each image and from its targets' own boxes.
    public func sampleRegions(
        _ proposals: [[Box]], targets: [DetectionTarget], _ random: RandomStream
    ) -> SampledRegions {
        let matcher = regions.matcher(keepsBestOfEachTarget: false)
        var sampled = SampledRegions(boxes: [], labels: [], targets: [])
        for (image, (proposals, targets)) in zip(proposals, targets).enumerated() {
            var random = random.stream("regions", image)
            let candidates = proposals + targets.boxes
            let matches = matcher.match(candidates, to: targets.boxes)
            let sample = regions.sampler.sample(matches, &random)
            // In the order of the candidates, as torchvision has them.
            let chosen = (sample.positives + sample.negatives).sorted()
            sampled.boxes.append(chosen.map { candidates[$0] })
            sampled.labels.append(chosen.map { matches[$0] < 0 ? 0 : targets.labels[Int(matches[$0])] })
            sampled.targets.append(chosen.map { matches[$0] < 0 ? .zero : targets.boxes[Int(matches[$0])] })
        }
        return sampled
    }
}
