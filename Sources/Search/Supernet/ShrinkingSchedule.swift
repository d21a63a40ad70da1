public import Basics

/// Which networks of a supernet a step trains.
///
/// Integrated progressive shrinking, in our form: all dimensions open together, from the largest network to the
/// smallest, over one run; each step trains the largest network, the smallest that is open, and some drawn between
/// (the sandwich rule of slimmable networks, Yu and Huang, ICCV 2019). The sequential form opens depth, then the inner
/// widths, then the trunks, then the input size, as Once-for-All does (Cai et al., ICLR 2020).
public struct ShrinkingSchedule: Sendable, Hashable, Codable {
    public enum Order: String, Sendable, Hashable, Codable, CaseIterable {
        case integrated, sequential
    }

    public var order: Order
    /// Networks of a step beside the largest.
    public var sampled: Int
    /// The share of the run after which everything is open.
    public var opening: Double

    public init(order: Order = .integrated, sampled: Int = 2, opening: Double = 0.5) {
        self.order = order
        self.sampled = sampled
        self.opening = opening
    }

    /// The place of the smallest value that is open in a dimension at a fraction of the run.
    public func lowest(_ dimension: SearchSpace.Dimension, _ space: SearchSpace, at fraction: Double) -> Int {
        let last = space.count(dimension) - 1
        let open = openness(dimension, space, at: fraction)
        return last - Int((Double(last) * open).rounded(.down))
    }

    /// From 0 (the largest value only) to 1 (all).
    private func openness(_ dimension: SearchSpace.Dimension, _ space: SearchSpace, at fraction: Double) -> Double {
        let progress = opening > 0 ? min(1, fraction / opening) : 1
        guard order == .sequential else { return progress }
        let phases = Set(space.elastic.map(phase)).sorted()
        guard let index = phases.firstIndex(of: phase(dimension)) else { return progress }
        return min(1, max(0, progress * Double(phases.count) - Double(index)))
    }

    private func phase(_ dimension: SearchSpace.Dimension) -> Int {
        switch dimension {
        case .depth: 0
        case .inner: 1
        case .trunk: 2
        case .input: 3
        }
    }

    /// The networks of a step beside the largest, each once.
    public func choices(_ space: SearchSpace, at fraction: Double, _ random: RandomStream) -> [TeacherChoice] {
        var chosen: [TeacherChoice] = []
        for index in 0..<sampled {
            var draw = random.stream("subnet", index)
            let choice =
                index == 0
                ? space.choice { lowest($0, space, at: fraction) }
                : space.draw(&draw) { lowest($0, space, at: fraction) }
            if choice != space.largest && !chosen.contains(choice) { chosen.append(choice) }
        }
        return chosen
    }
}
