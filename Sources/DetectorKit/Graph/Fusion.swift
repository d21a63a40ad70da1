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
                case .input, .convolution, .hardSwish, .hardSigmoid, .maxPool, .globalPool, .gate, .upsample, .regions,
                    .flatten, .linear:
                    break
                }
            }
            fusions[id] = fusion
        }
        return fusions
    }

    /// Whether an operation can run with a fusion that stands before it.
    private func takes(_ fusion: Fusion, _ operation: Operation) -> Bool {
        if fusion.relu { return false }
        let head = Head(self[fusion.head].operation)
        switch operation {
        case .norm(let norm):
            return head == .convolution && norm.kind != .group && fusion.norm == nil && fusion.residual == nil
        case .add: return (head == .convolution || head == .norm) && fusion.residual == nil
        case .relu: return head != .other
        case .input, .convolution, .hardSwish, .hardSigmoid, .maxPool, .globalPool, .gate, .upsample, .regions,
            .flatten, .linear:
            return false
        }
    }

    /// What can take others in.
    private enum Head {
        case convolution, norm, add, linear, other

        init(_ operation: Operation) {
            switch operation {
            case .convolution: self = .convolution
            case .norm: self = .norm
            case .add: self = .add
            case .linear: self = .linear
            case .input, .relu, .hardSwish, .hardSigmoid, .maxPool, .globalPool, .gate, .upsample, .regions, .flatten:
                self = .other
            }
        }
    }
}
