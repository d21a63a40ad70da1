import Basics
import COCOMetrics
import Dataset
import Detection
import DetectorKit
import Forecasts
import Foundation
import StageKit
import Tensor
import Training

/// What a train stage tells while it runs, and keeps for going on: progress, `curve.jsonl`, checkpoints.
final class TrainingCurve {
    private let options: TrainOptions
    private let graph: DetectorGraph
    private let dataset: PackedDataset
    private let context: StageContext
    /// A line for each epoch, as it goes into `curve.jsonl`.
    private var lines: [JSON] = []
    private var sums: [String: Double] = [:]
    private var steps = 0
    /// The line of an epoch that has ended and is being evaluated.
    private var pending: [String: JSON]?
    private var pace = CheckpointPace()

    init(_ options: TrainOptions, _ graph: DetectorGraph, _ dataset: PackedDataset, _ context: StageContext) {
        self.options = options
        self.graph = graph
        self.dataset = dataset
        self.context = context
    }

    /// The state that an earlier attempt saved.
    func resume() throws -> TrainingState? {
        guard let folder = context.checkpoint.resumeDirectory else { return nil }
        let progress = try JSON(parsing: Data(contentsOf: folder.appending(path: "curve.json")))
        lines = progress["lines"]?.array ?? []
        sums = (progress["sums"]?.object ?? [:]).compactMapValues(\.number)
        steps = progress["steps"]?.integer ?? 0
        pending = progress["pending"]?.object
        let state = try TrainingState(from: folder, options.plan)
        try evaluatePending(state)
        return state
    }

    func observe(_ report: StepReport, _ state: TrainingState) throws {
        for (name, value) in report.losses { sums[name, default: 0] += value }
        steps += 1
        context.progress.report(
            fraction: 0.98 * Double(report.step) / Double(max(1, last(report))),
            message: "epoch \(report.epoch) of \(options.plan.epochs)",
            metrics: ["loss": report.loss])
        context.progress.record(
            step: report.step,
            report.losses.merging(["loss": report.loss, "learning_rate": report.learningRate]) { $1 })
        if report.endsEpoch || report.step == last(report) { try endEpoch(report, state) }
        try saveIfDue(state)
    }

    /// The step that the training ends with.
    private func last(_ report: StepReport) -> Int { min(report.totalSteps, options.steps ?? .max) }

    private func endEpoch(_ report: StepReport, _ state: TrainingState) throws {
        let line: [String: JSON] = [
            "epoch": .integer(report.epoch), "step": .integer(report.step),
            "learning_rate": .number(report.learningRate),
            "loss": .number(sums.values.sorted().reduce(0, +) / Double(max(1, steps))),
            "losses": .object(sums.mapValues { .number($0 / Double(max(1, steps))) }),
        ]
        sums = [:]
        steps = 0
        pending = line
        let every = options.evaluateEvery
        if every > 0, report.epoch % every == 0, report.step < last(report) {
            try evaluatePending(state)
        } else {
            endLine(precision: nil)
        }
    }

    /// Evaluates the epoch that has just ended, also one whose evaluation was interrupted.
    private func evaluatePending(_ state: TrainingState) throws {
        guard pending != nil else { return }
        endLine(precision: try evaluate(state)?.averagePrecision)
    }

    private func endLine(precision: Double?) {
        guard var line = pending else { return }
        pending = nil
        if let precision { line["ap"] = .number(precision) }
        context.log("epoch \(line["epoch"]?.integer ?? 0): \(JSON.object(line).canonicalText)")
        lines.append(.object(line))
    }

    /// Saves when it is time or the work is to stop; throws where it is to stop.
    private func saveIfDue(_ state: TrainingState) throws {
        if pace.isDue || context.isCancelled { try save(state) }
        try context.checkCancelled()
    }

    private func save(_ state: TrainingState) throws {
        try context.checkpoint.save(named: "step-\(state.step)") { folder in
            try state.write(to: folder)
            let progress: JSON = [
                "lines": .array(lines), "sums": .object(sums.mapValues(JSON.number)), "steps": .integer(steps),
                "pending": pending.map { .object($0) } ?? .null,
            ]
            try DurableFile.write(progress.canonicalText, to: folder.appending(path: "curve.json"))
        }
        pace.restart()
    }

    private func evaluate(_ state: TrainingState) throws -> DetectorEvaluation? {
        guard let name = options.evaluateOn, dataset.splitNames.contains(name) else { return nil }
        let split = try dataset.split(name)
        guard split.count > 0 else { return nil }
        context.log("evaluating epoch \(lines.count + (pending == nil ? 0 : 1)) on '\(name)'")
        let found = try evaluateDetector(Detector(graph: graph, weights: state.weights), on: split) { _ in
            try saveIfDue(state)
        }
        context.progress.record(step: state.step, ["ap": found.averagePrecision, "ap50": found.result.stats[1]])
        return found
    }

    /// Looks at the trained detector, and writes the curve and the summary.
    func finish(_ state: TrainingState, batchSize: Int) throws {
        context.progress.report(fraction: 0.98, message: "evaluating")
        let cost = graph.cost
        var work = Forecasts.Work()
        work.train(
            graph.cost(regions: options.sampling.regions.count), images: Double(state.step) * Double(batchSize),
            batch: batchSize)
        var summary: [String: JSON] = [
            "parameters": .integer(cost.parameters), "macs": .integer(cost.multiplyAccumulates),
            "epochs": .integer(options.plan.epochs), "steps": .integer(state.step), Forecasts.Work.key: work.record,
        ]
        if let found = try evaluate(state), let split = options.evaluateOn {
            summary["ap"] = .number(found.averagePrecision)
            summary["ap50"] = .number(found.result.stats[1])
            summary["evaluated_on"] = .string(split)
            if case .object(var last)? = lines.last {
                last["ap"] = .number(found.averagePrecision)
                lines[lines.count - 1] = .object(last)
            }
        }
        let text = lines.map { $0.canonicalText + "\n" }.joined()
        try DurableFile.write(text, to: context.output.directory.appending(path: "curve.jsonl"))
        context.output.mark("curve.jsonl", bundle: true)
        context.output.summary = .object(summary)
        context.progress.report(fraction: 1, message: "trained")
    }
}
