/// A network as data: its operations in the order in which they run.
///
/// Everything that must agree about a network is derived from this one description: the parameters and their initial
/// values, the forward pass, the channel groups that pruning respects, and the cost. A backbone plugin only builds it.
public struct NetworkGraph: Sendable, Hashable {
    /// The index of a node; a node reads only from nodes before it.
    public struct NodeID: Sendable, Hashable, Comparable {
        public let index: Int
        public static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
    }

    public struct Node: Sendable, Hashable {
        public let operation: Operation
        public let inputs: [NodeID]
    }

    public enum Operation: Sendable, Hashable {
        /// A value that the caller gives: the image, or the features of RoIs.
        case input(name: String, channels: Int)
        case convolution(Convolution)
        case norm(Normalisation)
        case relu
        /// x · min(max(x + 3, 0), 6) / 6 (Howard et al. 2019).
        case hardSwish
        /// min(max(x + 3, 0), 6) / 6: what a gate is made with.
        case hardSigmoid
        case add
        /// The mean over the pixels: [N, C, H, W] to [N, C, 1, 1].
        case globalPool
        /// The first input, each channel times the second's [N, C, 1, 1] (squeeze-and-excitation, Hu et al. 2018).
        case gate
        case maxPool(kernel: Int, stride: Int, padding: Int)
        /// Nearest-neighbour resizing to the size of the second input.
        case upsample
        /// The features of regions, cut from the inputs (the pyramid's levels) by RoIAlign; the caller gives the value.
        case regions(name: String, size: Int)
        /// [R, C, H, W] to [R, C·H·W].
        case flatten
        case linear(Linear)
    }

    public struct Convolution: Sendable, Hashable {
        /// The prefix of its parameters: `<name>.weight`, `<name>.bias`. Convolutions of one name share them.
        public var name: String
        public var inputs: Int
        public var outputs: Int
        public var kernel: Int
        public var stride: Int
        public var padding: Int
        public var groups: Int
        public var bias: Bool
        public var initialiser: WeightInitialiser
        /// What sets its output width; nil where nothing may (the number of anchors, of classes).
        public var knob: Knob?

        public init(
            name: String, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int? = nil,
            groups: Int = 1, bias: Bool = false, initialiser: WeightInitialiser, knob: Knob?
        ) {
            self.name = name
            self.inputs = inputs
            self.outputs = outputs
            self.kernel = kernel
            self.stride = stride
            self.padding = padding ?? kernel / 2
            self.groups = groups
            self.bias = bias
            self.initialiser = initialiser
            self.knob = knob
        }
    }

    public struct Normalisation: Sendable, Hashable {
        /// The prefix of its parameters: `<name>.weight`, `.bias`, and `.running_mean`, `.running_var` but for groups.
        public var name: String
        public var kind: Norm
        public var channels: Int
        public var channelsPerGroup: Int
    }

    public struct Linear: Sendable, Hashable {
        public var name: String
        public var inputs: Int
        public var outputs: Int
        public var initialiser: WeightInitialiser
        public var knob: Knob?
    }

    public internal(set) var nodes: [Node] = []
    /// What a caller asks for, by name.
    public internal(set) var outputs: [String: NodeID] = [:]

    public subscript(id: NodeID) -> Node { nodes[id.index] }

    /// The nodes with their numbers, in running order.
    public var numbered: [(id: NodeID, node: Node)] {
        nodes.enumerated().map { (NodeID(index: $0.offset), $0.element) }
    }
}
