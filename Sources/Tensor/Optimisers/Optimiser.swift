import Basics

/// Turns gradients into new parameters. A value: a copy goes on by itself.
public protocol Optimiser: Sendable {
    /// Changes the parameters that have a gradient; the others stay, and so does what is remembered of them.
    mutating func step(_ parameters: inout NamedTensors, gradients: NamedTensors, learningRate: Double)

    /// All that a resumed run needs to go on with the same bits.
    var state: NamedTensors { get }

    /// Takes up an exported state; throws where it is none of this kind of optimiser.
    mutating func restore(_ state: NamedTensors) throws
}

/// Says for which parameters (by name) weight decay holds.
public typealias DecayRule = @Sendable (_ name: String) -> Bool

extension Optimiser {
    /// The gradients in their one order, each with its parameter checked.
    func updates(_ parameters: NamedTensors, _ gradients: NamedTensors) -> [(name: String, tensor: Tensor)] {
        gradients.sorted.map { name, gradient in
            guard let parameter = parameters[name] else { preconditionFailure("no parameter is named '\(name)'") }
            precondition(
                parameter.shape == gradient.shape,
                "the gradient of '\(name)' is \(gradient.shape) instead of \(parameter.shape)")
            return (name, gradient.blocked(parameter.block))
        }
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

    /// The remembered tensor of a parameter, zeros at first, taken out so that it can be written in place.
    mutating func take(_ name: String, like parameter: Tensor) -> Tensor {
        if let known = removeValue(forKey: name), known.shape == parameter.shape {
            return known.blocked(parameter.block)
        }
        return Tensor(repeating: 0, parameter.shape, block: parameter.block)
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
