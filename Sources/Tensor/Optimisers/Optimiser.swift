import Basics

/// Turns gradients into new parameters. A value: a copy goes on by itself.
public protocol Optimiser: Sendable {
    /// Changes the parameters that have a gradient; the others stay, and so does what is remembered of them. All are
    /// changed in one pass, in place where nobody shares their elements.
    ///
    /// - Parameters:
    ///   - gradients: taken over: what is remembered may keep their memory, where nobody else holds them.
    ///   - scale: what the gradients are multiplied with first: see `clippingFactor`.
    mutating func step(
        _ parameters: inout NamedTensors, gradients: consuming NamedTensors, learningRate: Double, scale: Float)

    /// All that a resumed run needs to go on with the same bits.
    var state: NamedTensors { get }

    /// Takes up an exported state; throws where it is none of this kind of optimiser.
    mutating func restore(_ state: NamedTensors) throws
}

/// Says for which parameters (by name) weight decay holds.
public typealias DecayRule = @Sendable (_ name: String) -> Bool

extension Optimiser {
    /// A step with the gradients as they are.
    public mutating func step(
        _ parameters: inout NamedTensors, gradients: consuming NamedTensors, learningRate: Double
    ) {
        step(&parameters, gradients: gradients, learningRate: learningRate, scale: 1)
    }

    /// The gradients in their one order, each in the block of its parameter, which is checked and may be written.
    func prepare(_ parameters: inout NamedTensors, _ gradients: NamedTensors) -> [(name: String, tensor: Tensor)] {
        let ready = gradients.sorted.map { name, gradient in
            guard let parameter = parameters[name] else { preconditionFailure("no parameter is named '\(name)'") }
            precondition(
                parameter.shape == gradient.shape,
                "the gradient of '\(name)' is \(gradient.shape) instead of \(parameter.shape)")
            return (name, gradient.blocked(parameter.block))
        }
        // What was computed from a weight holds the norm's factors that it was computed with: they would be copied.
        for (name, _) in ready { parameters[name]?.dropDerived() }
        return ready
    }
}

extension NamedTensors {
    /// These tensors under names that start with `prefix/`.
    func prefixed(_ prefix: String) -> NamedTensors {
        NamedTensors(uniqueKeysWithValues: map { ("\(prefix)/\($0.key)", $0.value) })
    }

    /// The tensors whose names start with `prefix/`, without it.
    func taking(_ prefix: String) -> NamedTensors {
        NamedTensors(
            uniqueKeysWithValues: compactMap { name, tensor in
                name.hasPrefix(prefix + "/") ? (String(name.dropFirst(prefix.count + 1)), tensor) : nil
            })
    }

    /// Where a tensor is written: in place, or in a copy of its own where somebody shares it. Valid while the tensor
    /// stays here unchanged.
    mutating func pointer(_ name: String) -> UnsafeMutablePointer<Float> {
        guard let pointer = self[name]?.mutablePointer else { preconditionFailure("no tensor is named '\(name)'") }
        return pointer
    }

    /// The same for what is remembered of a parameter: zeros at first.
    mutating func pointer(_ name: String, like parameter: Tensor) -> UnsafeMutablePointer<Float> {
        if self[name]?.shape != parameter.shape {
            self[name] = Tensor(repeating: 0, parameter.shape, block: parameter.block)
        } else if self[name]?.block != parameter.block {
            self[name] = self[name]?.blocked(parameter.block)
        }
        return pointer(name)
    }

    /// Throws unless every name starts with one of the prefixes.
    func check(prefixes: [String], of optimiser: String) throws {
        for (name, _) in sorted where !prefixes.contains(where: { name == $0 || name.hasPrefix($0 + "/") }) {
            throw Failure(
                "'\(name)' is not part of the state of \(optimiser)", at: "optimiser state",
                remedy: "resume with the optimiser that wrote the checkpoint, or start anew")
        }
    }
}
