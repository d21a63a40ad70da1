public import Basics
public import Dataset
public import Detection
public import DetectorKit
public import Tensor
public import Training

/// Trains and measures students on a packed data set, under teachers of a pool.
public final class DistillingTrainer: StudentTrainer {
    private let teachers: TeacherShelf
    private let train: DatasetSplit
    private let search: DatasetSplit
    private let training: TrainingSettings
    private let settings: SearchSettings

    public init(
        teachers: TeacherShelf, train: DatasetSplit, search: DatasetSplit, training: TrainingSettings,
        settings: SearchSettings
    ) {
        self.teachers = teachers
        self.train = train
        self.search = search
        self.training = training
        self.settings = settings
    }

    public func importance(
        _ graph: DetectorGraph, _ weights: NamedTensors, _ random: RandomStream, progress: () throws -> Void
    ) throws -> Importance {
        try Importance(
            settings.importance, graph, weights, on: train, batches: settings.importanceBatches,
            of: settings.trial.batchSize, mirrors: settings.trial.mirrors, training: training, random,
            progress: progress)
    }

    public func loss(
        _ graph: DetectorGraph, _ weights: NamedTensors, _ random: RandomStream, progress: () throws -> Void
    ) throws -> Double {
        let (input, count) = (graph.architecture.input, settings.importanceBatches)
        let loader = try BatchLoader(
            train, batchSize: settings.trial.batchSize, mirrors: settings.trial.mirrors, random: random.stream("data"))
        let items = Prefetch(end: count) { loader.begin(step: $0, resizedTo: [input]) }
        let losses = try (0..<count).map { index in
            let batch = try items.item(index)
            let images = batch.resized(to: input)
            let pass = DetectorPass(graph, weights: weights, tape: Tape(recording: false), mode: .training)
            let losses = try pass.trainingLosses(
                images, targets: images.resized(batch.targets), settings: training,
                random: random.stream("step", index))
            try progress()
            return Double(losses.total.value.scalar)
        }
        return losses.reduce(0, +) / Double(count)
    }

    public func settled(_ graph: DetectorGraph, _ weights: NamedTensors) throws -> NamedTensors {
        try withEstimatedStatistics(graph, weights, on: train)
    }

    public func train(
        _ graph: DetectorGraph, _ weights: NamedTensors, neckOrigins: [Int], teacher choice: TeacherChoice?,
        plan: TrainingPlan, share: Double, data: RandomStream, random: RandomStream, resume: StudentState?,
        observe: (StepReport, StudentState) throws -> Void
    ) throws -> StudentState {
        let loader = try BatchLoader(train, for: plan, random: data)
        let trainer = Trainer(plan, loader: loader, random: random)
        let teacher = try choice.map { try teachers.detector($0) }
        let step = DistilledStep(
            graph, training: training, distillation: teacher == nil ? .off : settings.distillation,
            neckOrigins: neckOrigins)
        var start = weights
        if let teacher { start.merge(step.adapters(teacher: teacher.graph, random)) { $1 } }
        let first = TrainingState(
            weights: start, optimiser: SGD(momentum: plan.momentum, weightDecay: plan.weightDecay))
        var losses = resume?.losses ?? EpochLosses()
        let inputs = [graph.architecture.input] + (teacher.map { [$0.graph.architecture.input] } ?? [])
        let objective = Trainer.Objective(inputs: inputs) { weights, batch, random in
            let seen = try teacher.map { try TeacherView($0.graph, weights: $0.weights, batch: batch) }
            return try step.gradients(weights, batch, teacher: seen, random)
        }
        let last = Int((share * Double(trainer.totalSteps)).rounded(.up))
        let end = try trainer.attempt(resume?.training ?? first, until: last, objective: objective) {
            report, training in
            losses.add(report)
            try observe(report, StudentState(training, losses: losses))
        }
        var state = StudentState(end.state, losses: losses)
        state.divergence = end.divergence
        return state
    }

    public func evaluate(
        _ graph: DetectorGraph, _ weights: NamedTensors, progress: (Double) throws -> Void
    ) throws -> Double {
        try evaluateDetector(Detector(graph: graph, weights: weights), on: search, progress: progress)
            .averagePrecision
    }
}
