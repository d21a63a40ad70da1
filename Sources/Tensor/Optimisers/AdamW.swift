import Basics
import Devices
import Glibc

/// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), as PyTorch's.
public struct AdamW: Optimiser {
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    public var weightDecay: Double
    public var decays: DecayRule
    /// Moving means of gradients and their squares, and how many steps each parameter has taken.
    private var first: NamedTensors = [:]
    private var second: NamedTensors = [:]
    private var steps: [String: Int] = [:]

    public init(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
        decays: @escaping DecayRule = { _ in true }
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.decays = decays
    }

    public mutating func step(
        _ parameters: inout NamedTensors, gradients: consuming NamedTensors, learningRate: Double, scale: Float
    ) {
        let ready = prepare(&parameters, gradients)
        let updates = ready.map { name, gradient in
            let step = steps[name, default: 0] + 1
            steps[name] = step
            return AdamWUpdate(
                parameters.pointer(name), first: first.pointer(name, like: gradient),
                second: second.pointer(name, like: gradient), gradient: gradient.pointer, count: gradient.count,
                factors(name, learningRate, step: Double(step)))
        }
        withExtendedLifetime(ready) { Compute.device.adamW(updates, scale: scale) }
    }

    private func factors(_ name: String, _ learningRate: Double, step: Double) -> AdamWFactors {
        AdamWFactors(
            keep1: Float(beta1), keep2: Float(beta2), take1: Float(1 - beta1), take2: Float(1 - beta2),
            shrink: Float(decays(name) ? 1 - learningRate * weightDecay : 1),
            step: Float(learningRate / (1 - pow(beta1, step))),
            rootCorrection: Float((1 - pow(beta2, step)).squareRoot()), epsilon: Float(epsilon))
    }

    public var state: NamedTensors {
        let counts = steps.mapValues { Tensor(Float($0)) }
        return [first.prefixed("first"), second.prefixed("second"), counts.prefixed("steps")]
            .reduce(into: [:]) { $0.merge($1) { _, new in new } }
    }

    public mutating func restore(_ state: NamedTensors) throws {
        try state.check(prefixes: ["first", "second", "steps"], of: "AdamW")
        let counts = state.taking("steps")
        let (first, second) = (state.taking("first"), state.taking("second"))
        guard counts.values.allSatisfy({ $0.count == 1 && $0.scalar >= 1 && $0.scalar < 1e7 }),
            Set(first.keys) == Set(counts.keys), Set(second.keys) == Set(counts.keys)
        else {
            throw Failure(
                "the state of AdamW is not complete", at: "optimiser state", remedy: "resume from another checkpoint")
        }
        self.first = first
        self.second = second
        steps = counts.mapValues { Int($0.scalar) }
    }
}
