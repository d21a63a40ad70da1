public import Basics
public import Detection
import DetectorKit
public import Tensor
public import Training

/// A supernet's training step: the largest network learns from the data, the others from the data and from it.
public final class SupernetObjective {
    private let supernet: Supernet
    private let schedule: ShrinkingSchedule
    private let training: TrainingSettings
    private let distillation: DistillationSettings
    private let totalSteps: Int
    private var step: Int

    /// - Parameter step: steps taken already; each call of `gradients` is the next one.
    public init(
        _ supernet: Supernet, _ schedule: ShrinkingSchedule, training: TrainingSettings,
        distillation: DistillationSettings, totalSteps: Int, step: Int
    ) {
        self.supernet = supernet
        self.schedule = schedule
        self.training = training
        self.distillation = distillation
        self.totalSteps = totalSteps
        self.step = step
    }

    /// What a trainer needs of this.
    public var objective: Trainer.Objective {
        Trainer.Objective(
            inputs: { [schedule, totalSteps, space = supernet.space, whole = supernet.graph.architecture.input] in
                let choices = schedule.choices(space, at: Self.fraction($0, of: totalSteps), $1)
                return [whole] + choices.map(\.input)
            }, gradients: gradients)
    }

    /// Networks that all steps up to one train: what the time goes by, since later steps train more.
    public func networks(upTo step: Int) -> Int {
        (0..<step).reduce(0) { sum, step in
            let random = RandomStream(seed: 0).stream("count", step)
            return sum + 1 + schedule.choices(supernet.space, at: Self.fraction(step, of: totalSteps), random).count
        }
    }

    private static func fraction(_ step: Int, of totalSteps: Int) -> Double {
        Double(step) / Double(max(1, totalSteps))
    }

    /// Networks of a step by their size, beside the largest.
    public static let (smallest, drawn) = ("smallest", "drawn")

    /// The last step's mean losses by size, of those that it trained.
    public private(set) var sizes: [String: Double] = [:]
    /// How many networks it trained.
    public private(set) var lastNetworks = 1

    /// The sum of all networks' gradients: the largest has learnt from the base already, and a share each for the others would
    /// leave them little (the sandwich rule adds up as well).
    public func gradients(
        _ weights: NamedTensors, _ batch: SampleBatch, _ random: RandomStream
    ) throws -> StepGradients {
        let fraction = Self.fraction(step, of: totalSteps)
        step += 1
        let choices = schedule.choices(supernet.space, at: fraction, random)
        let plain = DistilledStep(supernet.graph, training: training, distillation: .off)
        var (total, features) = try plain.run(weights, batch, teacher: nil, random)
        let teacher = TeacherView(
            pass: DetectorPass(supernet.graph, weights: weights, tape: Tape(recording: false), mode: .inference),
            images: features.images, pyramid: features.pyramid)
        let lowest = supernet.space.choice { schedule.lowest($0, supernet.space, at: fraction) }
        var sums: [String: [Double]] = [:]
        // Sums depend on their order: that of the choices, not a dictionary's.
        var all: [Double] = []
        for choice in choices {
            let subnet = try supernet.subnet(choice)
            let distilled = DistilledStep(subnet.graph, training: training, distillation: distillation)
            let part = try distilled.run(
                supernet.slice(weights, subnet), batch, teacher: teacher, random
            ).step
            supernet.accumulate(part.gradients, of: subnet, factor: 1, into: &total.gradients)
            sums[choice == lowest ? Self.smallest : Self.drawn, default: []].append(part.totalLoss)
            all.append(part.totalLoss)
        }
        if !all.isEmpty { total.losses["smaller"] = all.reduce(0, +) }
        lastNetworks = 1 + all.count
        sizes = sums.mapValues { $0.reduce(0, +) / Double($0.count) }
        return total
    }
}
