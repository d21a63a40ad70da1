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

    public mutating func step(
        _ parameters: inout NamedTensors, gradients: NamedTensors, learningRate: Double, scale: Float
    ) {
        let ready = prepare(&parameters, gradients)
        let updates = ready.map { name, gradient in
            SGDUpdate(
                parameters.pointer(name), velocity: velocities.pointer(name, like: gradient),
                gradient: gradient.pointer, count: gradient.count, decay: decays(name) ? Float(weightDecay) : 0)
        }
        withExtendedLifetime(ready) {
            Compute.device.sgd(updates, rate: Float(learningRate), momentum: Float(momentum), scale: scale)
        }
    }

    public var state: NamedTensors { velocities.prefixed("momentum") }

    public mutating func restore(_ state: NamedTensors) throws {
        try state.check(prefixes: ["momentum"], of: "SGD")
        velocities = state.taking("momentum")
    }
}
