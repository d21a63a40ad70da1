import Basics
import DetectorKit
import Foundation
import Models
import Tensor
import Training

// What a student inherits, and how far all training is.
extension DetectorSearch {
    /// A training that an interrupted attempt left in a checkpoint.
    func resumed(_ name: String, _ plan: TrainingPlan, title: String) throws -> StudentState? {
        guard let folder = hooks.resume()?.appending(path: name), StudentState.isThere(folder) else { return nil }
        let state = try StudentState(from: folder, plan)
        hooks.log("\(title) goes on after step \(state.training.step)")
        return state
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

    /// - Parameter done: of all last trainings, in units of a whole one.
    func finishFraction(_ done: Double) -> Double {
        let part = trialsPart(expectedTrials(Double(trained)))
        return told(part + (1 - part) * done / Finals.work(expectedFinalists))
    }

    /// How many trials there will have been: all, or as many as the hours let expect by the generations so far.
    private func expectedTrials(_ done: Double) -> Double {
        let begun = Double(trained + state.proposals.count - state.evaluated.count)
        guard let pace = state.pace, pace.time > 0, pace.trained > 0 else {
            // In the first generation the time that is spent is all that there is to go by.
            guard let hours = settings.hours, replay == nil, done > 0 else { return Double(budget) }
            return min(Double(budget), max(begun, done / min(1, max(1e-6, spent / (3600 * hours)))))
        }
        return min(Double(budget), max(done, begun, Double(pace.trained) / min(1, pace.time)))
    }

    private var expectedFinalists: Int {
        state.finals?.finalists.count ?? (replay == nil ? min(settings.finalists, budget) : 1)
    }

    /// The trials' part of all training.
    private func trialsPart(_ trials: Double) -> Double {
        let trial = Double(settings.trial.epochs) * trials
        let finish = Double(settings.finish.epochs) * Finals.work(expectedFinalists)
        return trial + finish > 0 ? trial / (trial + finish) : 1
    }

    /// What is told never goes back: what is expected may.
    private func told(_ fraction: Double) -> Double {
        mostTold = max(mostTold, min(0.99, fraction))
        return mostTold
    }
}
