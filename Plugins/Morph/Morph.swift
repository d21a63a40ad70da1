import Basics
import Dataset
import Detection
public import DetectorKit
import Foundation
public import Manifest
import Search
public import StageKit
import Tensor
import Training

/// Stage `morph`: changes a detector's architecture by hand; the new detector inherits the old one's weights.
///
/// The artifact is the detector, and `morph.json`: the actions that were applied, costs and AP before and after.
public struct Morph: StagePlugin {
    let backbones: BackboneCatalog

    public init(backbones: BackboneCatalog) { self.backbones = backbones }

    public let name = "morph"
    public let version = 2
    public let summary = "changes a detector's architecture; the weights are inherited"
    public let consumes = [
        InputRequirement(.dataset, required: true), InputRequirement(.detector, required: true),
    ]
    public let produces = ArtifactKind.detector

    public func options(_ reader: inout ConfigReader) -> MorphOptions? { MorphOptions(reader) }

    public func run(_ options: MorphOptions, _ context: StageContext) throws {
        Compute.prepare(threads: context.threads, precision: options.precision, notice: context.log)
        let data = try context.inputs.require(.dataset)
        let given = try context.inputs.require(.detector)
        let dataset = try PackedDataset(data.directory)
        let train = try dataset.split(SplitName.train)
        let base = try DetectorFiles.read(from: given.directory, backbones)
        try base.architecture.requireClasses(
            of: dataset, "the detector", at: given.reference,
            remedy: "give a detector of the data set's classes")

        let importance = try importance(options, base, train, context)
        let actions = try base.graph.plan(
            options.actions, narrowedTo: options.macs, options.widths, importance: importance, backbones, at: "macs")
        var child = try morphed(base, by: actions, importance: importance, context.seed.stream("morph"), backbones)
        switch options.weights {
        case .inherited: child.weights = try withEstimatedStatistics(child.graph, child.weights, on: train)
        case .fresh: child.weights = child.graph.network.initialWeights(context.seed.stream("weights"))
        }
        try context.checkCancelled()
        try DetectorFiles.write(child, to: context.output.directory)
        try DetectorFiles.write(dataset.categories, to: context.output.directory)
        let precision = try precisions(options, base, child, dataset, context)
        try write(actions, base, child, precision, options, context)
    }

    /// Scores, where they choose widths or the channels that stay.
    private func importance(
        _ options: MorphOptions, _ base: Detector, _ train: DatasetSplit, _ context: StageContext
    ) throws -> Importance? {
        let chooseWidths = options.macs != nil && options.widths == .cheapest
        let chooseChannels = options.weights == .inherited && (options.macs != nil || options.actions.needImportance)
        guard chooseWidths || chooseChannels else { return nil }
        func report() throws {
            context.progress.report(fraction: 0, message: "weighing channels by \(options.importance.rawValue)")
            try context.checkCancelled()
        }
        try report()
        return try Importance(
            options.importance, base.graph, base.weights, on: train, batches: options.importanceBatches,
            of: options.batchSize, mirrors: [], training: options.sampling, context.seed.stream("importance"),
            progress: report)
    }

    private func precisions(
        _ options: MorphOptions, _ base: Detector, _ child: Detector, _ dataset: PackedDataset, _ context: StageContext
    ) throws -> (before: Double, after: Double)? {
        guard let name = options.evaluateOn else { return nil }
        let split = try dataset.split(name)
        guard split.count > 0 else { return nil }
        func precision(_ detector: Detector, _ message: String, _ start: Double) throws -> Double {
            try evaluateDetector(detector, on: split) { done in
                context.progress.report(fraction: start + 0.45 * done, message: message)
                try context.checkCancelled()
            }.averagePrecision
        }
        return (
            try precision(base, "looking at the given detector", 0.1),
            try precision(child, "looking at the new detector", 0.55)
        )
    }

    private func write(
        _ actions: [StudentAction], _ base: Detector, _ child: Detector, _ precision: (before: Double, after: Double)?,
        _ options: MorphOptions, _ context: StageContext
    ) throws {
        func side(_ detector: Detector, _ precision: Double?) throws -> JSON {
            let cost = detector.graph.cost
            return [
                "macs": .integer(cost.multiplyAccumulates), "parameters": .integer(cost.parameters),
                "ap": precision.map { .number($0) } ?? .null,
                "architecture_digest": .string(try detector.architecture.digest.hex),
            ]
        }
        let share = Double(child.graph.cost.multiplyAccumulates) / Double(base.graph.cost.multiplyAccumulates)
        var headline = ["\(actions.count) actions: \(tenths(100 * share)) % of the multiply-accumulates"]
        if let precision, let split = options.evaluateOn {
            headline.append(
                "AP on '\(split)': \(tenths(100 * precision.before)) before, \(tenths(100 * precision.after)) after, "
                    + "\(options.weights == .fresh ? "with fresh weights" : "untrained")")
        }
        let summary: JSON = [
            "actions": .array(actions.map { .string($0.description) }), "weights": .string(options.weights.rawValue),
            "importance": .string(options.importance.rawValue),
            "widths": options.macs == nil ? .null : .string(options.widths.rawValue),
            "before": try side(base, precision?.before),
            "after": try side(child, precision?.after), "headline": .array(headline.map { .string($0) }),
        ]
        try DurableFile.write(summary.prettyText, to: context.output.directory.appending(path: "morph.json"))
        context.output.mark("morph.json", bundle: true)
        context.output.summary = summary
        context.progress.report(fraction: 1, message: headline.joined(separator: "; "))
    }
}
