import Basics
import DetectorKit
import Foundation
import Tensor
import Training

// The last trainings, and the student that comes of them.
extension DetectorSearch {
    /// The most precise students within the target are trained on, each under its teacher; the best of them is the student.
    func finish() throws -> Outcome {
        if state.finals == nil {
            state.finals = Finals(try finalists())
            try save("finalists")
            hooks.look(state)
        }
        let best = try requireCandidate(state.finals?.finalists.first ?? 0)
        guard var final = weights[best.id] else {
            throw Failure("the weights of candidate \(best.id) are gone", cause: .defect)
        }
        var student = best
        var isTaken = false
        try trainFinalists()
        // Selection is the search split's, here too: trainings that only harmed are not taken.
        if let winner = state.finals?.winner, winner.divergence == nil, winner.precision ?? 0 >= best.precision ?? 0 {
            guard let trained = halted[winner.id] else {
                throw Failure("the weights of finalist \(winner.id) are gone", cause: .defect)
            }
            isTaken = true
            final = trained.weights
            student = winner
            student.share = try requireCandidate(winner.id).share
        }
        try requireSame("the student", student.weights, as: replay?.student)
        hooks.record(student.id, ["student/ap": student.precision ?? 0, "student/latency_ms": student.latency])
        try journalFinals(student, isTaken: isTaken)
        return Outcome(
            graph: try graph(of: student), weights: final, student: student, isLastTrainingTaken: isTaken,
            base: state.known[0], state: state, table: model.table)
    }

    /// The most precise students within the target, the best one first; where there are none, the fastest of the front.
    private func finalists() throws -> [Int] {
        if let replay { return [replay.steps.last?.candidate ?? 0] }
        guard state.contenders.isEmpty else { return state.contenders }
        return [state.archive.front.last?.candidate ?? 0]
    }

    /// Who may become a finalist, as things stand.
    func contenders() -> [Int] {
        let within = state.known.filter { $0.latency <= target && $0.divergence == nil }
        let ranked = within.sorted {
            ($1.precision ?? 0, $0.latency, $0.id) < ($0.precision ?? 0, $1.latency, $1.id)
        }
        return ranked.prefix(settings.finalists).map(\.id)
    }

    private func trainFinalists() throws {
        guard settings.finish.epochs > 0, try !isFinishedWithoutTraining() else { return }
        while let (id, share) = state.finals?.next {
            var finalist = try requireCandidate(id)
            let outcome = try lastTraining(of: finalist, to: share)
            halted[id] = outcome.state
            finalist.share = share
            finalist.take(outcome)
            let extent = share < 1 ? " after \(tenths(100 * share)) % of it" : ""
            let finding = finalist.divergence ?? "AP \(tenths(100 * outcome.precision))\(extent)"
            hooks.log("\(title(of: finalist)): \(finding)")
            hooks.record(outcome.state.training.step, ["\(Self.lastTrainingName(id))/ap": outcome.precision])
            let before = state.finals?.entrants ?? []
            state.finals?.add(finalist)
            hooks.look(state)
            guard let finals = state.finals, finals.winner == nil else { return }
            for stopped in before where !finals.entrants.contains(stopped) {
                hooks.log("\(title(of: try requireCandidate(stopped))) stops here: others came further")
                halted[stopped] = nil
            }
            try save("finalist-\(id)")
            releaseHalted(id)
        }
    }

    /// A lineage tells by its digests that no last training was taken.
    private func isFinishedWithoutTraining() throws -> Bool {
        guard let replay, let student = replay.student else { return false }
        return student == (replay.steps.isEmpty ? replay.baseWeights : replay.steps.last?.weights)
    }

    /// A finalist's last training, up to a share of it. All of this process's threads work on it.
    private func lastTraining(of finalist: Candidate, to share: Double) throws -> TrialOutcome {
        let name = Self.lastTrainingName(finalist.id)
        let paused = try paused(finalist.id)
        guard let start = paused?.weights ?? weights[finalist.id] else {
            throw Failure("the weights of candidate \(finalist.id) are gone", cause: .defect)
        }
        let trial = Trial(
            name: name, title: title(of: finalist), graph: try graph(of: finalist), start: start,
            state: try resumed(name, settings.finish, title: title(of: finalist)) ?? paused,
            neckOrigins: finalist.neckOrigins,
            teacher: settings.hasTeachers ? finalist.teacher : nil, plan: settings.finish, share: share,
            data: random.stream("data of the last training"), random: random.stream("last training"))
        let extent = share < 1 ? ", to \(tenths(100 * share)) % of it" : ""
        hooks.log("\(trial.title) under \(trial.teacher.map { "teacher \($0)" } ?? "no teacher")\(extent)")
        let others = (state.finals?.done ?? 0) - (state.finals?.share(finalist.id) ?? 0)
        return try local.run(trial) { progress in
            if hooks.isSaveDue() { try save(name) }
            try tell(
                progress, of: finalist, title: trial.title, tag: name, epochs: settings.finish.epochs,
                overall: finishFraction(others + progress.fraction(share: share)))
        }
    }

    private static func lastTrainingName(_ id: Int) -> String { "last-training-\(id)" }

    private func title(of finalist: Candidate) -> String {
        let count = state.finals?.finalists.count ?? 1
        return "last training of candidate \(finalist.id)" + (count > 1 ? " (of \(count) finalists)" : "")
    }

    /// What became of every finalist; the student's line is the last one.
    private func journalFinals(_ student: Candidate, isTaken: Bool) throws {
        func add(_ finalist: Candidate, isTaught: Bool, _ more: [String: JSON]) throws {
            let before = try requireCandidate(finalist.id)
            let line = try finalist.journalLine(
                seed: "last training", isOnFront: state.archive.front.contains { $0.candidate == finalist.id },
                isTaught: isTaught)
            guard case .object(let members) = line else { return }
            var told = members.merging(more) { $1 }
            told["move"] = "last-training"
            told["share"] = .number(before.share)
            told["ap_before"] = before.precision.map { .number($0) } ?? .null
            state.journal.append(JSON.object(told).canonicalText)
        }
        for finalist in state.finals?.ended ?? [] where !(isTaken && finalist.id == student.id) {
            let share = JSON.number(finalist.share)
            try add(
                finalist, isTaught: settings.hasTeachers,
                ["student": false, "taken": false, "last_training_share": share])
        }
        // Whether it was better than what there was before.
        try add(
            student, isTaught: isTaken && settings.hasTeachers,
            ["student": true, "taken": .bool(isTaken), "last_training_share": .integer(isTaken ? 1 : 0)])
    }
}
