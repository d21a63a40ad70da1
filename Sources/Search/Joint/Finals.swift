/// The last trainings: of the most precise students within the target, one of which becomes the derived student. All are trained
/// to a share of their plan, the worse half stops, and the others go on to twice that share, until one is left (successive halving,
/// Jamieson and Talwalkar, AISTATS 2016): what a student is worth after a candidate's short training says little about what it
/// comes to.
public struct Finals: Sendable, Hashable, Codable {
    /// The students' numbers, the most precise before their last training first.
    public let finalists: [Int]
    /// Those that are still trained, in the same order.
    public private(set) var entrants: [Int]
    /// Parts that all entrants are past, and the entrants that are past the next one too: with the share, the precision and the
    /// weights of there.
    public private(set) var rung = 0
    public private(set) var standings: [Candidate] = []
    /// The entrants as they were past the last part that all of them are past.
    public private(set) var passed: [Candidate] = []
    /// Those that are trained no more, in the order in which they stopped: at the end all, the winner last.
    public private(set) var ended: [Candidate] = []

    /// - Parameter finalists: at least one.
    public init(_ finalists: [Int]) {
        self.finalists = finalists
        entrants = finalists
    }

    /// The shares of the last training after which finalists are compared, the last one being 1.
    public var shares: [Double] { Self.shares(finalists.count) }

    /// Who is to be trained next, and to what share; nil at the end.
    public var next: (candidate: Int, share: Double)? {
        let waiting = entrants.first { id in !standings.contains { $0.id == id } }
        return waiting.map { ($0, shares[rung]) }
    }

    /// The one that was trained to the end.
    public var winner: Candidate? { next == nil ? ended.last : nil }

    /// Takes in what `next` came to. Where it was the last one of this part, the worse half stops; of equals, those that were less
    /// precise before.
    public mutating func add(_ trained: Candidate) {
        standings.append(trained)
        guard standings.count == entrants.count else { return }
        // One that diverged has AP 0, as others may have.
        func rank(_ one: Candidate, _ other: Candidate) -> (Int, Double, Int) {
            (one.divergence == nil ? 0 : 1, other.precision ?? 0, place(one))
        }
        let ranked = standings.sorted { rank($0, $1) < rank($1, $0) }
        let staying = rung < shares.count - 1 ? (ranked.count + 1) / 2 : 0
        ended += ranked.dropFirst(staying).reversed()
        let stay = Set(ranked.prefix(staying).map(\.id))
        entrants.removeAll { !stay.contains($0) }
        passed = standings.filter { stay.contains($0.id) }
        standings = []
        rung += 1
    }

    private func place(_ candidate: Candidate) -> Int { finalists.firstIndex(of: candidate.id) ?? 0 }

    /// The part after which an entrant waits for the next one, by number.
    var waitingAfter: [Int: Int] {
        var after: [Int: Int] = [:]
        for id in entrants {
            if standings.contains(where: { $0.id == id }) { after[id] = rung } else if rung > 0 { after[id] = rung - 1 }
        }
        return after
    }

    /// The share of the last training that a finalist has had.
    public func share(_ id: Int) -> Double {
        if let ended = ended.first(where: { $0.id == id }) { return ended.share }
        return waitingAfter[id].map { shares[$0] } ?? 0
    }

    /// What is done of all last trainings, in units of a whole one.
    var done: Double { finalists.reduce(0) { $0 + share($1) } }

    private static func shares(_ count: Int) -> [Double] {
        var halvings = 0
        while 1 << halvings < count { halvings += 1 }
        return (0...halvings).reversed().map { 1 / Double(1 << $0) }
    }

    /// What so many finalists cost, in units of a whole last training.
    public static func work(_ count: Int) -> Double {
        var (work, before) = (0.0, 0.0)
        for (share, alive) in zip(shares(count), entrants(count)) {
            work += Double(alive) * (share - before)
            before = share
        }
        return work
    }

    /// How often so many finalists are evaluated in all.
    public static func looks(_ count: Int) -> Int { entrants(count).reduce(0, +) }

    /// How many are trained in each part.
    private static func entrants(_ count: Int) -> [Int] {
        var alive = max(1, count)
        return shares(count).map { _ in
            defer { alive = (alive + 1) / 2 }
            return alive
        }
    }
}
