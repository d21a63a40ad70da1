/// Builds a `NetworkGraph` node by node.
public struct GraphBuilder: Sendable {
    public private(set) var graph = NetworkGraph()
    /// The channels of each node's value (before a flatten) or its features (after it).
    private var widths: [Int] = []

    public init() {}

    public func channels(of node: NetworkGraph.NodeID) -> Int { widths[node.index] }

    private mutating func append(
        _ operation: NetworkGraph.Operation, _ inputs: [NetworkGraph.NodeID], width: Int
    ) -> NetworkGraph.NodeID {
        graph.nodes.append(NetworkGraph.Node(operation: operation, inputs: inputs))
        widths.append(width)
        return NetworkGraph.NodeID(index: graph.nodes.count - 1)
    }

    public mutating func input(_ name: String, channels: Int) -> NetworkGraph.NodeID {
        append(.input(name: name, channels: channels), [], width: channels)
    }

    /// A convolution without padding given pads by half its kernel.
    public mutating func convolution(
        _ name: String, _ input: NetworkGraph.NodeID, to outputs: Int, kernel: Int, stride: Int = 1,
        padding: Int? = nil, groups: Int = 1, bias: Bool = false, initialiser: WeightInitialiser, knob: Knob?
    ) -> NetworkGraph.NodeID {
        let convolution = NetworkGraph.Convolution(
            name: name, inputs: channels(of: input), outputs: outputs, kernel: kernel, stride: stride,
            padding: padding, groups: groups, bias: bias, initialiser: initialiser, knob: knob)
        return append(.convolution(convolution), [input], width: outputs)
    }

    public mutating func norm(
        _ name: String, _ input: NetworkGraph.NodeID, _ kind: Norm, channelsPerGroup: Int
    ) -> NetworkGraph.NodeID {
        let norm = NetworkGraph.Normalisation(
            name: name, kind: kind, channels: channels(of: input), channelsPerGroup: channelsPerGroup)
        return append(.norm(norm), [input], width: channels(of: input))
    }

    public mutating func relu(_ input: NetworkGraph.NodeID) -> NetworkGraph.NodeID {
        append(.relu, [input], width: channels(of: input))
    }

    public mutating func hardSwish(_ input: NetworkGraph.NodeID) -> NetworkGraph.NodeID {
        append(.hardSwish, [input], width: channels(of: input))
    }

    public mutating func hardSigmoid(_ input: NetworkGraph.NodeID) -> NetworkGraph.NodeID {
        append(.hardSigmoid, [input], width: channels(of: input))
    }

    public mutating func add(_ a: NetworkGraph.NodeID, _ b: NetworkGraph.NodeID) -> NetworkGraph.NodeID {
        append(.add, [a, b], width: channels(of: a))
    }

    public mutating func maxPool(
        _ input: NetworkGraph.NodeID, kernel: Int, stride: Int, padding: Int
    ) -> NetworkGraph.NodeID {
        append(.maxPool(kernel: kernel, stride: stride, padding: padding), [input], width: channels(of: input))
    }

    /// The mean over all pixels.
    public mutating func globalPool(_ input: NetworkGraph.NodeID) -> NetworkGraph.NodeID {
        append(.globalPool, [input], width: channels(of: input))
    }

    /// `input` with each channel times its factor in `gate`, which has one pixel.
    public mutating func gate(
        _ input: NetworkGraph.NodeID, by gate: NetworkGraph.NodeID
    ) -> NetworkGraph.NodeID {
        append(.gate, [input, gate], width: channels(of: input))
    }

    /// Nearest-neighbour resizing of `input` to the size of `reference`.
    public mutating func upsample(
        _ input: NetworkGraph.NodeID, like reference: NetworkGraph.NodeID
    ) -> NetworkGraph.NodeID {
        append(.upsample, [input, reference], width: channels(of: input))
    }

    public mutating func regions(
        _ name: String, from levels: [NetworkGraph.NodeID], size: Int
    ) -> NetworkGraph.NodeID {
        append(.regions(name: name, size: size), levels, width: channels(of: levels[0]))
    }

    public mutating func flatten(_ input: NetworkGraph.NodeID, area: Int) -> NetworkGraph.NodeID {
        append(.flatten, [input], width: channels(of: input) * area)
    }

    public mutating func linear(
        _ name: String, _ input: NetworkGraph.NodeID, to outputs: Int, initialiser: WeightInitialiser, knob: Knob?
    ) -> NetworkGraph.NodeID {
        let linear = NetworkGraph.Linear(
            name: name, inputs: channels(of: input), outputs: outputs, initialiser: initialiser, knob: knob)
        return append(.linear(linear), [input], width: outputs)
    }

    public mutating func output(_ name: String, _ node: NetworkGraph.NodeID) { graph.outputs[name] = node }
}
