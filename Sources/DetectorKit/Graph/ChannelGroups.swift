/// Channels that must change together: a layer's outputs, the norms behind it, and the inputs of all that read them.
///
/// A residual trunk couples all of its blocks and the lateral convolution behind it. The groups come from the graph by
/// one rule per operation and a union-find over nodes; the idea is DepGraph's (Fang et al., CVPR 2023).
public struct ChannelGroup: Sendable, Hashable {
    /// A piece of a parameter that belongs to the group: its channels run along `axis`, `span` entries for each.
    public struct Slice: Sendable, Hashable {
        public enum Role: Sendable, Hashable {
            /// Makes the channels: a weight's outputs, or its bias.
            case producer
            /// Scales or shifts the channels, or holds their statistics.
            case norm
            /// Reads the channels: a weight's inputs.
            case consumer
        }

        public let parameter: String
        public let axis: Int
        public let span: Int
        public let role: Role
    }

    /// The widths that set this group's; all are turned together. Empty for a group of fixed width (the image's
    /// channels, the classes).
    public let knobs: [Knob]
    public let width: Int
    /// The channels per group of every norm and of every grouped convolution on these channels: they stay or go together.
    public let unitWidths: [Int]
    /// Every slice once, in running order.
    public let slices: [Slice]

    /// Widths go by this step: the least common multiple of the plugin's unit and of the channels per group.
    public func unit(base: Int) -> Int { unitWidths.reduce(base, leastCommonMultiple) }
}

func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    return a / x * b
}

extension NetworkGraph {
    /// The channel groups in order of their first node.
    public var channelGroups: [ChannelGroup] {
        var analysis = ChannelAnalysis(nodeCount: nodes.count)
        for (id, node) in numbered { analysis.visit(id.index, node) }
        return analysis.groups()
    }
}

/// The union-find over nodes, and what was seen on each node's channels.
private struct ChannelAnalysis {
    private struct Facts {
        var width = 0
        var knobs: Set<Knob> = []
        var norms: Set<Int> = []
        var convolutionGroups: Set<Int> = []
        var slices: [ChannelGroup.Slice] = []
        var isFixed = false
    }

    private var parent: [Int]
    private var facts: [Facts]
    /// How many entries of a flattened feature belong to each channel.
    private var spans: [Int]
    /// The node that first ran a named layer: later runs share its parameters and therefore its channels.
    private var firstRun: [String: (input: Int, output: Int)] = [:]

    init(nodeCount: Int) {
        parent = Array(0..<nodeCount)
        facts = Array(repeating: Facts(), count: nodeCount)
        spans = Array(repeating: 1, count: nodeCount)
    }

    private func root(_ node: Int) -> Int {
        var node = node
        while parent[node] != node { node = parent[node] }
        return node
    }

    private mutating func unite(_ a: Int, _ b: Int) {
        let (low, high) = (min(root(a), root(b)), max(root(a), root(b)))
        if low != high { parent[high] = low }
    }

    mutating func visit(_ index: Int, _ node: NetworkGraph.Node) {
        let inputs = node.inputs.map(\.index)
        switch node.operation {
        case .input(_, let channels):
            facts[index].width = channels
            facts[index].isFixed = true
        case .relu, .hardSwish, .hardSigmoid, .maxPool, .globalPool:
            follow(index, inputs[0])
        case .upsample:
            follow(index, inputs[0])
        case .add, .gate, .regions:
            for input in inputs { follow(index, input) }
        case .flatten:
            // Flattening [C, 7, 7] gives each channel 49 neighbouring entries; the builder checked the widths.
            follow(index, inputs[0])
            spans[index] = 0
        case .norm(let norm):
            follow(index, inputs[0])
            facts[index].norms.insert(norm.kind == .group ? norm.channelsPerGroup : 1)
            for spec in norm.parameters { note(index, spec.name, axis: 0, .norm) }
        case .convolution(let convolution):
            visit(index, convolution, input: inputs[0])
        case .linear(let linear):
            let input = inputs[0]
            let span = spans[input] == 0 ? linear.inputs / facts[root(input)].width : 1
            run(linear.name, index, input: input, outputs: linear.outputs, knob: linear.knob) { analysis in
                analysis.note(index, "\(linear.name).weight", axis: 0, .producer)
                analysis.note(index, "\(linear.name).bias", axis: 0, .producer)
                analysis.note(input, "\(linear.name).weight", axis: 1, span: span, .consumer)
            }
        }
    }

    private mutating func visit(_ index: Int, _ convolution: NetworkGraph.Convolution, input: Int) {
        run(convolution.name, index, input: input, outputs: convolution.outputs, knob: convolution.knob) { analysis in
            analysis.note(index, "\(convolution.name).weight", axis: 0, .producer)
            if convolution.bias { analysis.note(index, "\(convolution.name).bias", axis: 0, .producer) }
            if convolution.groups == 1 {
                analysis.note(input, "\(convolution.name).weight", axis: 1, .consumer)
            } else {
                // As many channels on both sides: each convolution group comes and goes as a whole, with its inputs and
                // its outputs, and keeps its width, as norm groups do. A depthwise convolution's groups are of one channel.
                if convolution.inputs == convolution.outputs {
                    analysis.unite(index, input)
                    analysis.facts[index].convolutionGroups.insert(convolution.outputs / convolution.groups)
                } else {
                    analysis.facts[index].isFixed = true
                    analysis.facts[input].isFixed = true
                }
            }
        }
    }

    /// Runs a named layer: a second run of the same name shares the first one's channels on both sides.
    private mutating func run(
        _ name: String, _ index: Int, input: Int, outputs: Int, knob: Knob?, first: (inout ChannelAnalysis) -> Void
    ) {
        facts[index].width = outputs
        if let knob { facts[index].knobs.insert(knob) } else { facts[index].isFixed = true }
        if let earlier = firstRun[name] {
            unite(index, earlier.output)
            unite(input, earlier.input)
        } else {
            firstRun[name] = (input, index)
            first(&self)
        }
    }

    private mutating func follow(_ index: Int, _ input: Int) {
        unite(index, input)
        spans[index] = spans[input]
    }

    private mutating func note(
        _ index: Int, _ parameter: String, axis: Int, span: Int = 1, _ role: ChannelGroup.Slice.Role
    ) {
        facts[index].slices.append(ChannelGroup.Slice(parameter: parameter, axis: axis, span: span, role: role))
    }

    func groups() -> [ChannelGroup] {
        var members: [Int: [Int]] = [:]
        for node in parent.indices { members[root(node), default: []].append(node) }
        return members.keys.sorted().map { root in
            let all = (members[root] ?? []).map { facts[$0] }
            let isFixed = all.contains(where: \.isFixed)
            return ChannelGroup(
                knobs: isFixed ? [] : Set(all.flatMap(\.knobs)).sorted(), width: all.map(\.width).max() ?? 0,
                unitWidths: Set(all.flatMap { $0.norms.union($0.convolutionGroups) }).sorted(),
                slices: all.flatMap(\.slices))
        }
    }
}
