import Devices

/// Stochastic gradient descent with momentum, as PyTorch's: v = μ·v + g + λ·p; p −= rate · v.
public struct SGD: Optimiser {
    public var momentum: Double
    public var weightDecay: Double
    public var decays: DecayRule
    private var velocities: NamedTensors = [:]

    public init(momentum: Double = 0.9, weightDecay: Double = 1e-4, decays: @escaping DecayRule = { _ in true }) {
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.decays = decays
    }

    public mutating func step(_ parameters: inout NamedTensors, gradients: NamedTensors, learningRate: Double) {
        for (name, gradient) in updates(parameters, gradients) {
            guard var parameter = parameters.removeValue(forKey: name) else { continue }
            var velocity = velocities.take(name, like: parameter)
            withExtendedLifetime(gradient) {
                Compute.device.sgd(
                    parameter.mutablePointer, velocity: velocity.mutablePointer, gradient: gradient.pointer,
                    count: parameter.count, rate: Float(learningRate), momentum: Float(momentum),
                    decay: decays(name) ? Float(weightDecay) : 0)
            }
            parameters[name] = parameter
            velocities[name] = velocity
        }
    }

    public var state: NamedTensors { velocities.prefixed("momentum") }

    public mutating func restore(_ state: NamedTensors) throws {
        try state.check(prefixes: ["momentum"], of: "SGD")
        velocities = state.taking("momentum")
    }
}
