import Basics
import DetectorKit
import Foundation
import Models
import Tensor
import Training

// What is done with a child: it inherits, is trained under its teacher, and is evaluated.
extension DetectorSearch {
    func trial(_ child: Candidate) throws -> Candidate {
        var child = child
        let parent = try requireCandidate(child.parent ?? 0)
        let (graph, start) = try inherit(&child, from: parent)
        let title = "candidate \(child.id) of \(settings.candidates) (\(child.move))"
        let trained = try trainer.train(
            graph, start, neckOrigins: child.neckOrigins, teacher: teacher(of: child), plan: settings.trial,
            data: random.stream("data", child.generation), random: random.stream("candidate", child.id), resume: nil
        ) { report, _ in
            try hooks.report(
                fraction(0.9 * report.fraction), title, ["loss": report.loss, "latency_ms": child.latency])
        }
        let precision = try trainer.evaluate(graph, trained.weights) { done in
            try hooks.report(fraction(0.9 + 0.1 * done), "\(title): evaluating", [:])
        }
        child.precision = precision
        child.losses = trained.losses
        child.weights = try digest(trained.weights)
        weights[child.id] = trained.weights
        try hooks.report(
            fraction(1),
            "\(title): AP \(percent(precision)), \(percent(child.latency / state.baseLatency)) % of the time",
            ["ap": precision, "latency_ms": child.latency])
        return child
    }

    /// The child's weights by its actions, one after the other; importance scores go along.
    private func inherit(
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
        var final = weights[chosen.id] ?? [:]
        if settings.finish.epochs > 0 {
            let resume = try resumedFinish()
            let title = "last training of candidate \(chosen.id)"
            let trained = try trainer.train(
                graph, final, neckOrigins: chosen.neckOrigins, teacher: teacher(of: chosen), plan: settings.finish,
                data: random.stream("data of the last training"), random: random.stream("last training"),
                resume: resume
            ) { report, training in
                try hooks.report(
                    finishFraction(report.fraction), "\(title), epoch \(report.epoch)", ["loss": report.loss])
                guard report.endsEpoch else { return }
                try save("epoch-\(report.epoch)") { folder in
                    let folder = folder.appending(path: Self.finishFolder)
                    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                    try training.write(to: folder)
                }
            }
            let precision = try trainer.evaluate(graph, trained.weights) { _ in
                try hooks.report(0.99, "\(title): evaluating", [:])
            }
            // Selection is the search split's, here too: a training that only harmed is not taken.
            if precision >= chosen.precision ?? 0 {
                final = trained.weights
                student.precision = precision
                student.losses = trained.losses
                student.weights = try digest(final)
            }
        }
        state.journal.append(try journalOfFinish(student, chosen).canonicalText)
        return Outcome(
            graph: graph, weights: final, student: student, base: state.known[0], state: state, table: model.table)
    }

    private static let finishFolder = "finish"

    private func resumedFinish() throws -> TrainingState? {
        guard let folder = hooks.resume()?.appending(path: Self.finishFolder),
            FileManager.default.fileExists(atPath: folder.path)
        else { return nil }
        return try TrainingState(from: folder, settings.finish)
    }

    /// The most precise student within the target; the fastest of the front where none is.
    private func choose() -> Int {
        let best = state.archive.best(within: target) ?? state.archive.front.last
        return best?.candidate ?? 0
    }

    private func journalOfFinish(_ student: Candidate, _ chosen: Candidate) throws -> JSON {
        guard case .object(var line) = try student.journalLine(seed: "last training", isOnFront: true) else {
            return .null
        }
        line["move"] = "last-training"
        line["ap_before"] = chosen.precision.map { .number($0) } ?? .null
        return .object(line)
    }

    private func requireCandidate(_ id: Int) throws -> Candidate {
        guard let candidate = state.candidate(id) else {
            throw Failure("the search has lost candidate \(id)", cause: .defect)
        }
        return candidate
    }

    private func teacher(of candidate: Candidate) -> TeacherChoice? {
        settings.mode == .noDistillation ? nil : candidate.teacher
    }

    func digest(_ weights: NamedTensors) throws -> Digest { Digest(of: SafeTensors(weights).encoded()) }

    /// The share of all training that is done, when the candidate at work has come so far.
    func fraction(_ ofCandidate: Double) -> Double {
        let (trial, finish) = (Double(settings.trial.epochs), Double(settings.finish.epochs))
        let total = trial * Double(settings.candidates) + finish
        return total > 0 ? min(0.99, trial * (Double(trained) + ofCandidate) / total) : 0
    }

    private func finishFraction(_ done: Double) -> Double {
        let (trial, finish) = (Double(settings.trial.epochs), Double(settings.finish.epochs))
        let total = trial * Double(settings.candidates) + finish
        return total > 0 ? min(0.99, (total - finish * (1 - done)) / total) : 0.99
    }

    private func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
