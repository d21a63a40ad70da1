/// Nodes that run as one operation: a convolution or norm with what follows it and has no other reader.
struct Fusion {
    var head: NetworkGraph.NodeID
    /// The norm behind a convolution. Folded into it where its statistics are fixed.
    var norm: NetworkGraph.Normalisation?
    /// What is added to the result.
    var residual: NetworkGraph.NodeID?
    var relu = false
}

extension NetworkGraph {
    /// The operations of a pass, each by its last node; together they hold every node once.
    func fusions() -> [NodeID: Fusion] {
        var readers: [NodeID: Int] = [:]
        for node in nodes { for input in node.inputs { readers[input, default: 0] += 1 } }
        for output in outputs.values { readers[output, default: 0] += 1 }
        var fusions: [NodeID: Fusion] = [:]
        for (id, node) in numbered {
            var fusion = Fusion(head: id)
            if let input = node.inputs.first(where: { input in
                readers[input] == 1 && fusions[input].map { takes($0, node.operation) } ?? false
            }), let earlier = fusions.removeValue(forKey: input) {
                fusion = earlier
                switch node.operation {
                case .norm(let norm): fusion.norm = norm
                case .add: fusion.residual = node.inputs.first { $0 != input }
                case .relu: fusion.relu = true
                case .input, .convolution, .maxPool, .upsample, .regions, .flatten, .linear: break
                }
            }
            fusions[id] = fusion
        }
        return fusions
    }

    /// Whether an operation can run with a fusion that stands before it.
    private func takes(_ fusion: Fusion, _ operation: Operation) -> Bool {
        if fusion.relu { return false }
        let head = self[fusion.head].operation
        switch (operation, head) {
        case (.norm(let norm), .convolution): return norm.kind != .group && fusion.norm == nil && fusion.residual == nil
        case (.add, .convolution), (.add, .norm): return fusion.residual == nil
        case (.relu, .convolution), (.relu, .norm), (.relu, .add), (.relu, .linear): return true
        default: return false
        }
    }
}
