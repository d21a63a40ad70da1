public import Basics
import DetectorKit
import Foundation

/// How a student came about: the candidates from the base to it, with what is needed to make them again from the base's
/// weights by a search of the same seed, options and inputs: actions, teachers, and the names of their random streams
/// (candidate and generation).
public struct Lineage: Sendable, Hashable, Codable {
    public static let format = "jdnas-lineage/1"

    /// One candidate; its parent is the one before it.
    public struct Step: Sendable, Hashable, Codable {
        public var candidate: Int
        public var generation: Int
        public var move: String
        public var actions: [StudentAction]
        public var teacher: TeacherChoice
        /// The share of its training that it had; nil for all of it.
        public var share: Double?
        public var precision: Double?
        public var latency: Double
        public var architecture: Digest
        /// Of the trained weights.
        public var weights: Digest?

        /// Whether the bandit chose another teacher for it; cuts may have come with that.
        public var changesTeacher: Bool {
            move == DetectorSearch.teacherMove || move.hasPrefix("\(DetectorSearch.teacherMove):")
        }

        private enum CodingKeys: String, CodingKey {
            case candidate, generation, move, actions, teacher, share
            case precision = "ap"
            case latency = "latency_ms"
            case architecture = "architecture_digest"
            case weights = "weights_digest"
        }
    }

    public var format: String
    /// The base's architecture and weights.
    public var baseArchitecture: Digest
    public var baseWeights: Digest?
    public var steps: [Step]
    /// The student's weights, after its last training.
    public var student: Digest?

    private enum CodingKeys: String, CodingKey {
        case format, steps
        case baseArchitecture = "base_architecture_digest"
        case baseWeights = "base_weights_digest"
        case student = "student_weights_digest"
    }

    /// The path to `student` through `known`, which has the base (candidate 0) and all ancestors.
    public init(of student: Candidate, among known: [Candidate]) throws {
        var path: [Candidate] = []
        var next: Int? = student.id
        while let id = next, id != 0 {
            guard let candidate = known.first(where: { $0.id == id }), path.count <= known.count else {
                throw Failure("candidate \(id) of the lineage is not known", cause: .defect)
            }
            path.insert(candidate, at: 0)
            next = candidate.parent
        }
        guard let base = known.first(where: { $0.id == 0 }) else {
            throw Failure("the lineage has no base", cause: .defect)
        }
        format = Self.format
        baseArchitecture = try base.architecture.digest
        baseWeights = base.weights
        steps = try path.map { candidate in
            Step(
                candidate: candidate.id, generation: candidate.generation, move: candidate.move,
                actions: candidate.actions, teacher: candidate.teacher,
                share: candidate.share < 1 ? candidate.share : nil, precision: candidate.precision,
                latency: candidate.latency, architecture: try candidate.architecture.digest, weights: candidate.weights)
        }
        self.student = student.weights
    }

    /// Any candidate's, from a search's journal (`history.jsonl`).
    public init(of candidate: Int, in journal: [JSON], at place: String) throws {
        var lines: [Int: JSON] = [:]
        for line in journal where line["move"]?.string != "last-training" {
            if let id = line["candidate"]?.integer { lines[id] = line }
        }
        func line(_ id: Int) throws -> JSON {
            guard let line = lines[id] else {
                throw Failure(
                    "there is no candidate \(id)", at: place,
                    remedy: "name one from 0 to \(lines.keys.max() ?? 0)")
            }
            return line
        }
        func digest(_ line: JSON, _ key: String) throws -> Digest? {
            guard let value = line[key], !value.isNull else { return nil }
            return try value.decode(Digest.self, at: place)
        }
        let base = try line(0)
        format = Self.format
        guard let architecture = try digest(base, "architecture_digest") else {
            throw Failure(
                "the journal does not tell the base's architecture", at: place, remedy: "give an undamaged one")
        }
        (baseArchitecture, baseWeights) = (architecture, try digest(base, "weights_digest"))
        steps = []
        student = nil
        var next: Int? = candidate
        while let id = next, id != 0 {
            let own = try line(id)
            guard let parent = own["parent"]?.integer, !steps.contains(where: { $0.candidate == id }) else {
                throw Failure(
                    "the journal does not tell how candidate \(id) came from the base", at: place,
                    remedy: "give an undamaged history.jsonl")
            }
            steps.insert(try own.decode(Step.self, at: "\(place): candidate \(id)"), at: 0)
            next = parent
        }
    }

    public var json: JSON { get throws { try JSON(encoding: self) } }

    /// Reads what `json` wrote.
    public init(json: JSON, at place: String) throws {
        guard json["format"]?.string == Self.format else {
            throw Failure(
                "no lineage of format '\(Self.format)'", at: place,
                remedy: "give the lineage.json that a joint-search stage left")
        }
        self = try json.decode(Lineage.self, at: place)
    }
}

extension DetectorSearch {
    /// The next candidate of a lineage, to be trained again as it was; empty when all are.
    func replayed(_ lineage: Lineage) throws -> [Candidate] {
        guard trained < lineage.steps.count else { return [] }
        for step in lineage.steps where !space.contains(step.teacher) {
            throw Failure(
                "the pool has no such teacher as that of candidate \(step.candidate)", at: "replay",
                remedy: "give the stage the pool that the lineage's search had")
        }
        guard Set(lineage.steps.map(\.candidate)).count == lineage.steps.count,
            lineage.steps.allSatisfy({ $0.candidate > 0 })
        else {
            throw Failure(
                "the lineage names a candidate twice, or the base", at: "replay",
                remedy: "give the file as the search left it")
        }
        if let step = lineage.steps.first(where: { !(1...Int(Int32.max)).contains($0.generation) }) {
            throw Failure(
                "candidate \(step.candidate) of the lineage is of a generation that there is not: \(step.generation)",
                at: "replay", remedy: "give the file as the search left it")
        }
        if let step = lineage.steps.first(where: { ($0.share ?? 1) <= 0 || ($0.share ?? 1) > 1 }) {
            throw Failure(
                "candidate \(step.candidate) of the lineage had no part of its training that there is (share)",
                at: "replay",
                remedy: "give the file as the search left it")
        }
        let base = state.known[0]
        guard try base.architecture.digest == lineage.baseArchitecture,
            lineage.baseWeights == nil || base.weights == lineage.baseWeights
        else {
            throw Failure(
                "the lineage starts from another base detector", at: "replay",
                remedy: "give the stage the base, data set and pool that the lineage's search had")
        }
        let step = lineage.steps[trained]
        guard var child = state.known.last else { return [] }
        let parent = child.id
        var graph = try graph(of: child)
        for action in step.actions { graph = try action.apply(to: graph, catalog) }
        guard try graph.architecture.digest == step.architecture else {
            throw Failure(
                "candidate \(step.candidate) of the lineage has other actions than architecture", at: "replay",
                remedy: "give the file as the search left it")
        }
        child.id = step.candidate
        child.generation = step.generation
        child.parent = parent
        child.move = step.move
        child.actions = step.actions
        child.architecture = graph.architecture
        child.teacher = step.teacher
        child.latency = model.predict(graph)
        child.cost = graph.cost
        child.share = step.share ?? 1
        child.precision = nil
        child.losses = [:]
        child.weights = nil
        return [child]
    }

    /// Refuses a candidate, or a student, that came out with other weights than its lineage tells.
    func requireSame(_ what: String, _ weights: Digest?, as told: Digest?) throws {
        guard let told, weights != told else { return }
        throw Failure(
            "\(what) came out with other weights than the lineage tells", at: "replay",
            remedy:
                "give the stage the name, options, inputs and threads that the search had, the job its seed, and run "
                + "it on a processor with the same instruction set")
    }
}
