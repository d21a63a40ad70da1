import Basics
public import Detection
public import Foundation
import Models
import Tensor

extension TrainingState {
    private static let weightsName = "weights.safetensors"
    private static let optimiserName = "optimiser.safetensors"

    /// What `write` makes.
    public static var files: [String] { [weightsName, optimiserName] }

    /// The state before the first step.
    public init(_ detector: Detector, _ plan: TrainingPlan) {
        self.init(
            weights: detector.weights, optimiser: SGD(momentum: plan.momentum, weightDecay: plan.weightDecay))
    }

    /// Writes the state, bit for bit, into a checkpoint's folder.
    public func write(to folder: URL) throws {
        let about = ["format": "jdnas-state/1", "step": "\(step)"]
        try SafeTensors.write(weights, metadata: about, to: folder.appending(path: Self.weightsName))
        try SafeTensors.write(optimiser.state, metadata: about, to: folder.appending(path: Self.optimiserName))
    }

    /// Reads what `write` wrote.
    public init(from folder: URL, _ plan: TrainingPlan) throws {
        let file = folder.appending(path: Self.weightsName)
        let (weights, about) = try SafeTensors.read(file)
        guard about["format"] == "jdnas-state/1", let step = about["step"].flatMap({ Int($0) }) else {
            throw Failure("not a training state", at: file.path, remedy: "delete the checkpoint; training starts anew")
        }
        var optimiser = SGD(momentum: plan.momentum, weightDecay: plan.weightDecay)
        try optimiser.restore(SafeTensors.read(folder.appending(path: Self.optimiserName)).tensors)
        self.init(weights: weights, optimiser: optimiser, step: step)
    }
}
