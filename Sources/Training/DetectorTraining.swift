public import Detection
public import DetectorKit
import Tensor

/// The plain objective of training: the four losses of Faster R-CNN, all of weight 1.
///
/// - Parameters:
///   - settings: which anchors and regions the losses are taken over.
///   - isFrozen: which parameters stay as they are.
public func plainObjective(
    _ graph: DetectorGraph, _ settings: TrainingSettings, isFrozen: @escaping (String) -> Bool = { _ in false }
) -> Trainer.Objective {
    let input = graph.architecture.input
    return Trainer.Objective(inputs: [input]) { weights, samples, random in
        let images = samples.resized(to: input)
        let tape = Tape(recording: true)
        let pass = DetectorPass(graph, weights: weights, tape: tape, mode: .training, frozen: isFrozen)
        let losses = try pass.trainingLosses(
            images, targets: images.resized(samples.targets), settings: settings, random: random)
        return StepGradients(
            gradients: tape.gradients(of: losses.total), runningStatistics: pass.runningStatistics,
            losses: losses.values)
    }
}
