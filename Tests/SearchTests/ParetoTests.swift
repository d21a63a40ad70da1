import Basics
import Search
import Testing

@Suite struct ParetoTests {
    private func archive(_ points: [(Double, Double)]) -> ParetoArchive {
        var archive = ParetoArchive()
        for (id, point) in points.enumerated() {
            archive.insert(.init(candidate: id, precision: point.0, latency: point.1))
        }
        return archive
    }

    @Test func theFrontHoldsWhatNothingDominates() {
        let archive = archive([(0.5, 100), (0.4, 70), (0.45, 120), (0.3, 80), (0.45, 85), (0.5, 100), (0.5, 95)])
        #expect(archive.front.map(\.candidate) == [6, 4, 1])
        #expect(archive.front.map(\.latency) == [95, 85, 70])
        #expect(archive.best(within: 90)?.candidate == 4)
        #expect(archive.best(within: 60) == nil)
    }

    @Test func crowdingDistancesFollowTheNeighbours() {
        let archive = archive([(0.5, 100), (0.4, 60), (0.48, 90), (0.42, 65)])
        let distances = archive.crowdingDistances
        #expect(distances[0] == .infinity && distances[3] == .infinity)
        #expect(abs(distances[1] - (0.8 + 0.875)) < 1e-9)
        #expect(abs(distances[2] - (0.8 + 0.75)) < 1e-9)
    }

    @Test func hypervolumeIsTheAreaUnderTheFront() {
        let archive = archive([(0.5, 80), (0.25, 40)])
        #expect(abs(archive.hypervolume(latencyLimit: 100) - (20 * 0.5 + 40 * 0.25)) < 1e-12)
        #expect(archive.hypervolume(latencyLimit: 40) == 0)
    }

    /// A student that is faster than was asked for, and far less precise, must not be worth more than one that is neither.
    @Test func overshootingGainsNothing() {
        let archive = archive([(0.726, 21.3), (0.697, 12.9)])
        func gain(_ precision: Double, _ latency: Double, asked: Double) -> Double {
            archive.gain(
                of: .init(candidate: 9, precision: precision, latency: latency), asked: asked, latencyLimit: 22.4)
        }
        #expect(abs(gain(0.699, 11.3, asked: 11.4) - (1.5 * 0.699 + 8.4 * 0.002)) < 1e-9)
        #expect(gain(0.586, 10.5, asked: 0) > gain(0.65, 11.3, asked: 0))
        #expect(gain(0.586, 10.5, asked: 11.4) < gain(0.65, 11.3, asked: 11.4))
        #expect(gain(0.586, 10.5, asked: 11.4) == gain(0.586, 8, asked: 11.4))
        // Among those that are fast enough only precision counts.
        #expect(gain(0.697, 8, asked: 13) == 0 && gain(0.7, 12.5, asked: 13) > 0)
    }

    /// Where all gain nearly the same by being faster, what is between them counts; a difference that is nothing is none.
    @Test func rewardsTellChildrenApart() {
        let rewards = Bandit.rewards([55, 66.5, 69.8, 70])
        #expect(rewards[0] == 0 && rewards[3] == 1 && rewards[1] > 0.7 && rewards[2] > 0.98)
        #expect(Bandit.rewards([69.9, 70]).allSatisfy { $0 > 0.95 })
        #expect(Bandit.rewards([0, 2, 4]) == [0, 0.5, 1] && Bandit.rewards([3]) == [1])
        #expect(Bandit.rewards([0, 0]) == [0, 0] && Bandit.rewards([]).isEmpty)
        // Who diverged says nothing of the others.
        #expect(Bandit.rewards([nil, 66, 69, 70])[1] < 0.01 && Bandit.rewards([nil, nil]) == [0, 0])
        // Nothing for nothing, however little the others gain.
        #expect(Bandit.rewards([0, 0, 1e-300]) == [0, 0, 1])
    }

    @Test func theBanditTriesAllAndThenPrefersWhatPays() {
        var bandit = Bandit(exploration: 0.2)
        var random = RandomStream(seed: 1)
        let arms = ["a", "b", "c"]
        var first: Set<String> = []
        for _ in 0..<3 {
            guard let arm = bandit.choose(among: arms, &random) else { continue }
            first.insert(arm)
            bandit.reward(arm, arm == "b" ? 1 : 0)
        }
        #expect(first == Set(arms))
        var counts: [String: Int] = [:]
        for _ in 0..<60 {
            guard let arm = bandit.choose(among: arms, &random) else { continue }
            counts[arm, default: 0] += 1
            bandit.reward(arm, arm == "b" ? 0.9 : 0.1)
        }
        #expect(counts["b", default: 0] > 45)
        // Pulls that are under way spread a generation's children.
        let pending = Bandit().choose(among: arms, pending: ["a": 1, "b": 1], &random)
        #expect(pending == "c")
        #expect(Bandit().choose(among: [], &random) == nil)
    }

    /// A group of arms counts as one: it is pulled no more often for having more of them.
    @Test func aGroupOfArmsIsAnArm() {
        var bandit = Bandit(exploration: 0.2)
        var random = RandomStream(seed: 1)
        let groups = [["a", "b", "c"], ["d"]]
        let tried = (0..<40).map { _ in bandit.choose(amongGroups: groups, &random)?.count ?? 0 }
        #expect(Set(tried) == [1, 3], "neither was pulled: by chance")
        #expect(bandit.choose(amongGroups: groups, pending: ["b": 1], &random) == ["d"])
        // By the mean of all pulls of a group, not of its arms: 0.75 of four is more than 0.6, which is more than 0.43 of seven.
        for (arm, value) in [("a", 1), ("a", 1), ("a", 1), ("b", 0), ("d", 0.6), ("d", 0.6), ("d", 0.6), ("d", 0.6)] {
            bandit.reward(arm, value)
        }
        #expect(bandit.choose(amongGroups: groups, &random) == groups[0])
        for _ in 0..<3 { bandit.reward("c", 0) }
        #expect(bandit.choose(amongGroups: groups, &random) == groups[1])
        #expect(bandit.choose(amongGroups: [], &random) == nil)
    }
}
