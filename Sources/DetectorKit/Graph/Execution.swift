import Basics
public import Tensor

/// Runs a network's graph on a tape.
///
/// A convolution or norm runs with the sum and the ReLU that follow it; a norm of fixed statistics is folded into the
/// convolution before it. Only what the asked-for outputs need is run, so that the part behind RoIAlign can be run
/// apart, on any regions; and a value is let go after its last reader.
public struct GraphExecution: Sendable {
    public let graph: NetworkGraph
    /// What runs, by its last node.
    private let fusions: [NetworkGraph.NodeID: Fusion]
    private let isTrainable: [String: Bool]
    /// Convolutions that run several times with the same parameters: the proposal head's, on every level.
    private let shared: Set<String>

    public init(_ graph: NetworkGraph) {
        self.graph = graph
        fusions = graph.fusions()
        var seen: Set<String> = []
        shared = Set(
            graph.nodes.compactMap { node in
                guard case .convolution(let layer) = node.operation else { return nil }
                return seen.insert(layer.name).inserted ? nil : layer.name
            })
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
        /// Batch norm's statistics of this batch alone, by the same names.
        public fileprivate(set) var batchStatistics: NamedTensors = [:]

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
        frozen: @escaping (String) -> Bool = { _ in false }
    ) throws -> Results {
        var values: [NetworkGraph.NodeID: Variable] = [:]
        for (name, value) in feeds { if let id = node(named: name) { values[id] = value } }
        let order = try needed(for: outputs, given: values).compactMap { id in fusions[id].map { (id: id, fusion: $0) }
        }
        var readers = Dictionary(outputs.compactMap { name in graph.outputs[name].map { ($0, 1) } }) { $0 + $1 }
        for (_, fusion) in order { for input in inputs(of: fusion) { readers[input, default: 0] += 1 } }

        var pass = Pass(
            tape: tape, weights: weights, mode: mode, isTrainable: isTrainable, shared: shared, isFrozen: frozen)
        for (id, fusion) in order {
            values[id] = try pass.run(
                graph[fusion.head].operation, graph[fusion.head].inputs.compactMap { values[$0] }, fusion,
                residual: fusion.residual.flatMap { values[$0] })
            for input in inputs(of: fusion) {
                readers[input, default: 0] -= 1
                if readers[input] == 0 { values[input] = nil }
            }
        }
        var results = Results(runningStatistics: pass.statistics, batchStatistics: pass.batchStatistics)
        for name in outputs { if let id = graph.outputs[name] { results.values[name] = values[id] } }
        return results
    }

    private func inputs(of fusion: Fusion) -> [NetworkGraph.NodeID] {
        graph[fusion.head].inputs + (fusion.residual.map { [$0] } ?? [])
    }

    /// One pass at work: the operations with their parameters.
    private struct Pass {
        let tape: Tape
        let weights: NamedTensors
        let mode: Mode
        let isTrainable: [String: Bool]
        let shared: Set<String>
        let isFrozen: (String) -> Bool
        /// Batch norm's running statistics after the pass.
        var statistics: NamedTensors = [:]
        var batchStatistics: NamedTensors = [:]

        mutating func run(
            _ operation: NetworkGraph.Operation, _ inputs: [Variable], _ fusion: Fusion, residual: Variable?
        ) throws -> Variable {
            let relu = fusion.relu
            switch operation {
            case .input(let name, _), .regions(let name, _):
                throw Failure("the graph's input '\(name)' was not given", cause: .defect)
            case .convolution(let layer):
                let weight = try parameter("\(layer.name).weight")
                let bias = layer.bias ? try parameter("\(layer.name).bias") : nil
                func convolution(_ norm: FrozenNorm?, residual: Variable?, relu: Bool) -> Variable {
                    tape.convolution(
                        inputs[0], weight: weight, bias: bias, norm: norm, residual: residual, stride: layer.stride,
                        padding: layer.padding, groups: layer.groups, relu: relu, isShared: shared.contains(layer.name))
                }
                guard let norm = fusion.norm else { return convolution(nil, residual: residual, relu: relu) }
                if isFixed(norm) { return convolution(try frozenNorm(norm), residual: residual, relu: relu) }
                return try normalise(
                    convolution(nil, residual: nil, relu: false), norm, residual: residual, relu: relu)
            case .norm(let norm): return try normalise(inputs[0], norm, residual: residual, relu: relu)
            case .relu: return tape.relu(inputs[0])
            case .hardSwish: return tape.hardSwish(inputs[0])
            case .hardSigmoid: return tape.hardSigmoid(inputs[0])
            case .add: return tape.add(inputs[0], inputs[1], relu: relu)
            case .globalPool: return tape.globalAveragePool(inputs[0])
            case .gate: return tape.gated(inputs[0], by: inputs[1])
            case .maxPool(let kernel, let stride, let padding):
                return tape.maxPool(inputs[0], kernel: kernel, stride: stride, padding: padding)
            case .upsample:
                let shape = inputs[1].shape
                return tape.upsampleNearest(inputs[0], toHeight: shape[2], width: shape[3])
            case .flatten: return tape.flatten(inputs[0])
            case .linear(let layer):
                return tape.linear(
                    inputs[0], weight: try parameter("\(layer.name).weight"),
                    bias: try parameter("\(layer.name).bias"), relu: relu)
            }
        }

        private func parameter(_ name: String) throws -> Variable {
            guard let tensor = weights[name] else {
                throw Failure(
                    "the weights lack '\(name)'", remedy: "give weights that were saved with this architecture")
            }
            let trains = isTrainable[name] == true && !isFrozen(name)
            return trains ? tape.parameter(tensor, named: name) : tape.constant(tensor)
        }

        /// Whether nothing of a norm depends on the batch, or gets a gradient.
        private func isFixed(_ norm: NetworkGraph.Normalisation) -> Bool {
            switch norm.kind {
            case .frozen: true
            case .batch: mode == .inference && !tape.recording
            case .group: false
            }
        }

        private func frozenNorm(_ norm: NetworkGraph.Normalisation) throws -> FrozenNorm {
            FrozenNorm(
                scale: try parameter("\(norm.name).weight").value, shift: try parameter("\(norm.name).bias").value,
                mean: try parameter("\(norm.name).running_mean").value,
                variance: try parameter("\(norm.name).running_var").value, eps: Norm.epsilon)
        }

        private mutating func normalise(
            _ input: Variable, _ norm: NetworkGraph.Normalisation, residual: Variable?, relu: Bool
        ) throws -> Variable {
            let scale = try parameter("\(norm.name).weight")
            let shift = try parameter("\(norm.name).bias")
            if norm.kind == .group {
                return tape.groupNorm(
                    input, scale: scale, shift: shift, channelsPerGroup: norm.channelsPerGroup, eps: Norm.epsilon,
                    residual: residual, relu: relu)
            }
            let (meanName, varianceName) = ("\(norm.name).running_mean", "\(norm.name).running_var")
            let mean = try parameter(meanName).value
            let variance = try parameter(varianceName).value
            if norm.kind == .frozen || mode == .inference {
                return tape.frozenNorm(
                    input, scale: scale, shift: shift, mean: mean, variance: variance, eps: Norm.epsilon,
                    residual: residual, relu: relu)
            }
            let (result, batch) = tape.batchNorm(
                input, scale: scale, shift: shift, eps: Norm.epsilon, residual: residual, relu: relu)
            batchStatistics[meanName] = batch.mean
            batchStatistics[varianceName] = batch.variance
            statistics[meanName] = mean.moved(towards: batch.mean, by: Norm.momentum)
            statistics[varianceName] = variance.moved(towards: batch.variance, by: Norm.momentum)
            return result
        }
    }

    private func node(named name: String) -> NetworkGraph.NodeID? {
        if let output = graph.outputs[name] { return output }
        return graph.numbered.first { _, node in
            switch node.operation {
            case .input(let input, _): input == name
            case .regions(let input, _): input == name
            case .convolution, .norm, .relu, .hardSwish, .hardSigmoid, .add, .maxPool, .globalPool, .gate, .upsample,
                .flatten, .linear:
                false
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
}

extension Tensor {
    /// (1 − rate) · self + rate · target: how running statistics follow the batches.
    func moved(towards target: Tensor, by rate: Float) -> Tensor {
        let (old, new) = (array, target.array)
        return Tensor(shape, zip(old, new).map { $0 + rate * ($1 - $0) })
    }
}
