public import Basics

/// Why a search's student is the student, told from its journal (`history.jsonl`): what led to it, what each move and teacher
/// brought, and why the others were dropped.
public struct Explanation: Sendable, Hashable {
    /// A candidate as the journal tells it.
    public struct Entry: Sendable, Hashable {
        public let candidate: Int
        public let parent: Int?
        public let move: String
        public let actions: [String]
        public let teacher: String
        /// AP on the search split, from 0 to 1.
        public let precision: Double
        /// Predicted, in milliseconds.
        public let latency: Double
        /// The share of its training that it had: less than 1 where the better half of its generation went on without it.
        public let share: Double
        /// Its training came to nothing: the loss or a gradient was no number.
        public let isDiverged: Bool
    }

    /// A candidate's last training.
    public struct Finalist: Sendable, Hashable {
        public let candidate: Int
        /// AP on the search split before it, and when it ended after a share of it.
        public let before: Double
        public let after: Double
        public let share: Double
        public let isStudent: Bool
        public let isDiverged: Bool
    }

    /// What trainings with something in common brought: means of what each candidate has more than its parent, over those whose
    /// training did not diverge.
    public struct Tally: Sendable, Hashable {
        public let name: String
        public let count: Int
        /// How many trainings diverged. They are part of `count`, not of the means.
        public let diverged: Int
        public let precision: Double
        public let latency: Double
    }

    /// What became of a candidate that did not lead to the student.
    public struct Dropped: Sendable, Hashable {
        public let entry: Entry
        public let reason: String
    }

    public let base: Entry
    /// Whether there is a student. If not, there is no path, no last training, and nothing was dropped yet.
    public let isFinished: Bool
    /// Milliseconds that the student was to need at most; nil if that is not known.
    public let target: Double?
    /// What nothing else is both as fast as and more precise than, the most precise first.
    public let front: [Entry]
    /// The candidates from the base (which is not in it) to the student.
    public let path: [Entry]
    /// The student's AP after its last training; nil where it had none, or that one brought nothing and was not taken.
    public let finished: Double?
    /// Whether the student had a last training that was not taken.
    public let isLastTrainingRefused: Bool
    /// All that had a last training, in the order in which it ended: the winner last. Empty in journals of one finalist alone.
    public let finalists: [Finalist]
    public let moves: [Tally]
    public let teachers: [Tally]
    public let dropped: [Dropped]
    /// How many candidates were trained.
    public let count: Int
    private let known: [Int: Entry]

    /// - Parameters:
    ///   - journal: lines of `history.jsonl`.
    ///   - target: milliseconds that the student was to need at most; nil if that is not known.
    public init(_ journal: [JSON], target: Double?, at place: String) throws {
        func damaged(_ what: String) -> Failure {
            Failure("the journal does not tell \(what)", at: place, remedy: "give an undamaged history.jsonl")
        }
        var known: [Int: Entry] = [:]
        var order: [Int] = []
        var student: Int?
        var finished: Double?
        var isRefused = false
        var finalists: [Finalist] = []
        for line in journal {
            guard let id = line["candidate"]?.integer, let latency = line["latency_ms"]?.number,
                let precision = line["ap"]?.number
            else { throw damaged("a candidate's AP and latency") }
            let share = line["share"]?.number ?? 1
            let lastShare = line["last_training_share"]?.number ?? 0
            guard (0...1).contains(share), (0...1).contains(lastShare) else {
                throw damaged("what share of its training candidate \(id) had")
            }
            let choice = try line["teacher"].map { try $0.decode(TeacherChoice.self, at: place) }
            let entry = Entry(
                candidate: id, parent: line["parent"]?.integer, move: line["move"]?.string ?? "",
                actions: line["actions"]?.array?.compactMap(\.string) ?? [],
                teacher: line["taught"]?.bool == false ? "none" : choice?.description ?? "none",
                precision: precision, latency: latency, share: share, isDiverged: line["divergence"]?.string != nil)
            switch line["move"]?.string {
            case "last-training":
                let isStudent = line["student"]?.bool != false
                if lastShare > 0 {
                    finalists.append(
                        Finalist(
                            candidate: id, before: line["ap_before"]?.number ?? precision, after: precision,
                            share: lastShare, isStudent: isStudent, isDiverged: entry.isDiverged))
                }
                guard isStudent else { continue }
                student = id
                let isTaken = line["taken"]?.bool != false
                if isTaken { finished = precision }
                isRefused = !isTaken && finalists.contains { $0.candidate == id }
            default:
                known[id] = entry
                order.append(id)
            }
        }
        guard let base = known[0] else {
            guard !journal.isEmpty else {
                throw Failure(
                    "nothing was tried yet: the journal is empty", at: place,
                    remedy: "look again when candidates are trained")
            }
            throw damaged("the base")
        }
        var path: [Entry] = []
        var next: Int? = student
        while let id = next, id != 0 {
            guard let entry = known[id], path.count <= known.count else { throw damaged("candidate \(id)") }
            path.insert(entry, at: 0)
            next = entry.parent
        }
        self.base = base
        self.path = path
        self.target = target
        isFinished = student != nil
        self.finished = finished
        isLastTrainingRefused = isRefused
        self.finalists = finalists.count > 1 ? finalists : []
        self.known = known
        let children = order.compactMap { known[$0] }.filter { $0.parent != nil }
        count = children.count
        front = Self.front(of: [base] + children)
        func tallies(_ name: (Entry) -> String) -> [Tally] {
            Dictionary(grouping: children, by: name).map { name, entries in
                let trained = entries.filter { !$0.isDiverged }
                let gains = trained.compactMap { entry in known[entry.parent ?? 0].map { (entry, $0) } }
                func mean(_ value: (Entry) -> Double) -> Double {
                    gains.reduce(0) { $0 + value($1.0) - value($1.1) } / Double(max(1, gains.count))
                }
                return Tally(
                    name: name, count: entries.count, diverged: entries.count - trained.count,
                    precision: mean(\.precision), latency: mean(\.latency))
            }.sorted { ($1.precision, $0.name) < ($0.precision, $1.name) }
        }
        moves = tallies { String($0.move.prefix { $0 != ":" }) }
        teachers = tallies(\.teacher)
        let onPath = Set(path.map(\.candidate))
        guard let student else {
            dropped = []
            return
        }
        let last = known[student] ?? base
        dropped = children.filter { !onPath.contains($0.candidate) }.map {
            let id = $0.candidate
            let finalist = finalists.first { $0.candidate == id }
            let reason =
                finalist.map(Self.reason)
                ?? Self.reason($0, student: last, target: target, trainedOn: finalists, among: children + [base])
            guard $0.share < 1 else { return Dropped(entry: $0, reason: reason) }
            return Dropped(
                entry: $0, reason: "stopped after \(Int((100 * $0.share).rounded())) % of its training; \(reason)")
        }
    }

    private static func front(of entries: [Entry]) -> [Entry] {
        let order = entries.filter { !$0.isDiverged }.sorted {
            ($0.latency, $1.precision, $0.candidate) < ($1.latency, $0.precision, $1.candidate)
        }
        var front: [Entry] = []
        for entry in order where front.last.map({ entry.precision > $0.precision }) ?? true { front.append(entry) }
        return front.reversed()
    }

    /// What an entry has more than its parent.
    public func gain(_ entry: Entry) -> (precision: Double, latency: Double) {
        guard let parent = known[entry.parent ?? 0] else { return (0, 0) }
        return (entry.precision - parent.precision, entry.latency - parent.latency)
    }

    private static func reason(_ finalist: Finalist) -> String {
        if finalist.isDiverged { return "a finalist: its last training diverged, the loss or a gradient was no number" }
        let after = "a finalist: AP \(tenths(100 * finalist.after))"
        return finalist.share < 1
            ? "\(after) after \(tenths(100 * finalist.share)) % of its last training, and others came further"
            : "\(after) after its last training, less than the student had without one"
    }

    /// The search's own rule (`DetectorSearch.contenders`): the most precise students within the target are trained on; where there
    /// are none, the fastest one is.
    private static func reason(
        _ entry: Entry, student: Entry, target: Double?, trainedOn: [Finalist], among all: [Entry]
    ) -> String {
        if entry.isDiverged { return "its training diverged: the loss or a gradient was no number" }
        guard let target else {
            let least = trainedOn.map(\.before).min() ?? student.precision
            return entry.precision <= least
                ? "no more precise than what was trained on (AP \(tenths(100 * least)))"
                : "slower than the target allows"
        }
        let within = all.filter { $0.latency <= target && !$0.isDiverged }.sorted {
            ($1.precision, $0.latency, $0.candidate) < ($0.precision, $1.latency, $1.candidate)
        }
        if within.isEmpty {
            let slower = entry.latency > student.latency ? "slower" : "no faster"
            return "\(slower) than the student, the fastest of all: none is within the target"
        }
        guard let place = within.firstIndex(where: { $0.candidate == entry.candidate }) else {
            return "\(tenths(entry.latency - target)) ms above the target"
        }
        let rule =
            switch trainedOn.count {
            case 0: "the first is the student"
            case 1: "the first was trained on"
            case let count: "the first \(count) were trained on"
            }
        return "number \(place + 1) of \(within.count) within the target by AP; \(rule)"
    }
}
