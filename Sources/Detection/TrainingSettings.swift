/// What training learns from in each image: which anchors and regions count as what, and how many are drawn.
/// The defaults are torchvision's.
public struct TrainingSettings: Sendable, Hashable, Codable {
    public struct Draw: Sendable, Hashable, Codable {
        /// Drawn in each image.
        public var count: Int
        /// The largest share of positives among them.
        public var positiveFraction: Double
        /// The overlap with a target from which on a candidate is positive.
        public var positiveOverlap: Double
        /// The overlap below which it is background.
        public var negativeOverlap: Double

        public init(count: Int, positiveFraction: Double, positiveOverlap: Double, negativeOverlap: Double) {
            self.count = count
            self.positiveFraction = positiveFraction
            self.positiveOverlap = positiveOverlap
            self.negativeOverlap = negativeOverlap
        }

        var sampler: BalancedSampler { BalancedSampler(count: count, positiveFraction: positiveFraction) }

        func matcher(keepsBestOfEachTarget: Bool) -> BoxMatcher {
            BoxMatcher(
                positiveOverlap: Float(positiveOverlap), negativeOverlap: Float(negativeOverlap),
                keepsBestOfEachTarget: keepsBestOfEachTarget)
        }
    }

    public var anchors: Draw
    public var regions: Draw

    public init(
        anchors: Draw = Draw(count: 256, positiveFraction: 0.5, positiveOverlap: 0.7, negativeOverlap: 0.3),
        regions: Draw = Draw(count: 512, positiveFraction: 0.25, positiveOverlap: 0.5, negativeOverlap: 0.5)
    ) {
        self.anchors = anchors
        self.regions = regions
    }
}
