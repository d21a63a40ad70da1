import Basics
public import Tensor

/// Runs a network's graph on a tape.
///
/// A convolution, norm or sum whose only reader is a ReLU runs fused with it. Only what the asked-for outputs need is
/// run, so that the part behind RoIAlign can be run apart, on any regions.
public struct GraphExecution: Sendable {
    public let graph: NetworkGraph
    /// The ReLU that each fused node runs with.
    private let fusedInto: [NetworkGraph.NodeID: NetworkGraph.NodeID]
    private let isTrainable: [String: Bool]

    public init(_ graph: NetworkGraph) {
        self.graph = graph
        fusedInto = Self.fusions(of: graph)
        isTrainable = Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, $0.isTrainable) })
    }

    /// How norms and gradients behave.
    public enum Mode: Sendable {
        /// Batch norm uses the batch's statistics; parameters get gradients.
        case training
        /// Batch norm uses the running statistics; nothing gets a gradient unless the tape records.
        case inference
    }

    public struct Results {
        public fileprivate(set) var values: [String: Variable] = [:]
        /// Batch norm's running statistics after this pass, by parameter name.
        public fileprivate(set) var runningStatistics: NamedTensors = [:]

        public subscript(name: String) -> Variable {
            guard let value = values[name] else { preconditionFailure("the output '\(name)' was not asked for") }
            return value
        }
    }

    /// Evaluates named outputs.
    ///
    /// - Parameters:
    ///   - weights: every parameter by name, in the shapes of `graph.parameters`.
    ///   - feeds: the values of `input` and `regions` nodes by name, and of outputs that were computed before: what
    ///     lies before a fed node is not run.
    ///   - frozen: says which parameters stay as they are: they get no gradient.
    public func run(
        _ outputs: [String], on tape: Tape, weights: NamedTensors, feeds: [String: Variable], mode: Mode,
        frozen: (String) -> Bool = { _ in false }
    ) throws -> Results {
        var values: [NetworkGraph.NodeID: Variable] = [:]
        for (name, value) in feeds { if let id = node(named: name) { values[id] = value } }
        var results = Results()

        func parameter(_ name: String) throws -> Variable {
            guard let tensor = weights[name] else {
                throw Failure(
                    "the weights lack '\(name)'", remedy: "give weights that were saved with this architecture")
            }
            let trains = isTrainable[name] == true && !frozen(name)
            return trains ? tape.parameter(tensor, named: name) : tape.constant(tensor)
        }

        for id in try needed(for: outputs, given: values) where fusedInto[id] == nil {
            var operation = graph[id]
            var relu = false
            if case .relu = operation.operation, fusedInto[operation.inputs[0]] == id {
                operation = graph[operation.inputs[0]]
                relu = true
            }
            let inputs = operation.inputs.compactMap { values[$0] }
            switch operation.operation {
            case .input(let name, _), .regions(let name, _):
                throw Failure("the graph's input '\(name)' was not given", cause: .defect)
            case .convolution(let layer):
                values[id] = tape.convolution(
                    inputs[0], weight: try parameter("\(layer.name).weight"),
                    bias: layer.bias ? try parameter("\(layer.name).bias") : nil, stride: layer.stride,
                    padding: layer.padding, groups: layer.groups, relu: relu)
            case .norm(let norm):
                values[id] = try normalise(
                    inputs[0], norm, relu: relu, on: tape, mode: mode, weights: weights, parameter: parameter,
                    statistics: &results.runningStatistics)
            case .relu: values[id] = tape.relu(inputs[0])
            case .add: values[id] = tape.add(inputs[0], inputs[1], relu: relu)
            case .maxPool(let kernel, let stride, let padding):
                values[id] = tape.maxPool(inputs[0], kernel: kernel, stride: stride, padding: padding)
            case .upsample:
                let shape = inputs[1].shape
                values[id] = tape.upsampleNearest(inputs[0], toHeight: shape[2], width: shape[3])
            case .flatten: values[id] = tape.flatten(inputs[0])
            case .linear(let layer):
                values[id] = tape.linear(
                    inputs[0], weight: try parameter("\(layer.name).weight"),
                    bias: try parameter("\(layer.name).bias"), relu: relu)
            }
        }
        for name in outputs { if let id = graph.outputs[name] { results.values[name] = values[id] } }
        return results
    }

    private func normalise(
        _ input: Variable, _ norm: NetworkGraph.Normalisation, relu: Bool, on tape: Tape, mode: Mode,
        weights: NamedTensors, parameter: (String) throws -> Variable, statistics: inout NamedTensors
    ) throws -> Variable {
        let scale = try parameter("\(norm.name).weight")
        let shift = try parameter("\(norm.name).bias")
        if norm.kind == .group {
            return tape.groupNorm(
                input, scale: scale, shift: shift, channelsPerGroup: norm.channelsPerGroup, eps: Norm.epsilon,
                relu: relu)
        }
        let (meanName, varianceName) = ("\(norm.name).running_mean", "\(norm.name).running_var")
        let mean = try parameter(meanName).value
        let variance = try parameter(varianceName).value
        if norm.kind == .frozen || mode == .inference {
            return tape.frozenNorm(
                input, scale: scale, shift: shift, mean: mean, variance: variance, eps: Norm.epsilon, relu: relu)
        }
        let (result, batch) = tape.batchNorm(input, scale: scale, shift: shift, eps: Norm.epsilon, relu: relu)
        statistics[meanName] = mean.moved(towards: batch.mean, by: Norm.momentum)
        statistics[varianceName] = variance.moved(towards: batch.variance, by: Norm.momentum)
        return result
    }

    private func node(named name: String) -> NetworkGraph.NodeID? {
        if let output = graph.outputs[name] { return output }
        return graph.numbered.first { _, node in
            switch node.operation {
            case .input(let input, _): input == name
            case .regions(let input, _): input == name
            default: false
            }
        }?.id
    }

    /// The nodes to run, in order: all that the outputs need and no feed provides.
    private func needed(
        for outputs: [String], given feeds: [NetworkGraph.NodeID: Variable]
    ) throws -> [NetworkGraph.NodeID] {
        var wanted: Set<NetworkGraph.NodeID> = []
        var open = try outputs.map { name in
            guard let id = graph.outputs[name] else {
                throw Failure("the graph has no output '\(name)'", cause: .defect)
            }
            return id
        }
        while let id = open.popLast() {
            if feeds[id] != nil || !wanted.insert(id).inserted { continue }
            open += graph[id].inputs
        }
        return wanted.sorted()
    }

    private static func fusions(of graph: NetworkGraph) -> [NetworkGraph.NodeID: NetworkGraph.NodeID] {
        var readers: [NetworkGraph.NodeID: Int] = [:]
        for node in graph.nodes { for input in node.inputs { readers[input, default: 0] += 1 } }
        for output in graph.outputs.values { readers[output, default: 0] += 1 }
        var fusions: [NetworkGraph.NodeID: NetworkGraph.NodeID] = [:]
        for (id, node) in graph.numbered {
            guard case .relu = node.operation, let input = node.inputs.first, readers[input] == 1 else { continue }
            switch graph[input].operation {
            case .convolution, .norm, .add, .linear: fusions[input] = id
            case .input, .relu, .maxPool, .upsample, .regions, .flatten: continue
            }
        }
        return fusions
    }
}

extension Tensor {
    /// (1 − rate) · self + rate · target: how running statistics follow the batches.
    func moved(towards target: Tensor, by rate: Float) -> Tensor {
        let (old, new) = (array, target.array)
        return Tensor(shape, zip(old, new).map { $0 + rate * ($1 - $0) })
    }
}
