import Basics
import COCOMetrics
import Dataset
import Detection
import DetectorKit
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
    private var saved = ContinuousClock.now

    /// Seconds between checkpoints: a lost minute is bearable, and saving costs a second.
    private static let checkpointInterval = Duration.seconds(60)

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
        return try TrainingState(from: folder, options.plan)
    }

    func observe(_ report: StepReport, _ state: TrainingState) throws {
        for (name, value) in report.losses { sums[name, default: 0] += value }
        steps += 1
        context.progress.report(
            fraction: report.fraction * 0.98, message: "epoch \(report.epoch) of \(options.plan.epochs)",
            metrics: ["loss": report.loss])
        if report.endsEpoch { try endEpoch(report, state) }
        let isDue = ContinuousClock.now - saved > Self.checkpointInterval
        if context.isCancelled || (isDue && report.step < report.totalSteps) { try save(state) }
        try context.checkCancelled()
    }

    private func endEpoch(_ report: StepReport, _ state: TrainingState) throws {
        var line: [String: JSON] = [
            "epoch": .integer(report.epoch), "step": .integer(report.step),
            "learning_rate": .number(report.learningRate),
            "loss": .number(sums.values.sorted().reduce(0, +) / Double(max(1, steps))),
            "losses": .object(sums.mapValues { .number($0 / Double(max(1, steps))) }),
        ]
        let every = options.evaluateEvery
        if every > 0, report.epoch % every == 0, report.step < report.totalSteps {
            let found = try evaluate(Detector(graph: graph, weights: state.weights))
            if let found { line["ap"] = .number(found.averagePrecision) }
        }
        context.log("epoch \(report.epoch): \(JSON.object(line).canonicalText)")
        lines.append(.object(line))
        sums = [:]
        steps = 0
    }

    private func save(_ state: TrainingState) throws {
        try context.checkpoint.save(named: "step-\(state.step)") { folder in
            try state.write(to: folder)
            let progress: JSON = [
                "lines": .array(lines), "sums": .object(sums.mapValues(JSON.number)), "steps": .integer(steps),
            ]
            try DurableFile.write(progress.canonicalText, to: folder.appending(path: "curve.json"))
        }
        saved = .now
    }

    private func evaluate(_ detector: Detector) throws -> DetectorEvaluation? {
        guard let name = options.evaluateOn, dataset.splitNames.contains(name) else { return nil }
        let split = try dataset.split(name)
        guard split.count > 0 else { return nil }
        return try evaluateDetector(detector, on: split) { _ in try context.checkCancelled() }
    }

    /// Looks at the trained detector, and writes the curve and the summary.
    func finish(_ detector: Detector) throws {
        context.progress.report(fraction: 0.98, message: "evaluating")
        let cost = detector.graph.cost
        var summary: [String: JSON] = [
            "parameters": .integer(cost.parameters), "macs": .integer(cost.multiplyAccumulates),
            "epochs": .integer(options.plan.epochs),
        ]
        if let found = try evaluate(detector), let split = options.evaluateOn {
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
