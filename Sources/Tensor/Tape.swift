public import Devices

/// A value that a tape computed, or was given.
public struct Variable: Sendable {
    public let value: Tensor
    /// The step of the tape that made it; nil when no gradient is wanted for it.
    let step: Int?

    public var shape: [Int] { value.shape }
    /// Whether a gradient flows through it.
    public var isTracked: Bool { step != nil }
    /// The same value, through which no gradient flows.
    public var detached: Variable { Variable(value: value, step: nil) }
}

/// Computes, and remembers what reverse-mode differentiation needs. Operations are its methods.
///
/// A tape serves one pass: `gradients(of:)` uses it up, releasing each remembered value when it has been used for the
/// last time.
public final class Tape {
    /// False: nothing is remembered, every variable is a constant.
    public let recording: Bool
    public let engine: ConvolutionEngine
    /// Of convolutions and matrix products.
    public let precision: Precision

    /// The gradient of a step's result in, the gradients of its operands out, in their order; nil where none is wanted.
    /// A gradient has the block of its value. It may be changed in place.
    package typealias Backward = (inout Tensor) -> [Tensor?]

    private struct Step {
        var operands: [Int?]
        var backward: Backward?
        var name: String?
    }
    private var steps: [Step] = []
    private var parameters: [String: Variable] = [:]
    /// Multiply-accumulates of this tape's forward operations so far.
    public private(set) var multiplyAccumulates = 0

    public init(
        recording: Bool, engine: ConvolutionEngine = .fast, precision: Precision = Compute.precision
    ) {
        self.recording = recording
        self.engine = engine
        self.precision = precision
    }

    /// A tensor that a gradient is wanted for. The same name gives the same variable again, so that gradients add up.
    public func parameter(_ tensor: Tensor, named name: String) -> Variable {
        guard recording else { return constant(tensor) }
        if let known = parameters[name] { return known }
        steps.append(Step(operands: [], backward: nil, name: name))
        let variable = Variable(value: tensor, step: steps.count - 1)
        parameters[name] = variable
        return variable
    }

    public func constant(_ tensor: Tensor) -> Variable { Variable(value: tensor, step: nil) }

    func count(_ products: Int) {
        multiplyAccumulates += products
        Work.count(products)
    }

    /// The result of an operation. `backward` is kept only where a gradient can flow.
    package func record(_ value: Tensor, from operands: [Variable], _ backward: @escaping Backward) -> Variable {
        guard recording, operands.contains(where: \.isTracked) else { return constant(value) }
        steps.append(Step(operands: operands.map(\.step), backward: backward))
        return Variable(value: value, step: steps.count - 1)
    }

    /// The gradients of `scale · loss` for every parameter that it depends on.
    public func gradients(of loss: Variable, scale: Float = 1) -> NamedTensors {
        gradients(of: [loss], scale: scale)
    }

    /// The gradients of `scale · Σ losses`, each a scalar.
    public func gradients(of losses: [Variable], scale: Float = 1) -> NamedTensors {
        precondition(losses.allSatisfy { $0.value.count == 1 }, "gradients are of scalars")
        return gradients(from: losses.map { ($0, Tensor(repeating: scale, $0.shape, block: $0.value.block)) })
    }

    /// The gradients of `Σ (seed · variable)`: how the tests look at operations whose result is no scalar.
    public func gradients(from seeds: [(variable: Variable, gradient: Tensor)]) -> NamedTensors {
        var pending = [Tensor?](repeating: nil, count: steps.count)
        func accumulate(_ gradient: Tensor, at step: Int) {
            if var sum = pending[step].take() {
                sum.add(gradient)
                pending[step] = sum
            } else {
                pending[step] = gradient
            }
        }
        for (variable, gradient) in seeds {
            precondition(variable.shape == gradient.shape, "a gradient has its variable's shape")
            if let step = variable.step { accumulate(gradient.blocked(variable.value.block), at: step) }
        }
        parameters = [:]
        var result: NamedTensors = [:]
        while let step = steps.popLast() {
            guard var gradient = pending.removeLast() else { continue }
            if let name = step.name { result[name] = gradient }
            guard let backward = step.backward else { continue }
            for (operand, part) in zip(step.operands, backward(&gradient)) {
                if let operand, let part { accumulate(part, at: operand) }
            }
        }
        return result
    }
}
