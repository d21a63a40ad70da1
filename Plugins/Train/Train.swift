import Basics
import COCOMetrics
import Dataset
import Detection
public import DetectorKit
import Foundation
public import Manifest
import ModelImport
public import StageKit
import Tensor
import Training

/// Trains a detector, from scratch or from given weights: the base detector, and what baselines are made of.
public struct Train: StagePlugin {
    public typealias Options = TrainOptions

    public let name = "train"
    public let version = 3
    public let summary = "trains a detector, from scratch or from given weights"
    public let consumes = [
        InputRequirement(.dataset, required: true), InputRequirement(.detector, required: false),
    ]
    public let produces = ArtifactKind.detector
    let backbones: BackboneCatalog

    public init(backbones: BackboneCatalog) { self.backbones = backbones }

    public func options(_ reader: inout ConfigReader) -> TrainOptions? { reader.trainOptions(backbones) }

    public func run(_ options: TrainOptions, _ context: StageContext) throws {
        Compute.prepare(threads: context.threads, precision: options.precision, notice: context.log)
        let dataset = try PackedDataset(try context.inputs.require(.dataset).directory)
        let start = try startingDetector(options, dataset, context)
        let loader = try BatchLoader(
            dataset.split(options.trainOn), for: options.plan, random: context.seed.stream("data"))
        try checkFreeze(options.freeze, start.graph, context)
        let trainer = Trainer(options.plan, loader: loader, random: context.seed.stream("steps"))
        let objective = plainObjective(start.graph, options.sampling) { name in
            options.freeze.contains(where: name.hasPrefix)
        }
        let curve = TrainingCurve(options, start.graph, dataset, context)
        let state = try curve.resume() ?? TrainingState(start, options.plan)
        context.log(
            "\(loader.split.count) images, batches of \(loader.batchSize), \(trainer.totalSteps) steps"
                + (options.steps.map { $0 < trainer.totalSteps ? ", the first \($0) of them" : "" } ?? "")
                + (state.step > 0 ? "; going on after step \(state.step)" : ""))

        let trained = try trainer.train(state, until: options.steps, objective: objective, observe: curve.observe)

        let detector = Detector(graph: start.graph, weights: trained.weights)
        try DetectorFiles.write(detector, to: context.output.directory)
        try DetectorFiles.write(dataset.categories, to: context.output.directory)
        try curve.finish(trained, batchSize: loader.batchSize)
    }

    /// The detector as it is before the first step: built from its description, or read.
    private func startingDetector(
        _ options: TrainOptions, _ dataset: PackedDataset, _ context: StageContext
    ) throws -> Detector {
        let input = context.inputs.first(.detector)
        if let input, options.detector != nil || options.from != nil {
            throw Failure(
                "two detectors to start from: '\(input.reference)' in 'needs', and "
                    + "'\(options.detector != nil ? "detector" : "from"):'", at: context.stage,
                remedy: "keep one of them")
        }
        if let given = input?.directory ?? options.from {
            let detector = try DetectorFiles.read(from: given, backbones)
            try detector.architecture.requireClasses(
                of: dataset, "the detector", at: given.path,
                remedy: "give a detector of the data set's classes, or train one from 'detector:'")
            return detector
        }
        guard let settings = options.detector else {
            throw Failure(
                "no detector to train", at: context.stage,
                remedy: "give 'detector:' or 'from:', or a stage that makes a detector in 'needs'")
        }
        let architecture = try settings.architecture(classes: dataset.categories.count, backbones)
        let graph = try DetectorGraph(architecture, backbones)
        var weights = graph.network.initialWeights(context.seed.stream("weights"))
        if let file = options.pretrainedBackbone {
            let backbone = architecture.backbone
            let pretrained = try PretrainedBackbone(opening: file).tensors(for: backbone, backbones)
            weights.merge(pretrained) { _, given in given }
            context.log(
                "the backbone starts from \(file.lastPathComponent): \(pretrained.count) tensors"
                    + (backbone.norm == .group ? ", its convolutions only: group norms start afresh" : ""))
        }
        return Detector(graph: graph, weights: weights)
    }

    /// Refuses prefixes that freeze nothing: they are slips of the pen.
    private func checkFreeze(_ prefixes: [String], _ graph: DetectorGraph, _ context: StageContext) throws {
        let names = graph.network.parameters.map(\.name)
        for prefix in prefixes where !names.contains(where: { $0.hasPrefix(prefix) }) {
            let groups = Set(names.compactMap { $0.split(separator: ".").prefix(3).joined(separator: ".") }).sorted()
            throw Failure(
                "no parameter starts with '\(prefix)', which 'freeze' names", at: context.stage,
                remedy: suggestion(for: prefix, among: groups).map { "did you mean '\($0)'?" }
                    ?? "parameters start with: \(groups.prefix(12).joined(separator: ", ")), …")
        }
    }
}
