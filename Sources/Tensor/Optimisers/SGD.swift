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
        _ parameters: inout NamedTensors, gradients: consuming NamedTensors, learningRate: Double, scale: Float
    ) {
        var ready = prepare(&parameters, gradients)
        gradients = [:]
        // A first gradient becomes the velocity where it lies: no other memory has to be cleared and filled. What the next
        // step's gradients will want is had now, but not touched, so that it is there from then on.
        var first: Set<String> = []
        for (index, (name, gradient)) in ready.enumerated() where velocities[name]?.shape != gradient.shape {
            velocities[name] = gradient
            ready[index].tensor = Tensor(unwritten: gradient.shape, block: gradient.block)
            first.insert(name)
        }
        let updates = ready.map { name, gradient in
            let count = parameters[name]?.count ?? 0
            let isFirst = first.contains(name)
            return SGDUpdate(
                parameters.pointer(name),
                velocity: isFirst ? velocities.pointer(name) : velocities.pointer(name, like: gradient),
                gradient: isFirst ? nil : gradient.pointer, count: count, decay: decays(name) ? Float(weightDecay) : 0)
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
