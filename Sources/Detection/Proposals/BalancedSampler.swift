public import Basics

/// Draws a fixed number of candidates, with at most a given share of positives.
public struct BalancedSampler: Sendable, Hashable {
    public let count: Int
    public let positiveFraction: Double

    public init(count: Int, positiveFraction: Double) {
        self.count = count
        self.positiveFraction = positiveFraction
    }

    /// The positions drawn, each list rising.
    public struct Sample: Sendable, Hashable {
        public var positives: [Int]
        public var negatives: [Int]
    }

    /// Draws from a matcher's answers. Where fewer positives are there than wanted, more of the background is drawn.
    public func sample(_ matches: [Int32], _ random: inout RandomStream) -> Sample {
        var positives: [Int] = []
        var negatives: [Int] = []
        for (index, match) in matches.enumerated() {
            if match >= 0 {
                positives.append(index)
            } else if match == BoxMatcher.background {
                negatives.append(index)
            }
        }
        positives = Self.draw(min(Int(Double(count) * positiveFraction), positives.count), of: positives, &random)
        negatives = Self.draw(min(count - positives.count, negatives.count), of: negatives, &random)
        return Sample(positives: positives, negatives: negatives)
    }

    /// The first steps of a Fisher-Yates shuffle.
    private static func draw(_ count: Int, of items: [Int], _ random: inout RandomStream) -> [Int] {
        guard count < items.count else { return items }
        var items = items
        for index in 0..<count { items.swapAt(index, index + random.index(below: items.count - index)) }
        return items[..<count].sorted()
    }
}
