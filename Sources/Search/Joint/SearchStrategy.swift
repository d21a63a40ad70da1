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

    /// One of the moves that are possible: whether the student is changed is chosen first, then what of it.
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

/// What changes the student, and what leaves it as it is: a change of its teacher, or training alone where teachers do not change;
/// one of them where only that is possible. Were the latter one of all the moves, it would seldom come up: a student can be
/// changed in many ways. The student's side is judged by those of its moves that are possible now: one that is above the limit is
/// not held back by what growing brought to others.
private func sides(of moves: [String]) -> [[String]] {
    let keeping: Set = [DetectorSearch.teacherMove, DetectorSearch.trainingMove]
    return [moves.filter { !keeping.contains($0) }, moves.filter(keeping.contains)].filter { !$0.isEmpty }
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
    ) -> String? {
        let side = state.moves.choose(amongGroups: sides(of: moves), pending: pending, &draw) ?? []
        return state.moves.choose(among: side, pending: pending, &draw)
    }

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
    ) -> String? {
        let sides = sides(of: moves)
        guard !sides.isEmpty else { return nil }
        let side = sides[draw.index(below: sides.count)]
        return side[draw.index(below: side.count)]
    }

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
