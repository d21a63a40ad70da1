import Basics
import COCOMetrics
import Dataset
import Detection
public import DetectorKit
import Foundation
public import Manifest
public import StageKit
import Tensor
import Training

/// Trains a detector, from scratch or from given weights: the base detector, and what baselines are made of.
public struct Train: StagePlugin {
    public typealias Options = TrainOptions

    public let name = "train"
    public let version = 1
    public let summary = "trains a detector, from scratch or from given weights"
    public let consumes = [
        InputRequirement(.dataset, required: true), InputRequirement(.detector, required: false),
    ]
    public let produces = ArtifactKind.detector
    private let backbones: BackboneCatalog

    public init(backbones: BackboneCatalog) { self.backbones = backbones }

    public func options(_ reader: inout ConfigReader) -> TrainOptions? { reader.trainOptions(backbones) }

    public func run(_ options: TrainOptions, _ context: StageContext) throws {
        Threads.set(context.threads)
        let dataset = try PackedDataset(try context.inputs.require(.dataset).directory)
        let start = try startingDetector(options, dataset, context)
        let loader = try BatchLoader(
            dataset.split(options.trainOn), batchSize: options.plan.batchSize, mirrors: options.plan.mirrors,
            random: context.seed.stream("data"))
        let trainer = Trainer(options.plan, loader: loader, random: context.seed.stream("steps"))
        let objective = plainObjective(start.graph, options.sampling) { name in
            options.freeze.contains(where: name.hasPrefix)
        }
        let curve = TrainingCurve(options, start.graph, dataset, context)
        let state = try curve.resume() ?? TrainingState(start, options.plan)
        context.log(
            "\(loader.split.count) images, batches of \(loader.batchSize), \(trainer.totalSteps) steps"
                + (state.step > 0 ? "; going on after step \(state.step)" : ""))

        let trained = try trainer.train(state, objective: objective, observe: curve.observe)

        let detector = Detector(graph: start.graph, weights: trained.weights)
        try DetectorFiles.write(detector, to: context.output.directory)
        try curve.finish(detector)
    }

    /// The detector as it is before the first step: built from its description, or read, with fresh weights where the
    /// number of classes differs from the data's.
    private func startingDetector(
        _ options: TrainOptions, _ dataset: PackedDataset, _ context: StageContext
    ) throws -> Detector {
        let classes = dataset.categories.count
        let given = context.inputs.first(.detector)?.directory ?? options.from
        if let given {
            let detector = try DetectorFiles.read(from: given, backbones)
            guard detector.graph.architecture.classes == classes else {
                throw Failure(
                    "the detector knows \(detector.graph.architecture.classes) classes, the data set has \(classes)",
                    at: given.path, remedy: "give a detector of the data set's classes, or train one from 'detector:'")
            }
            return detector
        }
        guard let settings = options.detector else {
            throw Failure(
                "no detector to train", at: context.stage,
                remedy: "give 'detector:' or 'from:', or a stage that makes a detector in 'needs'")
        }
        let graph = try DetectorGraph(settings.architecture(classes: classes, backbones), backbones)
        return Detector(
            graph: graph, weights: graph.network.initialWeights(context.seed.stream("weights")))
    }
}
