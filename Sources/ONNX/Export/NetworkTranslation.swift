import Basics
import DetectorKit
import Tensor

/// Turns a network's graph into nodes of a model; the parameters become initialisers of the same names.
struct NetworkTranslation {
    let graph: NetworkGraph
    let builder: ModelBuilder
    private let parameters: [String: Wire]
    private var values: [NetworkGraph.NodeID: Wire] = [:]

    init(_ graph: NetworkGraph, weights: NamedTensors, into builder: ModelBuilder) throws {
        self.graph = graph
        self.builder = builder
        var parameters: [String: Wire] = [:]
        for spec in graph.parameters {
            guard let tensor = weights[spec.name], tensor.shape == spec.shape else {
                throw Failure(
                    "the weights lack '\(spec.name)' of shape \(spec.shape)",
                    remedy: "give weights that were saved with this architecture")
            }
            parameters[spec.name] = builder.initialiser(spec.name, tensor)
        }
        self.parameters = parameters
    }

    /// The value of a named output; its node has been translated.
    subscript(output: String) -> Wire {
        guard let id = graph.outputs[output], let wire = values[id] else {
            preconditionFailure("the output '\(output)' is not there yet")
        }
        return wire
    }

    /// Translates every node, in running order.
    ///
    /// - Parameter given: gives the values of `input` and `regions` nodes; it sees the values of all nodes before, and
    ///   the values of the node's inputs.
    mutating func run(given: (_ name: String, _ inputs: [Wire], _ before: NetworkTranslation) -> Wire) {
        for (id, node) in graph.numbered {
            let inputs = node.inputs.compactMap { values[$0] }
            values[id] =
                switch node.operation {
                case .input(let name, _), .regions(let name, _): given(name, inputs, self)
                case .convolution(let layer): convolution(layer, inputs[0])
                case .norm(let norm) where norm.kind == .group: groupNorm(norm, inputs[0])
                case .norm(let norm): batchNorm(norm, inputs[0])
                case .relu: builder.node("Relu", inputs)
                case .hardSwish: builder.node("HardSwish", inputs)
                case .hardSigmoid:
                    builder.node(
                        "HardSigmoid", inputs, attributes: ["alpha": .float(1.0 / 6), "beta": .float(0.5)])
                case .add: inputs[0] + inputs[1]
                case .globalPool: builder.node("GlobalAveragePool", inputs)
                case .gate: inputs[0] * inputs[1]
                case .maxPool(let kernel, let stride, let padding):
                    builder.node(
                        "MaxPool", inputs,
                        attributes: [
                            "kernel_shape": .integers([kernel, kernel]), "strides": .integers([stride, stride]),
                            "pads": .integers([padding, padding, padding, padding]),
                        ])
                case .upsample: upsample(inputs[0], like: inputs[1])
                case .flatten: builder.node("Flatten", inputs, attributes: ["axis": .integer(1)])
                case .linear(let layer): linear(layer, inputs[0])
                }
        }
    }

    private func parameter(_ layer: String, _ suffix: String) -> Wire {
        guard let wire = parameters["\(layer).\(suffix)"] else {
            preconditionFailure("'\(layer)' has no parameter '\(suffix)'")
        }
        return wire
    }

    private func convolution(_ layer: NetworkGraph.Convolution, _ input: Wire) -> Wire {
        let bias = layer.bias ? [parameter(layer.name, "bias")] : []
        return builder.node(
            "Conv", [input, parameter(layer.name, "weight")] + bias, name: layer.name,
            attributes: [
                "kernel_shape": .integers([layer.kernel, layer.kernel]),
                "strides": .integers([layer.stride, layer.stride]),
                "pads": .integers([Int](repeating: layer.padding, count: 4)), "group": .integer(layer.groups),
            ])
    }

    /// Batch norm by its running statistics; a runtime folds it into the convolution before it.
    private func batchNorm(_ norm: NetworkGraph.Normalisation, _ input: Wire) -> Wire {
        builder.node(
            "BatchNormalization",
            [input] + ["weight", "bias", "running_mean", "running_var"].map { parameter(norm.name, $0) },
            name: norm.name, attributes: ["epsilon": .float(Norm.epsilon)])
    }

    /// Operator set 17 has no group norm: each group becomes a row that instance norm normalises, and the affine part
    /// follows channel by channel.
    private func groupNorm(_ norm: NetworkGraph.Normalisation, _ input: Wire) -> Wire {
        let groups = norm.channels / norm.channelsPerGroup
        // 0: as many as there are.
        let rows = input.reshape([0, groups, -1])
        let normalised = builder.node(
            "InstanceNormalization",
            [
                rows, builder.constant([Float](repeating: 1, count: groups)),
                builder.constant([Float](repeating: 0, count: groups)),
            ], name: norm.name, attributes: ["epsilon": .float(Norm.epsilon)])
        return normalised.reshape(input.shape) * parameter(norm.name, "weight").unsqueeze(1, 2)
            + parameter(norm.name, "bias").unsqueeze(1, 2)
    }

    /// The source of pixel i is ⌊i · in / out⌋. Images are padded so that sizes double exactly: nothing is rounded.
    private func upsample(_ input: Wire, like reference: Wire) -> Wire {
        let sizes = builder.concatenate(
            [input.shape.slice(0..<2, axis: 0), reference.shape.slice(2..<4, axis: 0)], axis: 0)
        return builder.node(
            "Resize", [input, nil, nil, sizes],
            attributes: [
                "mode": .text("nearest"), "coordinate_transformation_mode": .text("asymmetric"),
                "nearest_mode": .text("floor"),
            ])
    }

    private func linear(_ layer: NetworkGraph.Linear, _ input: Wire) -> Wire {
        builder.node(
            "Gemm", [input, parameter(layer.name, "weight"), parameter(layer.name, "bias")], name: layer.name,
            attributes: ["transB": .integer(1)])
    }
}
