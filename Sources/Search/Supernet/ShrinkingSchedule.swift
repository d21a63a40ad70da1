public import Basics
import DetectorKit

/// Which networks of a supernet a step trains.
///
/// Integrated progressive shrinking, in our form: all dimensions open together, from the largest network to the
/// smallest, over one run; each step trains the largest network, the smallest that is open, and some drawn between
/// (the sandwich rule of slimmable networks, Yu and Huang, ICCV 2019). The sequential form has every input
/// size from the start and opens depth, then the inner widths, then the trunks, one after the other (Once-for-All, Cai et al.,
/// ICLR 2020: elastic resolution throughout; depth and width in turn).
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
        // The first smaller value opens as soon as its dimension does, the last when it is open to the end.
        return last - Int((Double(last) * open).rounded(.up))
    }

    /// From 0 (the largest value only) to 1 (all).
    private func openness(_ dimension: SearchSpace.Dimension, _ space: SearchSpace, at fraction: Double) -> Double {
        let progress = opening > 0 ? min(1, fraction / opening) : 1
        guard order == .sequential else { return progress }
        guard let own = phase(dimension) else { return 1 }
        let phases = Set(space.elastic.compactMap(phase)).sorted()
        guard let index = phases.firstIndex(of: own) else { return progress }
        return min(1, max(0, progress * Double(phases.count) - Double(index)))
    }

    /// When a dimension's turn comes; nil for one that is open throughout.
    private func phase(_ dimension: SearchSpace.Dimension) -> Int? {
        switch dimension {
        case .depth: 0
        case .inner: 1
        case .trunk: 2
        case .input: nil
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

    /// Multiply-accumulates of a step's networks beside the largest, on average over a run, as a share of the largest's. About: at
    /// most 256 steps are looked at, and the draws are not a run's own.
    ///
    /// - Parameter regions: that a step's box head learns from.
    public func meanShare(of supernet: Supernet, regions: Int, totalSteps: Int) throws -> Double {
        let (count, largest) = (min(256, totalSteps), supernet.graph.cost(regions: regions).multiplyAccumulates)
        guard count > 0, largest > 0 else { return 0 }
        var costs: [TeacherChoice: Int] = [:]
        var sum = 0
        for index in 0..<count {
            let random = RandomStream(seed: 0).stream("cost", index)
            for choice in choices(supernet.space, at: Double(index) / Double(count), random) {
                let cost = try costs[choice] ?? supernet.subnet(choice).graph.cost(regions: regions).multiplyAccumulates
                costs[choice] = cost
                sum += cost
            }
        }
        return Double(sum) / Double(count) / Double(largest)
    }
}
