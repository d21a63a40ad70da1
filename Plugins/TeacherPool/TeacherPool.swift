import Basics
import Dataset
import Detection
public import DetectorKit
import Forecasts
public import Manifest
import Search
public import StageKit
import Tensor
import Training

/// Stage `teacher-pool`: trains one supernet above a base detector; every network in it is a teacher for the search.
///
/// The artifact holds `pool.json` (architecture, search space, card), `weights.safetensors` (the supernet's),
/// `categories.json`, and with batch norm `statistics.safetensors` (of the card's teachers). The latencies of the card are in
/// the receipt's summary alone: measured times would give equal pools different digests, and with them the searches that
/// build on the pool.
public struct TeacherPool: StagePlugin {
    let backbones: BackboneCatalog

    public init(backbones: BackboneCatalog) { self.backbones = backbones }

    public var name: String { "teacher-pool" }
    public var version: Int { 8 }
    public var summary: String { "trains an elastic supernet from the base; its networks are the search's teachers" }
    public var consumes: [InputRequirement] { [InputRequirement(.dataset), InputRequirement(.detector)] }
    public var produces: ArtifactKind { .teacherPool }
    public var reuse: Reuse { .thisMachine }

    public func options(_ reader: inout ConfigReader) -> TeacherPoolOptions? { TeacherPoolOptions(reader) }

    public func run(_ options: TeacherPoolOptions, _ context: StageContext) throws {
        Compute.prepare(threads: context.threads, precision: options.precision, notice: context.log)
        let dataArtifact = try context.inputs.require(.dataset)
        let baseArtifact = try context.inputs.require(.detector)
        let dataset = try PackedDataset(dataArtifact.directory)
        let inputs = try SearchInputs(
            (dataset, dataArtifact.reference),
            base: (DetectorFiles.read(from: baseArtifact.directory, backbones), baseArtifact.reference))
        let checkpoint = PoolCheckpoint(context)
        let shown = try dataset.split(options.evaluateOn)
        try shown.requireObjects(
            "to look at teachers on", at: "evaluate_on", remedy: "pack a data set with images in '\(shown.name)'")
        let (supernet, start) = try supernet(options, inputs, context)
        let trained = try trainSupernet(supernet, start, options, inputs.train, checkpoint, context)
        let untold = ElasticPool(supernet: supernet, weights: trained.weights, card: [], cardSplit: options.evaluateOn)
        let pool = try withCard(untold, trained, options, inputs, on: shown, checkpoint, context)
        let latencies = try latencies(pool, options, inputs, context) {
            try checkpoint.saveIfDue(trained, card: pool.card)
        }

        try pool.write(to: context.output.directory)
        try DetectorFiles.write(dataset.categories, to: context.output.directory)
        // All of it: a pool taken from a bundle serves as well as one in the spool.
        for member in ElasticPool.files + [DetectorFiles.categoriesName] { context.output.mark(member, bundle: true) }
        context.output.summary = try summary(
            of: pool, latencies, work: work(of: supernet, options, trained, inputs.train))
        context.progress.report(fraction: 1, message: "\(pool.card.count) teachers on the card")
    }

    /// The supernet over the grown base, its channels sorted by importance.
    private func supernet(
        _ options: TeacherPoolOptions, _ inputs: SearchInputs, _ context: StageContext
    ) throws -> (Supernet, NamedTensors) {
        let base = inputs.base
        let grown = try options.growth.grow(base.graph, base.weights, context.seed.stream("growth"), backbones)
        let supernet = try options.supernet(of: base.graph, above: grown.graph, backbones)
        let space = supernet.space
        context.log(
            "supernet: \(space.elastic.count) elastic dimensions, largest \(space.largest), smallest \(space.smallest)")
        let importance = try Importance(
            .taylor, supernet.graph, grown.weights, on: inputs.train, batches: 8, of: options.plan.batchSize,
            mirrors: options.plan.mirrors, training: options.sampling, context.seed.stream("importance")
        ) {
            context.progress.report(fraction: 0, message: "weighing the base's channels")
            try context.checkCancelled()
        }
        return (supernet, supernet.sorted(grown.weights, by: importance))
    }

    private func trainSupernet(
        _ supernet: Supernet, _ start: NamedTensors, _ options: TeacherPoolOptions, _ train: DatasetSplit,
        _ checkpoint: PoolCheckpoint, _ context: StageContext
    ) throws -> TrainingState {
        let plan = options.plan
        let random = context.seed.stream("training")
        let loader = try BatchLoader(train, for: plan, random: random.stream("data"))
        let trainer = Trainer(plan, loader: loader, random: random.stream("steps"))
        let state =
            try checkpoint.training(plan)
            ?? TrainingState(Detector(graph: supernet.graph, weights: start), plan)
        let steps = SupernetObjective(
            supernet, options.schedule, training: options.sampling, distillation: options.distillation,
            totalSteps: trainer.totalSteps, step: state.step)
        let work = Double(max(1, steps.networks(upTo: trainer.totalSteps)))
        var done = Double(steps.networks(upTo: state.step))
        return try trainer.train(state, objective: steps.objective) { report, state in
            done += Double(steps.lastNetworks)
            // Of the networks that a step trains, by their size.
            let losses = steps.sizes.merging(["largest": report.loss - (report.losses["smaller"] ?? 0)]) { $1 }
            context.progress.record(step: report.step, losses)
            context.progress.report(
                fraction: 0.9 * min(1, done / work), message: "epoch \(report.epoch) of \(plan.epochs)",
                metrics: losses.merging(["learning_rate": report.learningRate]) { $1 })
            // The card follows: a whole training must not be lost to it.
            try checkpoint.saveIfDue(state, isNeeded: report.step == report.totalSteps)
        }
    }

    /// What the training of the supernet has computed.
    private func work(
        of supernet: Supernet, _ options: TeacherPoolOptions, _ trained: TrainingState, _ train: DatasetSplit
    ) throws -> Forecasts.Work {
        let (batch, regions) = (min(options.plan.batchSize, train.count), options.sampling.regions.count)
        let images = Double(trained.step) * Double(batch)
        let largest = supernet.graph.cost(regions: regions)
        let share = try options.schedule.meanShare(of: supernet, regions: regions, totalSteps: trained.step)
        var work = Forecasts.Work()
        work.train(largest, images: images, batch: batch)
        work.train(largest.scaled(by: share), images: images, batch: batch)
        return work
    }

    /// The pool with AP and cost of the largest, the smallest and some drawn teachers.
    private func withCard(
        _ pool: ElasticPool, _ trained: TrainingState, _ options: TeacherPoolOptions, _ inputs: SearchInputs,
        on split: DatasetSplit, _ checkpoint: PoolCheckpoint, _ context: StageContext
    ) throws -> ElasticPool {
        let supernet = pool.supernet
        var named: [(name: String, choice: TeacherChoice)] = [
            ("largest", supernet.space.largest), ("smallest", supernet.space.smallest),
        ]
        // The same for every pool of a space, so that cards can be compared.
        var draw = RandomStream(seed: 0).stream("card")
        for _ in 0..<options.cardSamples * 8 where named.count < options.cardSamples + 2 {
            let choice = supernet.space.draw(&draw)
            if !named.contains(where: { $0.choice == choice }) { named.append(("drawn\(named.count - 1)", choice)) }
        }
        var card = try checkpoint.card()
        var statistics = TeacherStatistics(images: inputs.images)
        for (index, (name, choice)) in named.enumerated() {
            let (graph, sliced) = try pool.teacher(choice)
            // Those of earlier attempts too: the pool holds the whole card's.
            context.progress.report(
                fraction: 0.9 + 0.08 * Double(index) / Double(named.count), message: "card: \(name), \(choice)")
            try context.checkCancelled()
            let weights = try statistics.settle(choice, graph, sliced, on: inputs.train)
            if index < card.count { continue }
            context.log("card: \(name), \(choice)")
            let detector = Detector(graph: graph, weights: weights)
            let evaluation = try evaluateDetector(detector, on: split) { done in
                try checkpoint.saveIfDue(trained, card: card)
                context.progress.report(
                    fraction: 0.9 + 0.08 * (Double(index) + done) / Double(named.count),
                    message: "card: \(name), \(choice)")
            }
            card.append(
                Teacher(name: name, choice: choice, cost: graph.cost, precision: evaluation.averagePrecision))
        }
        return ElasticPool(
            supernet: supernet, weights: pool.weights, card: card, cardSplit: split.name, statistics: statistics)
    }

    /// What the teachers of the card take on this device, predicted, in milliseconds.
    private func latencies(
        _ pool: ElasticPool, _ options: TeacherPoolOptions, _ inputs: SearchInputs, _ context: StageContext,
        saveIfDue: () throws -> Void
    ) throws -> [Double] {
        let model = LatencyModel(LatencyTable(device: .current(threads: context.threads)))
        let images = try latencyImages(inputs.search, count: options.latencyImages)
        _ = try model.calibrate(
            on: inputs.base, images: images, rounds: options.latencyRounds, backbones, log: context.log
        ) { done in
            try saveIfDue()
            context.progress.report(fraction: 0.98 + 0.02 * done, message: "card: measuring latency")
        }
        return try pool.card.map { model.predict(try pool.supernet.subnet($0.choice).graph) }
    }

    private func summary(of pool: ElasticPool, _ latencies: [Double], work: Forecasts.Work) throws -> JSON {
        let teachers = try zip(pool.card, latencies).map { entry, latency -> JSON in
            [
                "name": .string(entry.name ?? ""), "teacher": .string(entry.choice.description),
                "digest": .string(try entry.digest.hex),
                "ap": entry.precision.map { .number($0) } ?? .null,
                "macs": .integer(entry.cost.multiplyAccumulates),
                "parameters": .integer(entry.cost.parameters), "latency_ms": .number(latency),
            ]
        }
        func range(_ values: [Double]) -> String {
            "\(tenths(values.min() ?? 0)) to \(tenths(values.max() ?? 0))"
        }
        return [
            "teachers": .array(teachers), Forecasts.Work.key: work.record,
            "headline": [
                .string(
                    "teachers' AP: \(range(pool.card.compactMap(\.precision).map { 100 * $0 })) on '\(pool.cardSplit)'"),
                .string("teachers' latency: \(range(latencies)) ms predicted"),
            ],
        ]
    }
}
