public import Basics
public import DetectorKit
public import Tensor

/// All that training has learnt up to a step: what a checkpoint holds.
public struct TrainingState: Sendable {
    public var weights: NamedTensors
    public var optimiser: SGD
    /// Steps taken.
    public var step: Int

    public init(weights: NamedTensors, optimiser: SGD, step: Int = 0) {
        self.weights = weights
        self.optimiser = optimiser
        self.step = step
    }
}

/// What one step computes before the weights change.
public struct StepGradients {
    public var gradients: NamedTensors
    /// Batch norm's running statistics after the step.
    public var runningStatistics: NamedTensors
    /// The loss's parts, by name; their sum is the loss.
    public var losses: [String: Double]

    /// The sum of the parts, in the order of their names: a dictionary's own differs from process to process.
    public var totalLoss: Double { losses.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value } }

    public init(gradients: NamedTensors, runningStatistics: NamedTensors = [:], losses: [String: Double]) {
        self.gradients = gradients
        self.runningStatistics = runningStatistics
        self.losses = losses
    }

    /// Gives the gradients away: nobody else holds them.
    mutating func takeGradients() -> NamedTensors {
        defer { gradients = [:] }
        return gradients
    }
}

/// What a trainer tells after each step.
public struct StepReport: Sendable {
    public let step: Int
    public let totalSteps: Int
    public let stepsPerEpoch: Int
    public let learningRate: Double
    public let losses: [String: Double]
    public let loss: Double

    public init(
        step: Int, totalSteps: Int, stepsPerEpoch: Int, learningRate: Double, losses: [String: Double], loss: Double
    ) {
        self.step = step
        self.totalSteps = totalSteps
        self.stepsPerEpoch = stepsPerEpoch
        self.learningRate = learningRate
        self.losses = losses
        self.loss = loss
    }

    public var fraction: Double { Double(step) / Double(totalSteps) }
    public var endsEpoch: Bool { step % stepsPerEpoch == 0 || step == totalSteps }
    /// Epochs begun, from 1.
    public var epoch: Int { (step - 1) / stepsPerEpoch + 1 }
}

/// Stochastic gradient descent over a plan: batch, gradients, clipping, update.
public struct Trainer {
    public let plan: TrainingPlan
    public let loader: BatchLoader
    public let totalSteps: Int
    private let random: RandomStream

    /// What is trained for.
    public struct Objective {
        /// The input sizes that a step (from 0) reads its images at, all known before it begins: the images are resized
        /// while the step before runs. The stream is the step's own, as for the gradients.
        public typealias Inputs = (_ step: Int, _ random: RandomStream) -> [DetectorArchitecture.InputSize]
        /// Computes a step's gradients.
        public typealias Gradients = (NamedTensors, SampleBatch, RandomStream) throws -> StepGradients

        public let inputs: Inputs
        public let gradients: Gradients

        public init(inputs: @escaping Inputs, gradients: @escaping Gradients) {
            self.inputs = inputs
            self.gradients = gradients
        }

        /// An objective that reads its images at the same input sizes in every step.
        public init(inputs: [DetectorArchitecture.InputSize], gradients: @escaping Gradients) {
            self.init(inputs: { _, _ in inputs }, gradients: gradients)
        }
    }

    /// - Parameter random: the run's stream: the loader's batches and the steps' sampling come from it.
    public init(_ plan: TrainingPlan, loader: BatchLoader, random: RandomStream) {
        self.plan = plan
        self.loader = loader
        self.random = random
        totalSteps = plan.epochs * loader.stepsPerEpoch
    }

    /// What a training came to.
    public struct Outcome {
        public let state: TrainingState
        /// Why it ended early, at the state before: the loss or a gradient of the next step is no number.
        public let divergence: Failure?
    }

    /// Trains from a state to the plan's end, or to a step before it: going on from there comes to what the whole would have
    /// come to.
    ///
    /// - Parameter observe: called after each step with the state as it then is; may save it, or throw to stop.
    /// - Throws: where it diverges, too.
    public func train(
        _ start: TrainingState, until last: Int? = nil, objective: Objective,
        observe: (StepReport, TrainingState) throws -> Void
    ) throws -> TrainingState {
        let outcome = try attempt(start, until: last, objective: objective, observe: observe)
        if let divergence = outcome.divergence { throw divergence }
        return outcome.state
    }

    /// Trains like `train`, for callers that can do without the result of a training that diverges.
    public func attempt(
        _ start: TrainingState, until last: Int? = nil, objective: Objective,
        observe: (StepReport, TrainingState) throws -> Void
    ) throws -> Outcome {
        var state = start
        let end = min(totalSteps, last ?? totalSteps)
        let batches = Prefetch(end: end) { [loader, random, inputs = objective.inputs] step in
            loader.begin(step: step, resizedTo: inputs(step, random.stream("step", step)))
        }
        while state.step < end {
            let batch = try batches.item(state.step)
            var step = try objective.gradients(state.weights, batch, random.stream("step", state.step))
            let loss = step.totalLoss
            // A ReLU makes 0 of what is no number: the loss may look fine when its gradients are not.
            let norm = gradientNorm(step.gradients)
            guard loss.isFinite, norm.isFinite else {
                // In an order of their own: journals that have to be the same hold this text.
                let losses = step.losses.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                let divergence = Failure(
                    "\(loss.isFinite ? "a gradient" : "the loss") is not finite at step \(state.step + 1): "
                        + losses.joined(separator: ", "),
                    remedy: "lower learning_rate, or lengthen warm_up; check the annotations for wrong boxes")
                return Outcome(state: state, divergence: divergence)
            }
            let rate = plan.schedule.rate(step: state.step, of: totalSteps)
            state.optimiser.step(
                &state.weights, gradients: step.takeGradients(), learningRate: rate,
                scale: plan.clipNorm.map { clippingFactor(norm: norm, limit: $0) } ?? 1)
            for (name, value) in step.runningStatistics { state.weights[name] = value }
            state.step += 1
            try observe(
                StepReport(
                    step: state.step, totalSteps: totalSteps, stepsPerEpoch: loader.stepsPerEpoch,
                    learningRate: rate, losses: step.losses, loss: loss), state)
        }
        return Outcome(state: state, divergence: nil)
    }
}
