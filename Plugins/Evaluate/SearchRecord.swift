package import Basics
package import Foundation
package import Report
import Search

/// What a search result's files tell: `history.jsonl`, `front.json`, `teacher.json`, and the receipt's summary.
package struct SearchRecord {
    static let historyName = "history.jsonl"

    /// The journal's lines, the base (candidate 0) first; the last training may be the last.
    let lines: [JSON]
    /// Candidates of the final front.
    let front: Set<Int>
    let student: Int?
    let teacher: TeacherChoice?
    /// Digest of the pool that the teacher is of.
    let pool: String?
    let summary: JSON

    package init(_ folder: URL, summary: JSON) throws {
        func read(_ name: String) throws -> (text: Data, place: String) {
            let file = folder.appending(path: name)
            guard let text = try? Data(contentsOf: file) else {
                throw Failure(
                    "this is no search result: \(name) cannot be read", at: folder.path,
                    remedy: "name the output of a joint-search stage")
            }
            return (text, file.path)
        }
        let (history, place) = try read(Self.historyName)
        lines = try history.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
            try JSON(parsing: Data(line), at: "\(place):\(index + 1)")
        }
        let (frontText, frontPlace) = try read("front.json")
        let frontFile = try JSON(parsing: frontText, at: frontPlace)
        front = Set((frontFile["front"]?.array ?? []).compactMap { $0["candidate"]?.integer })
        student = frontFile["student"]?.integer
        let (teacherText, teacherPlace) = try read("teacher.json")
        let teacherFile = try JSON(parsing: teacherText, at: teacherPlace)
        if let choice = teacherFile["choice"], !choice.isNull {
            teacher = try choice.decode(TeacherChoice.self, at: teacherPlace)
        } else {
            teacher = nil
        }
        pool = teacherFile["pool"]?.string
        self.summary = summary
    }

    private static let lastTraining = "last-training"

    private var trials: [JSON] { lines.filter { $0["move"]?.string != Self.lastTraining } }

    /// A candidate's latency as the cost model predicts it.
    package func predictedLatency(_ candidate: Int?) -> Double? {
        candidate.flatMap { id in lines.first { $0["candidate"]?.integer == id }?["latency_ms"]?.number }
    }

    /// Of the base that the search started from, where it tells.
    var baseWeights: Digest? {
        guard let hex = trials.first(where: { $0["candidate"]?.integer == 0 })?["weights_digest"]?.string else {
            return nil
        }
        return Digest(hex: hex)
    }

    /// What `metrics.json` says of the search.
    package var metrics: JSON {
        let base = trials.first { $0["candidate"]?.integer == 0 }
        let latency = summary["base"]?["latency_ms"]?.number
        let target = summary["target_ms"]?.number.flatMap { target in latency.map { target / $0 } }
        return [
            "mode": summary["mode"] ?? .null, "candidates": summary["candidates"] ?? .null,
            "trainings": summary["trainings"] ?? .null, "cost": summary["cost"] ?? .null,
            "target": target.map { .number($0) } ?? .null, "target_ms": summary["wanted_ms"] ?? .null,
            "base": base?["weights_digest"] ?? .null, "student": lines.last?["weights_digest"] ?? .null,
        ]
    }

    /// For the report, in the search's own terms.
    package var figures: SearchFigures {
        let base = trials.first { $0["candidate"]?.integer == 0 }
        let candidates = trials.filter { $0["candidate"]?.integer != 0 }.map(candidate)
        var figures = SearchFigures(
            mode: summary["mode"]?.string, split: "search", candidates: candidates)
        figures.base = base.flatMap(Self.point)
        figures.student = student.flatMap { $0 == 0 ? nil : String($0) }
        let last = lines.last { $0["move"]?.string == Self.lastTraining }
        figures.finished = last?["taken"]?.bool == false ? nil : last.flatMap(Self.point)
        figures.finalists = finalists
        figures.refused = summary["refused"]?.integer ?? 0
        figures.duplicates = summary["duplicates"]?.integer ?? 0
        figures.notes = summary["notes"]?.array?.compactMap(\.string) ?? []
        figures.moves = moves("moves", prefix: "") + moves("teacher_moves", prefix: "teacher: ")
        figures.baseTrainings = summary["cost"]?["base_trainings"]?.number
        figures.latencyTarget = summary["target_ms"]?.number
        return figures
    }

    /// All that had a last training, who came furthest first.
    private var finalists: [FinalistFigures] {
        let told = summary["finalists"]?.array ?? []
        guard told.count > 1 else { return [] }
        return told.reversed().compactMap { finalist in
            guard let id = finalist["candidate"]?.integer, let share = finalist["share"]?.number else { return nil }
            let before = trials.first { $0["candidate"]?.integer == id }?["ap"]?.number
            return FinalistFigures(
                id: String(id), before: before, after: finalist["ap"]?.number, share: share,
                isStudent: finalist["student"]?.bool == true)
        }
    }

    /// A bandit's arms, by name.
    private func moves(_ key: String, prefix: String) -> [MoveFigures] {
        (summary[key]?.object ?? [:]).sorted { $0.key < $1.key }.compactMap { name, arm in
            guard let pulls = arm["pulls"]?.integer, let reward = arm["reward"]?.number else { return nil }
            return MoveFigures(name: prefix + name.replacing("-", with: " "), pulls: pulls, reward: reward)
        }
    }

    private static func point(_ line: JSON) -> SearchPoint? {
        guard let precision = line["ap"]?.number, let latency = line["latency_ms"]?.number else { return nil }
        return SearchPoint(averagePrecision: precision, latency: latency)
    }

    private func candidate(_ line: JSON) -> CandidateFigures {
        let id = line["candidate"]?.integer ?? -1
        let move = (line["move"]?.string ?? "?").split(separator: ":", maxSplits: 1).map(String.init)
        let actions = (line["actions"]?.array ?? []).compactMap(\.string)
        let parent = line["parent"]?.integer
        return CandidateFigures(
            id: String(id), parent: parent.flatMap { $0 == 0 ? nil : String($0) },
            generation: line["generation"]?.integer ?? 0,
            action: (move.first ?? "?").replacing("-", with: " "),
            detail: (move.dropFirst() + actions).joined(separator: ", "), averagePrecision: line["ap"]?.number,
            latency: line["latency_ms"]?.number,
            outcome: line["on_front"]?.bool == true ? .accepted : .rejected, onFront: front.contains(id))
    }
}
