import Basics
import DetectorKit
import Foundation
import Models
import Tensor
import Training

// What a student inherits, and the last training of the one that is chosen.
extension DetectorSearch {
    /// A training that an interrupted attempt left in a checkpoint.
    func resumed(_ name: String, _ plan: TrainingPlan) throws -> StudentState? {
        guard let folder = hooks.resume()?.appending(path: name), StudentState.isThere(folder) else { return nil }
        return try StudentState(from: folder, plan)
    }

    /// Tells how far a training is: a step's numbers under their tag, and the share of the search that is done.
    func tell(
        _ progress: TrialProgress, of student: Candidate, title: String, tag: String, epochs: Int, overall: Double
    ) throws {
        switch progress {
        case .step(let report):
            let losses = report.losses.map { ("\(tag)/\($0.key)", $0.value) }
            hooks.record(report.step, ["\(tag)/loss": report.loss].merging(losses) { $1 })
            try hooks.report(
                overall, "\(title), epoch \(report.epoch) of \(epochs)",
                ["loss": report.loss, "latency_ms": student.latency])
        case .evaluating: try hooks.report(overall, "\(title): evaluating", [:])
        }
    }

    /// A child as its training starts from it.
    func inherit(
        _ child: inout Candidate, from parent: Candidate
    ) throws -> (graph: DetectorGraph, weights: NamedTensors) {
        let (graph, weights) = try inheritUnsettled(&child, from: parent)
        return (graph, child.actions.isEmpty ? weights : try trainer.settled(graph, weights))
    }

    /// The child's weights by its actions, one after the other; importance scores go along.
    func inheritUnsettled(
        _ child: inout Candidate, from parent: Candidate
    ) throws -> (graph: DetectorGraph, weights: NamedTensors) {
        var graph = try graph(of: parent)
        guard var inherited = weights[parent.id] else {
            throw Failure("the weights of candidate \(parent.id) are gone", cause: .defect)
        }
        var importance = child.actions.isEmpty ? Importance() : try importance(of: parent)
        for (index, action) in child.actions.enumerated() {
            let morphed = try action.morph(
                graph, inherited, importance: importance,
                random.stream("candidate", child.id).stream("action", index), catalog)
            importance = importance.inherited(through: morphed.inheritance)
            child.neckOrigins = morphed.inheritance.origins(of: .neck).map { $0 < 0 ? -1 : child.neckOrigins[$0] }
            (graph, inherited) = (morphed.graph, morphed.weights)
        }
        return (graph, inherited)
    }

    /// The last training, of the most precise student within the target, under its teacher.
    func finish() throws -> Outcome {
        let isResumed = state.chosen != nil
        let chosen = try requireCandidate(state.chosen ?? choose())
        if !isResumed {
            state.chosen = chosen.id
            try save("chosen")
        }
        let graph = try graph(of: chosen)
        var student = chosen
        var isTaken = false
        guard var final = weights[chosen.id] else {
            throw Failure("the weights of candidate \(chosen.id) are gone", cause: .defect)
        }
        if settings.finish.epochs > 0 {
            let (trained, precision) = try lastTraining(of: chosen, graph, from: final)
            // Selection is the search split's, here too: a training that only harmed is not taken.
            if precision >= chosen.precision ?? 0 {
                isTaken = true
                final = trained.weights
                student.precision = precision
                student.losses = trained.losses.means
                student.weights = try digest(final)
            }
        }
        try requireSame("the student", student.weights, as: replay?.student)
        state.journal.append(try journalOfFinish(student, chosen, isTaken: isTaken).canonicalText)
        return Outcome(
            graph: graph, weights: final, student: student, base: state.known[0], state: state, table: model.table)
    }

    /// All of this process's threads work on it.
    private func lastTraining(
        of chosen: Candidate, _ graph: DetectorGraph, from start: NamedTensors
    ) throws -> (state: StudentState, precision: Double) {
        let name = "last-training"
        let trial = Trial(
            name: name, title: "last training of candidate \(chosen.id)", graph: graph, start: start,
            state: try resumed(name, settings.finish), neckOrigins: chosen.neckOrigins,
            teacher: settings.hasTeachers ? chosen.teacher : nil, plan: settings.finish, share: 1,
            data: random.stream("data of the last training"), random: random.stream("last training"))
        hooks.log("\(trial.title) under \(trial.teacher.map { "teacher \($0)" } ?? "no teacher")")
        let outcome = try local.run(trial) { progress in
            if hooks.isSaveDue() { try save(name) }
            try tell(
                progress, of: chosen, title: trial.title, tag: name, epochs: settings.finish.epochs,
                overall: finishFraction(progress.fraction(share: 1)))
        }
        hooks.record(chosen.id, ["student/ap": outcome.precision, "student/latency_ms": chosen.latency])
        return (outcome.state, outcome.precision)
    }

    /// The most precise student within the target; the fastest of the front where none is.
    private func choose() -> Int {
        if let replay { return replay.steps.last?.candidate ?? 0 }
        let best = state.archive.best(within: target) ?? state.archive.front.last
        return best?.candidate ?? 0
    }

    private func journalOfFinish(_ student: Candidate, _ chosen: Candidate, isTaken: Bool) throws -> JSON {
        let line = try student.journalLine(
            seed: "last training", isOnFront: true, isTaught: isTaken && settings.hasTeachers)
        guard case .object(var line) = line else {
            return .null
        }
        line["move"] = "last-training"
        // Whether it was better than what it started from.
        line["taken"] = .bool(isTaken)
        line["ap_before"] = chosen.precision.map { .number($0) } ?? .null
        return .object(line)
    }

    func requireCandidate(_ id: Int) throws -> Candidate {
        guard let candidate = state.candidate(id) else {
            throw Failure("the search has lost candidate \(id)", cause: .defect)
        }
        return candidate
    }

    func digest(_ weights: NamedTensors) throws -> Digest { SafeTensors(weights).digest }

    /// The share of all training that is done, when the trials at work have come so far, by candidate, each in units of a whole
    /// training from its beginning.
    func fraction(_ underway: [Int: Double] = [:]) -> Double {
        // Who waits has done its part, or at least the part before.
        let shares = settings.trialShares
        let waiting = state.proposals.count - state.evaluated.count - state.standings.count - underway.count
        let before = state.rung > 0 ? shares[min(state.rung, shares.count) - 1] * Double(max(0, waiting)) : 0
        let standing = state.standings.map(\.share).reduce(0, +)
        let done = Double(trained) + before + standing + underway.values.sorted().reduce(0, +)
        let expected = expectedTrials(done)
        return told(expected > 0 ? trialsPart(expected) * min(1, done / expected) : 0)
    }

    private func finishFraction(_ done: Double) -> Double {
        let part = trialsPart(expectedTrials(Double(trained)))
        return told(part + (1 - part) * done)
    }

    /// How many trials there will have been: all, or as many as the hours let expect by the generations so far.
    private func expectedTrials(_ done: Double) -> Double {
        guard let pace, pace.time > 0, pace.trained > 0 else { return Double(budget) }
        let begun = Double(trained + state.proposals.count - state.evaluated.count)
        return min(Double(budget), max(done, begun, Double(pace.trained) / min(1, pace.time)))
    }

    /// The trials' part of all training.
    private func trialsPart(_ trials: Double) -> Double {
        let (trial, finish) = (Double(settings.trial.epochs) * trials, Double(settings.finish.epochs))
        return trial + finish > 0 ? trial / (trial + finish) : 1
    }

    /// What is told never goes back: what is expected may.
    private func told(_ fraction: Double) -> Double {
        mostTold = max(mostTold, min(0.99, fraction))
        return mostTold
    }
}
