public import Basics
import Glibc

/// Learns which of several arms pays: upper confidence bounds (UCB1, Auer et al. 2002) on rewards from 0 to 1.
public struct Bandit: Sendable, Hashable, Codable {
    public struct Arm: Sendable, Hashable, Codable {
        public var pulls: Int
        /// The mean reward.
        public var mean: Double
    }

    public private(set) var arms: [String: Arm] = [:]
    public var exploration: Double

    /// - Parameter exploration: 1 is UCB1 as published; less trusts the first rewards more.
    public init(exploration: Double = 1) { self.exploration = exploration }

    /// Chooses among the arms that can be pulled now. Untried arms come first; the rest by their upper bound, ties by
    /// chance. `pending` counts pulls whose reward is still to come.
    public func choose(
        among names: [String], pending: [String: Int] = [:], _ random: inout RandomStream
    ) -> String? {
        choose(amongGroups: names.sorted().map { [$0] }, pending: pending, &random)?.first
    }

    /// Chooses among groups of arms as if each were a single one: with the pulls of all its arms, and their mean reward.
    public func choose(
        amongGroups groups: [[String]], pending: [String: Int] = [:], _ random: inout RandomStream
    ) -> [String]? {
        let counts = groups.map { group in group.reduce(0) { $0 + pulls($1, pending) } }
        let total = counts.reduce(0, +)
        let scored = zip(groups, counts).map { group, count -> (group: [String], score: Double, tie: Double) in
            let score =
                count == 0
                ? .infinity
                : mean(of: group) + exploration * (2 * log(Double(max(total, 2))) / Double(count)).squareRoot()
            return (group, score, random.uniform())
        }
        return scored.max { ($0.score, $0.tie) < ($1.score, $1.tie) }?.group
    }

    private func pulls(_ name: String, _ pending: [String: Int]) -> Int {
        (arms[name]?.pulls ?? 0) + (pending[name] ?? 0)
    }

    /// The mean reward of several arms' pulls; 0 where there were none.
    private func mean(of names: [String]) -> Double {
        let pulled = names.compactMap { arms[$0] }
        let count = pulled.reduce(0) { $0 + $1.pulls }
        return count == 0 ? 0 : pulled.reduce(0) { $0 + Double($1.pulls) * $1.mean } / Double(count)
    }

    /// What gains of one round are worth: 1 for the largest, 0 for the least. Where the latency limit falls, the fronts that all children
    /// of a generation give are larger by nearly the same, whatever they lose in precision, so that only what is between them
    /// tells good moves from bad ones; less than a twentieth of the largest between them is chance. A nil came to nothing: it is worth 0,
    /// and says nothing of the others.
    public static func rewards(_ gains: [Double?]) -> [Double] {
        let known = gains.compactMap(\.self)
        guard let most = known.max(), let least = known.min(), most > 0 else { return gains.map { _ in 0 } }
        let spread = max(most - least, most / 20)
        return gains.map { gain in
            guard let gain, gain > 0 else { return 0 }
            return 1 - (most - gain) / spread
        }
    }

    public mutating func reward(_ name: String, _ value: Double) {
        var arm = arms[name] ?? Arm(pulls: 0, mean: 0)
        arm.pulls += 1
        arm.mean += (min(max(value, 0), 1) - arm.mean) / Double(arm.pulls)
        arms[name] = arm
    }
}
