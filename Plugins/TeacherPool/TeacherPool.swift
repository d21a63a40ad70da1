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

/// Stage `teacher-pool`: trains one supernet above a base detector; every network in it is a teacher for the search.
///
/// The artifact holds `pool.json` (architecture, search space, card), `weights.safetensors` (the supernet's) and
/// `latency-table.json` (the operators measured for the card).
public struct TeacherPool: StagePlugin {
    private let backbones: BackboneCatalog

    public init(backbones: BackboneCatalog) { self.backbones = backbones }

    public var name: String { "teacher-pool" }
    public var version: Int { 1 }
    public var summary: String { "trains an elastic supernet from the base; its networks are the search's teachers" }
    public var consumes: [InputRequirement] { [InputRequirement(.dataset), InputRequirement(.detector)] }
    public var produces: ArtifactKind { .teacherPool }

    public func options(_ reader: inout ConfigReader) -> TeacherPoolOptions? { TeacherPoolOptions(reader) }

    public func run(_ options: TeacherPoolOptions, _ context: StageContext) throws {
        Threads.set(context.threads)
        let data = try PackedDataset(context.inputs.require(.dataset).directory)
        let base = try DetectorFiles.read(from: context.inputs.require(.detector).directory, backbones)
        let (train, search) = (try data.split("train"), try data.split("search"))

        let (supernet, start) = try supernet(options, base, train, context)
        let weights = try trainSupernet(supernet, start, options, train, context)
        let card = try card(supernet, weights, options, base, search, context)

        let pool = ElasticPool(supernet: supernet, weights: weights, card: card)
        try pool.write(to: context.output.directory)
        context.output.mark(ElasticPool.describedIn, bundle: true)
        context.output.summary = try summary(of: pool)
        context.progress.report(fraction: 1, message: "\(card.count) teachers on the card")
    }

    /// The supernet over the grown base, its channels sorted by importance.
    private func supernet(
        _ options: TeacherPoolOptions, _ base: Detector, _ train: DatasetSplit, _ context: StageContext
    ) throws -> (Supernet, NamedTensors) {
        guard base.architecture.backbone.norm != .batch else {
            throw Failure(
                "a pool of networks with batch norm cannot be trained yet: their statistics differ by width",
                at: context.stage, remedy: "train the base with norm: group or norm: frozen")
        }
        let grown = try options.growth.grow(base.graph, base.weights, context.seed.stream("growth"), backbones)
        let input = grown.graph.architecture.input
        let space = SearchSpace.below(
            grown.graph.architecture, removableBlocks: options.removableBlocks, innerWidths: options.innerWidths,
            trunkWidths: options.trunkWidths,
            smallerInputs: options.inputs.map { shorter in
                DetectorArchitecture.InputSize(shorter: shorter, longer: input.longer * shorter / input.shorter)
            })
        let supernet = try Supernet(grown.graph, space, backbones)
        context.log(
            "supernet: \(space.elastic.count) elastic dimensions, largest \(space.largest), smallest \(space.smallest)")
        var importance = Importance()
        let random = context.seed.stream("importance")
        let loader = try BatchLoader(
            train, batchSize: options.plan.batchSize, mirrors: options.plan.mirrors, random: random.stream("data"))
        let step = DistilledStep(supernet.graph, training: options.sampling, distillation: .off)
        for index in 0..<min(8, loader.stepsPerEpoch) {
            try context.checkCancelled()
            let gradients = try step.gradients(
                grown.weights, loader.batch(step: index), teacher: nil, random.stream("step", index)
            ).gradients
            importance.addTaylor(supernet.graph, weights: grown.weights, gradients: gradients)
        }
        return (supernet, supernet.sorted(grown.weights, by: importance))
    }

    private func trainSupernet(
        _ supernet: Supernet, _ start: NamedTensors, _ options: TeacherPoolOptions, _ train: DatasetSplit,
        _ context: StageContext
    ) throws -> NamedTensors {
        let plan = options.plan
        let random = context.seed.stream("training")
        let loader = try BatchLoader(
            train, batchSize: plan.batchSize, mirrors: plan.mirrors, random: random.stream("data"))
        let trainer = Trainer(plan, loader: loader, random: random.stream("steps"))
        let state =
            try context.checkpoint.resumeDirectory.map { try TrainingState(from: $0, plan) }
            ?? TrainingState(Detector(graph: supernet.graph, weights: start), plan)
        let objective = SupernetObjective(
            supernet, options.schedule, training: options.sampling, distillation: options.distillation,
            totalSteps: trainer.totalSteps, step: state.step)
        return try trainer.train(state, objective: objective.gradients) { report, state in
            context.progress.report(
                fraction: 0.9 * report.fraction, message: "epoch \(report.epoch) of \(plan.epochs)",
                metrics: [
                    "loss": report.loss - (report.losses["smaller"] ?? 0),
                    "smaller": report.losses["smaller"] ?? 0, "learning_rate": report.learningRate,
                ])
            if report.endsEpoch || context.isCancelled {
                try context.checkpoint.save(named: "step-\(report.step)") { try state.write(to: $0) }
            }
            try context.checkCancelled()
        }.weights
    }

    /// AP, cost and predicted latency of the largest, the smallest and some drawn teachers.
    private func card(
        _ supernet: Supernet, _ weights: NamedTensors, _ options: TeacherPoolOptions, _ base: Detector,
        _ search: DatasetSplit, _ context: StageContext
    ) throws -> [PoolCardEntry] {
        let model = LatencyModel(LatencyTable(device: .current(threads: context.threads)))
        let images = try latencyImages(search, count: options.latencyImages)
        _ = try model.calibrate(on: base, images: images, rounds: options.latencyRounds, backbones)

        var named: [(name: String, choice: TeacherChoice)] = [
            ("largest", supernet.space.largest), ("smallest", supernet.space.smallest),
        ]
        var draw = context.seed.stream("card")
        for _ in 0..<options.cardSamples * 8 where named.count < options.cardSamples + 2 {
            let choice = supernet.space.draw(&draw)
            if !named.contains(where: { $0.choice == choice }) { named.append(("sampled", choice)) }
        }
        var card: [PoolCardEntry] = []
        for (index, (name, choice)) in named.enumerated() {
            let subnet = try supernet.subnet(choice)
            let detector = Detector(graph: subnet.graph, weights: try supernet.slice(weights, subnet))
            let evaluation = try evaluateDetector(detector, on: search) { done in
                try context.checkCancelled()
                context.progress.report(
                    fraction: 0.9 + 0.1 * (Double(index) + done) / Double(named.count),
                    message: "card: \(name) teacher, \(choice)")
            }
            card.append(
                PoolCardEntry(
                    name: name, choice: choice, precision: evaluation.averagePrecision, cost: subnet.graph.cost,
                    latency: model.predict(subnet.graph)))
        }
        try DurableFile.write(
            model.table.json.prettyText, to: context.output.directory.appending(path: "latency-table.json"))
        return card
    }

    private func summary(of pool: ElasticPool) throws -> JSON {
        let teachers = try pool.card.map { entry -> JSON in
            [
                "name": .string(entry.name), "teacher": .string(entry.choice.description),
                "digest": .string(try entry.choice.digest.hex), "ap": .number(entry.precision),
                "macs": .integer(entry.cost.multiplyAccumulates),
                "parameters": .integer(entry.cost.parameters), "latency_ms": .number(entry.latency),
            ]
        }
        func range(_ value: (PoolCardEntry) -> Double) -> String {
            let values = pool.card.map(value)
            return "\(tenths(values.min() ?? 0)) to \(tenths(values.max() ?? 0))"
        }
        return [
            "teachers": .array(teachers),
            "headline": [
                .string("teachers' AP: \(range { 100 * $0.precision }) on the search split"),
                .string("teachers' latency: \(range(\.latency)) ms predicted"),
            ],
        ]
    }
}

/// A number with one decimal.
func tenths(_ value: Double) -> String { String(format: "%.1f", value) }
