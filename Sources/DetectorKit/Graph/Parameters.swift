public import Basics
public import Tensor

/// How a layer's weight starts. Biases start as the layer's rule says.
public enum WeightInitialiser: Sendable, Hashable {
    /// Normal with variance 2 ÷ fan-out (He et al. 2015), as torchvision starts ResNets.
    case heNormalFanOut
    /// Uniform with variance 1 ÷ fan-in, as torchvision starts its FPN (`kaiming_uniform_`, a = 1).
    case uniformFanIn
    /// Normal with the given deviation, as torchvision starts its RPN head (0.01).
    case normal(deviation: Double)
    /// Uniform within ±1/√fan-in for weight and bias: PyTorch's default of a linear layer.
    case linearDefault
}

/// A named tensor that a network needs.
public struct ParameterSpec: Sendable, Hashable {
    public enum Role: Sendable, Hashable {
        case weight(WeightInitialiser, fanIn: Int, fanOut: Int)
        case bias(WeightInitialiser, fanIn: Int)
        case normScale, normShift
        case runningMean, runningVariance
    }

    public let name: String
    public let shape: [Int]
    public let role: Role
    /// Whether the optimiser changes it: not so for running statistics and for the affine part of a frozen norm.
    public let isTrainable: Bool

    public var count: Int { shape.reduce(1, *) }
}

extension NetworkGraph {
    /// All parameters, each once, in running order.
    public var parameters: [ParameterSpec] {
        var seen: Set<String> = []
        return nodes.flatMap { node -> [ParameterSpec] in
            let specs =
                switch node.operation {
                case .convolution(let convolution): convolution.parameters
                case .norm(let norm): norm.parameters
                case .linear(let linear): linear.parameters
                case .input, .relu, .hardSwish, .hardSigmoid, .add, .maxPool, .globalPool, .gate, .upsample, .regions,
                    .flatten:
                    [ParameterSpec]()
                }
            return specs.filter { seen.insert($0.name).inserted }
        }
    }

    /// Fresh weights. Each parameter draws from the stream of its own name, so that a network which shares a layer
    /// with another starts it alike.
    public func initialWeights(_ random: RandomStream) -> NamedTensors {
        var weights: NamedTensors = [:]
        for spec in parameters { weights[spec.name] = spec.initialValue(random.stream(spec.name)) }
        return weights
    }
}

extension NetworkGraph.Convolution {
    var parameters: [ParameterSpec] {
        let fanIn = inputs / groups * kernel * kernel
        let fanOut = outputs / groups * kernel * kernel
        let weight = ParameterSpec(
            name: "\(name).weight", shape: [outputs, inputs / groups, kernel, kernel],
            role: .weight(initialiser, fanIn: fanIn, fanOut: fanOut), isTrainable: true)
        guard bias else { return [weight] }
        return [
            weight,
            ParameterSpec(
                name: "\(name).bias", shape: [outputs], role: .bias(initialiser, fanIn: fanIn), isTrainable: true),
        ]
    }
}

extension NetworkGraph.Normalisation {
    var parameters: [ParameterSpec] {
        func spec(_ suffix: String, _ role: ParameterSpec.Role, trainable: Bool) -> ParameterSpec {
            ParameterSpec(name: "\(name).\(suffix)", shape: [channels], role: role, isTrainable: trainable)
        }
        let affine = [
            spec("weight", .normScale, trainable: kind != .frozen),
            spec("bias", .normShift, trainable: kind != .frozen),
        ]
        if kind == .group { return affine }
        return affine + [
            spec("running_mean", .runningMean, trainable: false),
            spec("running_var", .runningVariance, trainable: false),
        ]
    }
}

extension NetworkGraph.Linear {
    var parameters: [ParameterSpec] {
        [
            ParameterSpec(
                name: "\(name).weight", shape: [outputs, inputs],
                role: .weight(initialiser, fanIn: inputs, fanOut: outputs), isTrainable: true),
            ParameterSpec(
                name: "\(name).bias", shape: [outputs], role: .bias(initialiser, fanIn: inputs), isTrainable: true),
        ]
    }
}

extension ParameterSpec {
    /// The first value of this parameter.
    public func initialValue(_ random: RandomStream) -> Tensor {
        var random = random
        func fill(_ draw: (inout RandomStream) -> Double) -> Tensor {
            Tensor(shape, (0..<count).map { _ in Float(draw(&random)) })
        }
        switch role {
        case .weight(.heNormalFanOut, _, let fanOut):
            let deviation = (2 / Double(fanOut)).squareRoot()
            return fill { $0.normal() * deviation }
        case .weight(.uniformFanIn, let fanIn, _):
            let bound = (3 / Double(fanIn)).squareRoot()
            return fill { $0.uniform(-bound, bound) }
        case .weight(.normal(let deviation), _, _):
            return fill { $0.normal() * deviation }
        case .weight(.linearDefault, let fanIn, _), .bias(.linearDefault, let fanIn):
            let bound = (1 / Double(fanIn)).squareRoot()
            return fill { $0.uniform(-bound, bound) }
        case .bias, .normShift, .runningMean:
            return Tensor(shape, [Float](repeating: 0, count: count))
        case .normScale, .runningVariance:
            return Tensor(shape, [Float](repeating: 1, count: count))
        }
    }
}
