import Basics
import Tensor

/// Builds a model node by node. `Wire`s carry values between nodes; formulas are written with them.
final class ModelBuilder {
    private(set) var model: ONNXModel
    private var constants: [ONNXModel.Constant: Wire] = [:]
    private var taken: [String: Int] = [:]

    init(producerVersion: String) { model = ONNXModel(producerVersion: producerVersion) }

    func input(_ name: String, _ element: ONNXModel.Element, _ shape: [ONNXModel.Dimension]) -> Wire {
        model.inputs.append(ONNXModel.Value(name: unique(name), element: element, shape: shape))
        return Wire(name: name, builder: self)
    }

    /// Gives a value to the outside, under a name.
    func output(_ name: String, _ wire: Wire, _ element: ONNXModel.Element, _ shape: [ONNXModel.Dimension]) {
        model.nodes.append(
            ONNXModel.Node(
                operation: "Identity", name: unique("\(name)/Identity"), inputs: [wire.name], outputs: [unique(name)],
                attributes: [:]))
        model.outputs.append(ONNXModel.Value(name: name, element: element, shape: shape))
    }

    func initialiser(_ name: String, _ tensor: Tensor) -> Wire {
        model.initialisers.append((unique(name), tensor))
        return Wire(name: name, builder: self)
    }

    func describe(_ name: String, _ text: String) { model.metadata[name] = text }

    /// The same constant is written once.
    func constant(_ constant: ONNXModel.Constant) -> Wire {
        if let known = constants[constant] { return known }
        let wire = node("Constant", [], attributes: ["value": .tensor(constant)])
        constants[constant] = wire
        return wire
    }

    func constant(_ values: [Float]) -> Wire { constant(.init([values.count], values)) }
    func constant(_ values: [Int]) -> Wire { constant(.init([values.count], values)) }
    func constant(_ values: [Double]) -> Wire { constant(.init([values.count], values)) }
    func scalar(_ value: Float) -> Wire { constant(.init([], [value])) }
    func scalar(_ value: Int) -> Wire { constant(.init([], [value])) }

    /// Appends a node of one result.
    ///
    /// - Parameters:
    ///   - inputs: nil for an optional one that is not given.
    ///   - name: what people read in a viewer; by default the operation's.
    func node(
        _ operation: String, _ inputs: [Wire?], name: String? = nil, attributes: [String: ONNXModel.Attribute] = [:]
    ) -> Wire {
        nodes(operation, inputs, results: 1, name: name, attributes: attributes)[0]
    }

    func nodes(
        _ operation: String, _ inputs: [Wire?], results: Int, name: String? = nil,
        attributes: [String: ONNXModel.Attribute] = [:]
    ) -> [Wire] {
        let name = unique(name.map { "\($0)/\(operation)" } ?? operation)
        let outputs = (0..<results).map { results == 1 ? "\(name):0" : "\(name):\($0)" }
        model.nodes.append(
            ONNXModel.Node(
                operation: operation, name: name, inputs: inputs.map { $0?.name ?? "" }, outputs: outputs,
                attributes: attributes))
        return outputs.map { Wire(name: $0, builder: self) }
    }

    func concatenate(_ wires: [Wire], axis: Int) -> Wire { node("Concat", wires, attributes: ["axis": .integer(axis)]) }

    /// The name, or the first of `name.1`, `name.2`, … that is free.
    private func unique(_ name: String) -> String {
        let count = taken[name, default: 0]
        taken[name] = count + 1
        return count == 0 ? name : unique("\(name).\(count)")
    }
}
