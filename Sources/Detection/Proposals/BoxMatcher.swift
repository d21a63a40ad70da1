import Tensor

/// Says which target each candidate box stands for.
public struct BoxMatcher: Sendable, Hashable {
    /// A candidate that overlaps a target by at least this is positive.
    public let positiveOverlap: Float
    /// A candidate that overlaps every target by less than this is background; those between are ignored.
    public let negativeOverlap: Float
    /// Whether the candidates that overlap a target most (all of them, if several do alike) are positive however little
    /// they overlap it, each for the target that it overlaps most itself.
    public let keepsBestOfEachTarget: Bool

    /// The answer for background, and for candidates that count for nothing; other answers are indices of targets.
    public static let background: Int32 = -1
    public static let ignored: Int32 = -2

    public init(positiveOverlap: Float, negativeOverlap: Float, keepsBestOfEachTarget: Bool) {
        self.positiveOverlap = positiveOverlap
        self.negativeOverlap = negativeOverlap
        self.keepsBestOfEachTarget = keepsBestOfEachTarget
    }

    /// For each candidate the index of its target, `background` or `ignored`.
    public func match(_ candidates: [Box], to targets: [Box]) -> [Int32] {
        candidates.withUnsafeCoordinates { candidates in
            targets.withUnsafeCoordinates { targets in
                matchBoxes(
                    candidates, to: targets, positiveOverlap: positiveOverlap, negativeOverlap: negativeOverlap,
                    keepsBest: keepsBestOfEachTarget)
            }
        }
    }
}
