public import Basics
public import Detection
public import DetectorKit
public import Tensor
public import Training

/// The features that a step computed, for networks that learn from this one in the same step.
struct StepFeatures {
    let images: ImageBatch
    let pyramid: FeaturePyramid
}

/// One training step of a detector, with or without a teacher: losses and gradients.
///
/// Without a teacher, or with all of its losses off, it is plain training, operation for operation.
public struct DistilledStep {
    public let graph: DetectorGraph
    public let training: TrainingSettings
    public let distillation: DistillationSettings
    /// See `Candidate.neckOrigins`; nil where student and teacher have one neck.
    public let neckOrigins: [Int]?

    /// Names of parameters that serve the distillation only: no part of the student.
    public static let adapterPrefix = "distillation.adapter."

    public init(
        _ graph: DetectorGraph, training: TrainingSettings, distillation: DistillationSettings,
        neckOrigins: [Int]? = nil
    ) {
        self.graph = graph
        self.training = training
        self.distillation = distillation
        self.neckOrigins = neckOrigins
    }

    /// The 1×1 adapters of a student whose neck is not its teacher's: at first each of its channels is compared with the
    /// teacher's channel that it descends from (with nothing, where it is new), or with a random mixture of them, where none
    /// descends from any.
    public func adapters(teacher: DetectorGraph, _ random: RandomStream) -> NamedTensors {
        let width = teacher.architecture.neck.outputWidth
        guard let neckOrigins, distillation.features > 0, neckOrigins != Array(0..<width) else { return [:] }
        var values = [Float](repeating: 0, count: width * neckOrigins.count)
        for (own, origin) in neckOrigins.enumerated() where origin >= 0 && origin < width {
            values[origin * neckOrigins.count + own] = 1
        }
        if neckOrigins.allSatisfy({ $0 < 0 }) {
            var draw = random.stream("adapters")
            let deviation = (1 / Double(neckOrigins.count)).squareRoot()
            values = values.map { _ in Float(deviation * draw.normal()) }
        }
        let adapter = Tensor([width, neckOrigins.count, 1, 1], values)
        return Dictionary(
            uniqueKeysWithValues: (0..<DetectorGraph.levels - 1).map { ("\(Self.adapterPrefix)\($0)", adapter) })
    }

    public func gradients(
        _ weights: NamedTensors, _ batch: SampleBatch, teacher: TeacherView?, _ random: RandomStream
    ) throws -> StepGradients {
        try run(weights, batch, teacher: teacher, random).step
    }

    func run(
        _ weights: NamedTensors, _ batch: SampleBatch, teacher: TeacherView?, _ random: RandomStream
    ) throws -> (step: StepGradients, features: StepFeatures) {
        let tape = Tape(recording: true)
        let pass = DetectorPass(graph, weights: weights, tape: tape, mode: .training)
        let images = batch.resized(to: graph.architecture.input)
        let targets = images.resized(batch.targets)

        let pyramid = try pass.features(images)
        let (objectness, proposalBox) = pass.proposalLosses(pyramid, targets, training, random)
        let proposals = pass.proposals(pyramid).map { $0.map(\.box) }
        let regions = training.sampleRegions(proposals, targets: targets, random)
        let answers = try pass.boxHead(pyramid, regions.boxes)
        let (classification, box) = pass.boxLosses(answers, regions)
        var losses = [
            ("objectness", objectness), ("proposal_box", proposalBox), ("classification", classification),
            ("box", box),
        ]
        if let teacher, !distillation.isOff {
            let adapters = (0..<DetectorGraph.levels - 1).compactMap { level -> Variable? in
                let name = "\(Self.adapterPrefix)\(level)"
                return weights[name].map { tape.parameter($0, named: name) }
            }
            let student = StudentView(
                tape: tape, images: images, targets: targets, pyramid: pyramid, regions: regions, answers: answers,
                adapters: adapters)
            losses += try DistillationLosses(student: student, teacher: teacher, settings: distillation).all()
        }
        let values = losses.map { ($0.0, Double($0.1.value.scalar)) }
        let step = StepGradients(
            gradients: tape.gradients(of: losses.map(\.1)), runningStatistics: pass.runningStatistics,
            losses: Dictionary(uniqueKeysWithValues: values))
        return (step, StepFeatures(images: images, pyramid: pyramid))
    }
}
