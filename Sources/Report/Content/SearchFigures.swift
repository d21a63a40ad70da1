/// What a search tried, in the search's own terms: AP on its held-out split, latency as its cost model predicts it.
public struct SearchFigures: Sendable, Hashable, Codable {
    /// What the search might change, by the name that its settings give it.
    public var mode: String?
    /// The split that AP refers to.
    public var split: String
    public var base: SearchPoint?
    public var candidates: [CandidateFigures]
    /// The candidate that became the student; nil if the base was kept.
    public var student: String?
    /// The student after a last training that followed the search.
    public var finished: SearchPoint?
    /// All that had a last training, who came furthest first; empty where there was one at most.
    public var finalists: [FinalistFigures] = []
    /// Children that are not among the candidates: they could not be made within the latency limit, or not at all.
    public var refused = 0
    /// Children that were not trained since an equal one was known.
    public var duplicates = 0
    /// What else is to be known of it.
    public var notes: [String] = []
    /// What the search learnt about its moves.
    public var moves: [MoveFigures] = []
    /// What search and teachers computed in training, in trainings of the base; nil where that is not known.
    public var baseTrainings: Double?
    /// Milliseconds that a student was allowed.
    public var latencyTarget: Double?

    public init(mode: String?, split: String, candidates: [CandidateFigures]) {
        self.mode = mode
        self.split = split
        self.candidates = candidates
    }

    /// The candidates from the first after the base to the student, by parents.
    public var lineage: [CandidateFigures] {
        let known = Dictionary(candidates.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var line: [CandidateFigures] = []
        var next = student
        while let id = next, let candidate = known[id], line.count < candidates.count {
            line.append(candidate)
            next = candidate.parent
        }
        return line.reversed()
    }
}

/// AP (0 to 1) against latency (milliseconds).
public struct SearchPoint: Sendable, Hashable, Codable {
    public var averagePrecision: Double
    public var latency: Double

    public init(averagePrecision: Double, latency: Double) {
        self.averagePrecision = averagePrecision
        self.latency = latency
    }
}

/// A candidate's last training: AP (0 to 1) before it, and when it ended after a share of it.
public struct FinalistFigures: Sendable, Hashable, Codable {
    public var id: String
    public var before: Double?
    public var after: Double?
    public var share: Double
    public var isStudent: Bool

    public init(id: String, before: Double?, after: Double?, share: Double, isStudent: Bool) {
        self.id = id
        self.before = before
        self.after = after
        self.share = share
        self.isStudent = isStudent
    }
}

/// What a search learnt about one of its moves.
public struct MoveFigures: Sendable, Hashable, Codable {
    public var name: String
    /// How often it was chosen, and what it brought on average: 0 for nothing, 1 for the best of every generation.
    public var pulls: Int
    public var reward: Double

    public init(name: String, pulls: Int, reward: Double) {
        self.name = name
        self.pulls = pulls
        self.reward = reward
    }
}

/// One candidate of a search.
public struct CandidateFigures: Sendable, Hashable, Codable {
    public enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
        /// Entered the archive.
        case accepted
        /// Trained and evaluated, but something in the archive was at least as good.
        case rejected
    }

    public var id: String
    /// Nil, or an identifier that is no candidate's, for a child of the base.
    public var parent: String?
    public var generation: Int
    /// The kind of action, e.g. "prune channels".
    public var action: String
    /// What exactly was changed.
    public var detail: String
    public var averagePrecision: Double?
    public var latency: Double?
    public var outcome: Outcome
    /// On the final Pareto front.
    public var onFront: Bool

    public init(
        id: String, parent: String?, generation: Int, action: String, detail: String, averagePrecision: Double?,
        latency: Double?, outcome: Outcome, onFront: Bool
    ) {
        self.id = id
        self.parent = parent
        self.generation = generation
        self.action = action
        self.detail = detail
        self.averagePrecision = averagePrecision
        self.latency = latency
        self.outcome = outcome
        self.onFront = onFront
    }

    var point: SearchPoint? {
        guard let averagePrecision, let latency, averagePrecision.isFinite, latency.isFinite else { return nil }
        return SearchPoint(averagePrecision: averagePrecision, latency: latency)
    }
}
