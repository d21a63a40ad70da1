package import Basics

/// How a search chooses among what it may do: whose child comes next, and what is changed.
package protocol SearchStrategy: Sendable {
    /// The parent of a generation's child.
    ///
    /// - Parameters:
    ///   - attempt: counts the children that were tried, from 0.
    ///   - candidates: the front's members near the limit, the loneliest first; at least one.
    ///   - pending: how many children each of them has already in this generation.
    func parent(
        _ attempt: Int, among candidates: [Candidate], _ state: SearchState, pending: [Int: Int],
        _ draw: inout RandomStream
    ) -> Candidate

    /// One of the moves that are possible.
    func move(
        among moves: [String], _ state: SearchState, pending: [String: Int], _ draw: inout RandomStream
    ) -> String?

    /// One of the ways to change a teacher.
    func teacherMove(
        among names: [String], _ state: SearchState, pending: [String: Int], _ draw: inout RandomStream
    ) -> String?
}

extension SearchSettings {
    var chosenStrategy: any SearchStrategy {
        switch mode == .random ? .random : strategy {
        case .pareto: ParetoEvolution()
        case .random: RandomSearch()
        case .upperConfidence: UpperConfidence()
        }
    }
}

/// Everyone on the front in turn, by crowding distance (NSGA-II, Deb et al. 2002), but for those that are far less precise than
/// others that are fast enough; moves by what they brought.
package struct ParetoEvolution: SearchStrategy {
    /// The share of the best precision that a parent must have. The fast end of a front has no bottom: what starts far below the
    /// others does not catch up with them in the few trainings that are left.
    private static let leastPrecision = 0.95

    package init() {}

    package func parent(
        _ attempt: Int, among candidates: [Candidate], _ state: SearchState, pending: [Int: Int],
        _ draw: inout RandomStream
    ) -> Candidate {
        // COCO's AP is -1 where nothing counts.
        let best = max(0, candidates.compactMap(\.precision).max() ?? 0)
        let precise = candidates.filter { ($0.precision ?? 0) >= Self.leastPrecision * best }
        let parents = precise.isEmpty ? candidates : precise
        return parents[attempt % parents.count]
    }

    package func move(
        among moves: [String], _ state: SearchState, pending: [String: Int], _ draw: inout RandomStream
    ) -> String? { state.moves.choose(among: moves, pending: pending, &draw) }

    package func teacherMove(
        among names: [String], _ state: SearchState, pending: [String: Int], _ draw: inout RandomStream
    ) -> String? { state.teacherMoves.choose(among: names, pending: pending, &draw) }
}

/// Everything drawn evenly.
package struct RandomSearch: SearchStrategy {
    package init() {}

    package func parent(
        _ attempt: Int, among candidates: [Candidate], _ state: SearchState, pending: [Int: Int],
        _ draw: inout RandomStream
    ) -> Candidate { candidates[draw.index(below: candidates.count)] }

    package func move(
        among moves: [String], _ state: SearchState, pending: [String: Int], _ draw: inout RandomStream
    ) -> String? { moves[draw.index(below: moves.count)] }

    package func teacherMove(
        among names: [String], _ state: SearchState, pending: [String: Int], _ draw: inout RandomStream
    ) -> String? { names[draw.index(below: names.count)] }
}

/// Parents too by what their children brought: upper confidence bounds (UCB1, Auer et al. 2002).
package struct UpperConfidence: SearchStrategy {
    private let moves = ParetoEvolution()

    package init() {}

    package func parent(
        _ attempt: Int, among candidates: [Candidate], _ state: SearchState, pending: [Int: Int],
        _ draw: inout RandomStream
    ) -> Candidate {
        let names = candidates.map { "\($0.id)" }
        let waiting = Dictionary(uniqueKeysWithValues: pending.map { ("\($0.key)", $0.value) })
        let chosen = state.parents.choose(among: names, pending: waiting, &draw)
        return candidates.first { "\($0.id)" == chosen } ?? candidates[0]
    }

    package func move(
        among moves: [String], _ state: SearchState, pending: [String: Int], _ draw: inout RandomStream
    ) -> String? { self.moves.move(among: moves, state, pending: pending, &draw) }

    package func teacherMove(
        among names: [String], _ state: SearchState, pending: [String: Int], _ draw: inout RandomStream
    ) -> String? { moves.teacherMove(among: names, state, pending: pending, &draw) }
}
