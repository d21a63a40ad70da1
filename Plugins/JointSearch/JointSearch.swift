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

/// Stage `joint-search`: searches student and teacher together and derives a faster student from a base detector.
///
/// The artifact holds `student/` and `base/` (detectors), `teacher.json` (the student's teacher), `history.jsonl` (a
/// line for each candidate), `front.json` and `latency-table.json`.
public struct JointSearch: StagePlugin {
    private let backbones: BackboneCatalog

    public init(backbones: BackboneCatalog) { self.backbones = backbones }

    public var name: String { "joint-search" }
    public var version: Int { 1 }
    public var summary: String { "searches architecture, pruning and teacher together; gives the derived student" }
    public var consumes: [InputRequirement] {
        [InputRequirement(.dataset), InputRequirement(.detector), InputRequirement(.teacherPool)]
    }
    public var produces: ArtifactKind { .searchResult }

    public func options(_ reader: inout ConfigReader) -> JointSearchOptions? { JointSearchOptions(reader) }

    public func run(_ options: JointSearchOptions, _ context: StageContext) throws {
        Threads.set(context.threads)
        let data = try PackedDataset(context.inputs.require(.dataset).directory)
        let base = try DetectorFiles.read(from: context.inputs.require(.detector).directory, backbones)
        let poolArtifact = try context.inputs.require(.teacherPool)
        let pool = try ElasticPool(from: poolArtifact.directory, backbones)
        let (train, search) = (try data.split("train"), try data.split("search"))
        guard pool.supernet.graph.architecture.classes == base.architecture.classes else {
            throw Failure(
                "the teachers know \(pool.supernet.graph.architecture.classes) classes and the base \(base.architecture.classes)",
                at: poolArtifact.reference, remedy: "train the pool from this base")
        }

        let trainer = DistillingTrainer(
            pool: pool, train: train, search: search, training: options.sampling, settings: options.settings)
        let joint = try DetectorSearch(
            base: (base.graph, base.weights), space: pool.supernet.space, trainer: trainer,
            model: LatencyModel(try latencyTable(options, context)),
            calibrate: { try calibrate($0, base, search, options, context) }, settings: options.settings,
            catalog: backbones, random: context.seed, hooks: hooks(context))
        let outcome = try joint.run()
        try write(outcome, base: base, target: joint.target, pool: poolArtifact, context)
    }

    /// The table that the search starts from: the one that was given, if it is this device's, or an empty one.
    private func latencyTable(_ options: JointSearchOptions, _ context: StageContext) throws -> LatencyTable {
        let device = DeviceIdentity.current(threads: context.threads)
        guard let given = options.latencyTable else { return LatencyTable(device: device) }
        let table = try LatencyTable(json: given, at: "latency_table")
        guard table.device == device, table.fit != nil else {
            throw Failure(
                "the latency table is another device's: \(table.device), not \(device)", at: "latency_table",
                remedy: "leave latency_table out: the search measures a new one")
        }
        return table
    }

    /// Measures the base as a whole detector, and fits what predicts the students' latencies.
    private func calibrate(
        _ model: LatencyModel, _ base: Detector, _ split: DatasetSplit, _ options: JointSearchOptions,
        _ context: StageContext
    ) throws -> Double {
        if model.table.fit != nil {
            // The line of a kept table passes through the base as it was measured then.
            context.log("deciding by the latency table that was given")
            return model.predict(base.graph)
        }
        let images = try latencyImages(split, count: options.latencyImages)
        let figures = try model.calibrate(on: base, images: images, rounds: options.latencyRounds, backbones)
        context.log("the base takes \(tenths(figures.median)) ms (median), \(tenths(figures.p95)) ms (95 of 100)")
        return figures.median
    }

    private func hooks(_ context: StageContext) -> SearchHooks {
        SearchHooks(
            resume: { context.checkpoint.resumeDirectory },
            save: { name, write in try context.checkpoint.save(named: name, write) },
            report: { fraction, message, metrics in
                context.progress.report(fraction: fraction, message: message, metrics: metrics)
                try context.checkCancelled()
            })
    }
}

/// A number with one decimal.
func tenths(_ value: Double) -> String { String(format: "%.1f", value) }
