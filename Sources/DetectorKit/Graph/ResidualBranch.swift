extension NetworkGraph {
    /// The parameters that make a residual block add nothing to its input where they are 0: scale and shift of the last
    /// norm on its branch, or the last convolution's weight and bias where no norm follows it; where one follows that is
    /// never trained, its shift and mean too. Nil where the block's parameters (those with this prefix) end in no sum that a branch of it feeds.
    public func parametersThatSilence(_ prefix: String) -> Set<String>? {
        let own = numbered.filter { $0.node.operation.layerName?.hasPrefix(prefix) ?? false }.map(\.id)
        guard let first = own.first, let last = own.last,
            let sum = numbered.first(where: { id, node in
                guard id > last, case .add = node.operation else { return false }
                return true
            })
        else { return nil }
        // The other operand is the block's input, which stands before all of it.
        guard let branch = sum.node.inputs.first(where: { $0 >= first }),
            sum.node.inputs.contains(where: { $0 < first })
        else { return nil }
        return silencers(of: branch, from: first)
    }

    private func silencers(of id: NodeID, from first: NodeID) -> Set<String>? {
        guard id >= first else { return nil }
        let node = self[id]
        switch node.operation {
        case .norm(let norm):
            guard norm.kind == .frozen else { return ["\(norm.name).weight", "\(norm.name).bias"] }
            return silencers(of: node.inputs[0], from: first)?
                .union(["\(norm.name).bias", "\(norm.name).running_mean"])
        case .convolution(let layer):
            return layer.bias ? ["\(layer.name).weight", "\(layer.name).bias"] : ["\(layer.name).weight"]
        case .linear(let layer): return ["\(layer.name).weight", "\(layer.name).bias"]
        // These make 0 of 0.
        case .relu, .hardSwish, .maxPool, .globalPool, .gate, .upsample, .flatten:
            return silencers(of: node.inputs[0], from: first)
        case .input, .hardSigmoid, .add, .regions: return nil
        }
    }
}

extension NetworkGraph.Operation {
    /// The prefix of its parameters; nil for an operation without any.
    var layerName: String? {
        switch self {
        case .convolution(let layer): layer.name
        case .norm(let layer): layer.name
        case .linear(let layer): layer.name
        case .input, .relu, .hardSwish, .hardSigmoid, .add, .maxPool, .globalPool, .gate, .upsample, .regions, .flatten:
            nil
        }
    }
}
