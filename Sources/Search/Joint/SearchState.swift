import Basics
public import Foundation
import Models
import Tensor

/// All that a search has found out so far: what a checkpoint holds, with the weights of the students that still matter.
public struct SearchState: Sendable, Hashable, Codable {
    public static let format = "jdnas-search/8"

    public var format = SearchState.format
    /// The generation at work, from 1.
    public var generation = 1
    /// Its children as they are to be trained, and those that are, in the order in which they were done.
    public var proposals: [Candidate] = []
    public var evaluated: [Candidate] = []
    /// How often the worse half of the children was stopped; and those that are past this part of their training, with
    /// their precision there.
    public var rung = 0
    public var standings: [Candidate] = []
    /// Everyone of earlier generations, the base first.
    public var known: [Candidate] = []
    public var archive = ParetoArchive()
    /// Over the kinds of moves, and over the ways to change a teacher.
    public var moves = Bandit()
    public var teacherMoves = Bandit()
    /// Over the students that have had children.
    public var parents = Bandit()
    /// The latency that a generation's children may take, as a share of the base's: it depends on the time that was spent where
    /// there are hours.
    public var limits: [Int: Double] = [:]
    /// How fast generations follow one another, in a search by hours.
    public var pace: Pace?
    /// Children that could not be made: no cut brought them within the latency limit, or the change itself is not legal.
    public var refused = 0
    /// Children that were not trained since there were equal ones already.
    public var duplicates = 0
    /// Those without candidates, in order.
    public var barren: [BarrenGeneration] = []
    /// A line of canonical JSON for each candidate.
    public var journal: [String] = []
    /// Seconds spent on it so far, over all attempts.
    public var spent = 0.0
    /// Measured, in milliseconds.
    public var baseLatency: Double
    /// Of earlier generations, those that would be trained on if the search ended now, the best one first.
    public var contenders: [Int] = []
    /// The last trainings, once the search is over.
    public var finals: Finals?
    /// Whether the hours were up before the candidates were.
    public var isOutOfTime = false

    /// When the newest generation that had something new to go by began, and how long the one before it took, as shares of the
    /// hours.
    public struct Pace: Sendable, Hashable, Codable {
        /// The students that had been trained then.
        public var trained: Int
        public var time: Double
        public var length: Double
    }

    /// A student whose weights are needed beside those of the front.
    public var kept: Int?

    public func candidate(_ id: Int) -> Candidate? { (known + evaluated).first { $0.id == id } }

    /// The students whose weights are still needed: the front, this generation, its parents, and who may be
    /// trained on.
    public var living: Set<Int> {
        Set(archive.front.map(\.candidate) + evaluated.map(\.id) + proposals.compactMap(\.parent))
            .union(contenders + [kept].compactMap(\.self))
    }
}

extension SearchState {
    static let describedIn = "search.json"
    static let tableIn = "latency-table.json"
    static func weightsFile(_ id: Int) -> String { "candidate-\(id).safetensors" }

    /// Writes the state and the living students' weights; files of an earlier checkpoint are linked, not written anew.
    ///
    /// - Parameter journal: for people, what was found so far, where the search does not get to its end.
    func write(
        to folder: URL, journal: [String], weights: [Int: NamedTensors], table: LatencyTable, earlier: URL?
    ) throws {
        for id in living.sorted() where id != 0 {
            guard let tensors = weights[id] else { continue }
            let file = folder.appending(path: Self.weightsFile(id))
            let old = earlier?.appending(path: Self.weightsFile(id))
            if let old, (try? FileManager.default.linkItem(at: old, to: file)) != nil { continue }
            try SafeTensors.write(tensors, to: file)
        }
        try DurableFile.write(table.json.canonicalText, to: folder.appending(path: Self.tableIn))
        try DurableFile.write(journal.map { $0 + "\n" }.joined(), to: folder.appending(path: "journal.jsonl"))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try DurableFile.write(encoder.encode(self), to: folder.appending(path: Self.describedIn))
    }

    /// Reads what `write` wrote; the base's weights (candidate 0) are the caller's.
    static func read(
        from folder: URL, base: NamedTensors
    ) throws -> (state: SearchState, weights: [Int: NamedTensors], table: LatencyTable) {
        let file = folder.appending(path: describedIn)
        guard let state = try? JSONDecoder().decode(SearchState.self, from: Data(contentsOf: file)),
            state.format == format
        else {
            throw Failure(
                "not a search's checkpoint of format '\(format)'", at: file.path,
                remedy: "delete the stage's attempts: the search starts anew")
        }
        let table = folder.appending(path: tableIn)
        var weights: [Int: NamedTensors] = [0: base]
        for id in state.living.sorted() where id != 0 {
            weights[id] = try SafeTensors.read(folder.appending(path: weightsFile(id))).tensors
        }
        let json = try JSON(parsing: Data(contentsOf: table), at: table.path)
        return (state, weights, try LatencyTable(json: json, at: table.path))
    }
}

/// What the search asks of the place that it runs in.
public struct SearchHooks {
    /// A checkpoint to go on from.
    public var resume: () -> URL?
    /// Saves a checkpoint durably; the closure fills the folder.
    public var save: (String, (URL) throws -> Void) throws -> Void
    /// Asked often: whether what was reached should be saved now.
    public var isSaveDue: () -> Bool
    /// Told often: the share of the work that is done, and what is going on. Throws to stop.
    public var report: (Double, String, [String: Double]) throws -> Void
    /// Told what is worth keeping: a line for the log.
    public var log: (String) -> Void
    /// Told the numbers of every step of a student's training, and what came of it: their names begin with the student's.
    public var record: (Int, [String: Double]) -> Void
    /// Seconds on a clock that only goes forward.
    public var clock: () -> Double
    /// Told whenever there is more to see: everyone who was trained, this generation's too.
    public var look: (SearchState) -> Void

    public init(
        resume: @escaping () -> URL? = { nil },
        save: @escaping (String, (URL) throws -> Void) throws -> Void = { _, _ in },
        isSaveDue: @escaping () -> Bool = { false },
        report: @escaping (Double, String, [String: Double]) throws -> Void = { _, _, _ in },
        log: @escaping (String) -> Void = { _ in }, record: @escaping (Int, [String: Double]) -> Void = { _, _ in },
        clock: @escaping () -> Double = { ProcessInfo.processInfo.systemUptime },
        look: @escaping (SearchState) -> Void = { _ in }
    ) {
        self.resume = resume
        self.save = save
        self.isSaveDue = isSaveDue
        self.report = report
        self.log = log
        self.record = record
        self.clock = clock
        self.look = look
    }
}
