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
        var matches = [Int32](repeating: Self.background, count: candidates.count)
        if targets.isEmpty { return matches }
        var overlaps = [Float](repeating: -1, count: candidates.count)
        var best = [Int32](repeating: 0, count: candidates.count)
        var most = [Float](repeating: 0, count: targets.count)
        candidates.withUnsafeBufferPointer { candidates in
            overlaps.withUnsafeMutableBufferPointer { overlaps in
                best.withUnsafeMutableBufferPointer { best in
                    for (index, target) in targets.enumerated() {
                        most[index] = Self.visit(target, Int32(index), candidates, overlaps, best)
                    }
                }
            }
        }
        for index in matches.indices {
            let overlap = overlaps[index]
            if overlap >= positiveOverlap {
                matches[index] = best[index]
            } else if overlap >= negativeOverlap {
                matches[index] = Self.ignored
            }
        }
        guard keepsBestOfEachTarget else { return matches }
        candidates.withUnsafeBufferPointer { candidates in
            for (target, most) in zip(targets, most) where most > 0 {
                for index in 0..<candidates.count where target.overlap(candidates[index]) == most {
                    matches[index] = best[index]
                }
            }
        }
        return matches
    }

    /// Notes where a target overlaps more than those before it; returns its largest overlap.
    private static func visit(
        _ target: Box, _ index: Int32, _ candidates: UnsafeBufferPointer<Box>,
        _ overlaps: UnsafeMutableBufferPointer<Float>, _ best: UnsafeMutableBufferPointer<Int32>
    ) -> Float {
        var most: Float = 0
        for candidate in 0..<candidates.count {
            let overlap = target.overlap(candidates[candidate])
            let isMore = overlap > overlaps[candidate]
            overlaps[candidate] = isMore ? overlap : overlaps[candidate]
            best[candidate] = isMore ? index : best[candidate]
            most = overlap > most ? overlap : most
        }
        return most
    }
}
