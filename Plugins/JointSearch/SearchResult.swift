import Basics
import Dataset
import Detection
import DetectorKit
import Foundation
import Search
import StageKit
import Training

extension JointSearch {
    static let lineageName = "lineage.json"
    static let tableName = "latency-table.json"

    /// Writes what the search found.
    func write(
        _ outcome: DetectorSearch.Outcome, base: Detector, _ options: JointSearchOptions, target: Double,
        pool: Artifact, _ categories: [Dataset.Category], _ cost: SearchCost, troubles: [String],
        _ context: StageContext
    ) throws {
        let folder = context.output.directory
        let student = Detector(graph: outcome.graph, weights: outcome.weights)
        try DetectorFiles.write(student, to: folder.appending(path: "student"))
        try DetectorFiles.write(base, to: folder.appending(path: "base"))
        for role in ["student", "base"] { try DetectorFiles.write(categories, to: folder.appending(path: role)) }
        let teacher: JSON = [
            "format": "jdnas-teacher/1", "choice": try JSON(encoding: outcome.student.teacher),
            "digest": .string(try outcome.student.teacher.digest.hex), "pool": .string(pool.digest.hex),
            "name": .string(outcome.student.teacher.description),
        ]
        try DurableFile.write(teacher.prettyText, to: folder.appending(path: "teacher.json"))
        let history = outcome.state.journal.map { $0 + "\n" }.joined()
        try DurableFile.write(history, to: folder.appending(path: "history.jsonl"))
        try DurableFile.write(front(outcome).prettyText, to: folder.appending(path: "front.json"))
        let lineage = try Lineage(of: outcome.student, among: outcome.state.known)
        try DurableFile.write(lineage.json.prettyText, to: folder.appending(path: Self.lineageName))
        try DurableFile.write(outcome.table.json.prettyText, to: folder.appending(path: Self.tableName))
        for member in [
            "student", "base", "teacher.json", "history.jsonl", "front.json", Self.lineageName, Self.tableName,
        ] { context.output.mark(member, bundle: true) }
        context.output.summary = try summary(outcome, options, target: target, cost, troubles)
        context.progress.report(fraction: 1, message: "candidate \(outcome.student.id) is the student")
    }

    private func front(_ outcome: DetectorSearch.Outcome) throws -> JSON {
        let points = outcome.state.archive.front.compactMap { outcome.state.candidate($0.candidate) }
        return [
            "format": "jdnas-front/1", "student": .integer(outcome.student.id),
            "front": .array(
                try points.map { candidate in
                    [
                        "candidate": .integer(candidate.id), "ap": candidate.precision.map { .number($0) } ?? .null,
                        "latency_ms": .number(candidate.latency),
                        "macs": .integer(candidate.cost.multiplyAccumulates),
                        "parameters": .integer(candidate.cost.parameters),
                        "teacher": .string(candidate.teacher.description),
                        "architecture_digest": .string(try candidate.architecture.digest.hex),
                    ]
                }),
        ]
    }

    private func summary(
        _ outcome: DetectorSearch.Outcome, _ options: JointSearchOptions, target: Double, _ cost: SearchCost,
        _ troubles: [String]
    ) throws -> JSON {
        let (base, student) = (outcome.base, outcome.student)
        let (before, after) = (base.precision ?? 0, student.precision ?? 0)
        let meets = student.latency <= target
        let settings = options.settings
        return [
            "mode": .string(settings.mode.rawValue),
            "base": ["ap": .number(before), "latency_ms": .number(outcome.state.baseLatency)],
            "student": [
                "candidate": .integer(student.id), "ap": .number(after), "latency_ms": .number(student.latency),
                "macs": .integer(student.cost.multiplyAccumulates),
                "parameters": .integer(student.cost.parameters), "teacher": .string(student.teacher.description),
            ],
            "candidates": .integer(outcome.state.known.count - 1),
            // Whole trainings that the candidates have had: fewer where some were stopped early.
            "trainings": .number(outcome.state.known.dropFirst().reduce(0) { $0 + $1.share }),
            "refused": .integer(outcome.state.refused),
            "duplicates": .integer(outcome.state.duplicates),
            "barren": .array(try outcome.state.barren.map { try JSON(encoding: $0) }),
            "latency_disturbance": outcome.table.fit?.disturbance.map { .number($0) } ?? .null,
            "ended_by": .string(options.replay == nil ? end(of: outcome.state, settings) : "replay"),
            // What the children of each generation were allowed, from the first one on.
            "limits": .array(
                outcome.state.limits.filter { $0.key > 0 }.sorted { $0.key < $1.key }.map {
                    ["generation": .integer($0.key), "share_of_base": .number($0.value)]
                }),
            "notes": .array((notes(outcome) + troubles).map { .string($0) }),
            "moves": learnt(outcome.state.moves), "teacher_moves": learnt(outcome.state.teacherMoves),
            "finalists": .array(
                (outcome.state.finals?.ended ?? []).map {
                    [
                        "candidate": .integer($0.id), "ap": $0.precision.map { .number($0) } ?? .null,
                        "share": .number($0.share),
                        "student": .bool(outcome.isLastTrainingTaken && $0.share == 1 && $0.id == student.id),
                    ]
                }),
            "target_ms": .number(target), "meets_target": .bool(meets),
            // What was asked for in milliseconds, not as a share of the base's latency.
            "wanted_ms": settings.latencyMilliseconds.map { .number($0) } ?? .null,
            "cost": cost.json,
            "headline": .array(
                (headline(outcome, settings, target: target, isReplay: options.replay != nil) + [cost.line] + troubles
                    + notes(outcome))
                    .map { .string($0) }),
        ]
    }

    /// Why no more candidates were trained.
    private func end(of state: SearchState, _ settings: SearchSettings) -> String {
        if state.isOutOfTime { return "hours" }
        return state.known.count - 1 < settings.candidates ? "nothing left to try" : "candidates"
    }

    /// What a bandit learnt: how often each arm was pulled, and what it brought on average (0 to 1).
    private func learnt(_ bandit: Bandit) -> JSON {
        .object(bandit.arms.mapValues { ["pulls": .integer($0.pulls), "reward": .number($0.mean)] })
    }

    /// What else is to be known: whether the predictions are to be trusted, whether there was something to try, and what came to
    /// nothing.
    private func notes(_ outcome: DetectorSearch.Outcome) -> [String] {
        let students = outcome.state.known.dropFirst()
        let diverged = (students + (outcome.state.finals?.ended ?? [])).filter { $0.divergence != nil }
        let divergence =
            diverged.isEmpty
            ? nil
            : "\(diverged.count) trainings diverged (candidates \(Set(diverged.map(\.id)).sorted().map(String.init).joined(separator: ", ")))"
        return [outcome.table.fit?.doubt, outcome.state.barren.sentence, divergence, lostTraining(outcome)]
            .compactMap(\.self)
    }

    /// That the last training came to nothing: the student is as its short trainings left it, which nobody would expect.
    private func lostTraining(_ outcome: DetectorSearch.Outcome) -> String? {
        guard !outcome.isLastTrainingTaken, let winner = outcome.state.finals?.winner else { return nil }
        guard winner.divergence == nil else {
            return "the last training diverged, and the student goes without: lower 'learning_rate' under 'finish'"
        }
        let precision = tenths(100 * (winner.precision ?? 0))
        return "the last training came to AP \(precision), less than the student had before it, and the student goes "
            + "without: more 'epochs' under 'finish', or a lower 'learning_rate', may help"
    }

    private func headline(
        _ outcome: DetectorSearch.Outcome, _ settings: SearchSettings, target: Double, isReplay: Bool
    ) -> [String] {
        let (base, student) = (outcome.base, outcome.student)
        let (before, after) = (base.precision ?? 0, student.precision ?? 0)
        let saved = 1 - student.latency / outcome.state.baseLatency
        var lines = [
            "AP on the search split: base \(tenths(100 * before)), student \(tenths(100 * after))",
            "latency: base \(tenths(outcome.state.baseLatency)) ms, student \(tenths(student.latency)) ms predicted "
                + "(\(tenths(100 * saved)) % less)",
            "\(outcome.state.known.count - 1) candidates over \(Set(outcome.state.known.dropFirst().map(\.generation)).count) generations, "
                + "\(outcome.state.archive.front.count) on the front",
        ]
        if let finals = outcome.state.finals, finals.ended.count > 1 {
            let told = finals.ended.reversed().prefix(4).map { finalist in
                "candidate \(finalist.id) \(tenths(100 * (finalist.precision ?? 0)))"
                    + (finalist.share < 1 ? " after \(tenths(100 * finalist.share)) %" : "")
            }
            let more = finals.ended.count > 4 ? ", and \(finals.ended.count - 4) more" : ""
            lines.append("last trainings, AP on the search split: " + told.joined(separator: ", ") + more)
        }
        if student.latency > target, isReplay {
            lines.append("the lineage's student misses the target of \(tenths(target)) ms by the latencies of now")
        } else if student.latency > target {
            let option = settings.latencyMilliseconds == nil ? "latency" : "latency_ms"
            let last = outcome.state.limits[outcome.state.limits.keys.max() ?? 0] ?? 1
            let isEarly = outcome.state.isOutOfTime && last * outcome.state.baseLatency > target
            let remedy =
                isEarly
                ? "the hours were up before the latency limit had come down to it; give more 'hours', or fewer 'children'"
                : "raise '\(option)', or lower 'least_width'"
            lines.append("no student meets the target of \(tenths(target)) ms: \(remedy)")
        }
        return lines
    }
}
