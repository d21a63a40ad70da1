import Basics
public import DetectorKit

/// The elastic dimensions of a supernet: what may be drawn in each, smallest first, the supernet's own value last.
public struct SearchSpace: Sendable, Hashable, Codable {
    /// Blocks of each stage.
    public var depths: [[Int]]
    /// Widths inside the blocks, as fractions of the supernet's.
    public var innerWidths: [Double]
    /// Whether each block has a width of its own, as in Once-for-All, or all blocks of a stage have one.
    private var perBlock: Bool?
    /// By dimension, where there are other shares than `innerWidths` and `trunkWidths`: those that would only give another one's
    /// width are left out (see `Supernet.distinct`).
    private var exceptions: [String: [Double]]?
    /// Widths of a stage's trunk, as fractions of the supernet's.
    public var trunkWidths: [Double]
    public var inputs: [DetectorArchitecture.InputSize]

    public init(
        depths: [[Int]], innerWidths: [Double], perBlock: Bool = false, trunkWidths: [Double] = [1],
        inputs: [DetectorArchitecture.InputSize]
    ) {
        self.depths = depths
        self.innerWidths = innerWidths
        self.perBlock = perBlock ? true : nil
        self.trunkWidths = trunkWidths
        self.inputs = inputs
    }

    /// A dimension in which teachers differ.
    public enum Dimension: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
        case depth(stage: Int)
        /// `block` is nil where all blocks of the stage go together.
        case inner(stage: Int, block: Int?)
        case trunk(stage: Int)
        case input

        public var description: String {
            switch self {
            case .depth(let stage): "stage\(stage + 1).depth"
            case .inner(let stage, let block):
                "stage\(stage + 1).\(block.map { "block\($0 + 1)." } ?? "")inner"
            case .trunk(let stage): "stage\(stage + 1).trunk"
            case .input: "input"
            }
        }

        private var place: (Int, Int, Int) {
            switch self {
            case .depth(let stage): (0, stage, 0)
            case .inner(let stage, let block): (1, stage, block ?? -1)
            case .trunk(let stage): (2, stage, 0)
            case .input: (3, 0, 0)
            }
        }

        public static func < (a: Self, b: Self) -> Bool { a.place < b.place }
    }

    /// All dimensions, in a fixed order.
    public var dimensions: [Dimension] {
        let stages = depths.indices
        let inner = stages.flatMap { stage -> [Dimension] in
            guard isPerBlock else { return [.inner(stage: stage, block: nil)] }
            return (0..<(depths[stage].last ?? 0)).map { .inner(stage: stage, block: $0) }
        }
        return stages.map { .depth(stage: $0) } + inner + stages.map { .trunk(stage: $0) } + [.input]
    }

    /// Whether each block has a width of its own.
    public var isPerBlock: Bool { perBlock == true }

    /// The widths of a dimension, as fractions of the supernet's; none where a dimension is no width.
    public func shares(_ dimension: Dimension) -> [Double] {
        switch dimension {
        case .inner: exceptions?[dimension.description] ?? innerWidths
        case .trunk: exceptions?[dimension.description] ?? trunkWidths
        case .depth, .input: []
        }
    }

    /// Gives a dimension other shares than the rest.
    public mutating func restrict(_ dimension: Dimension, to shares: [Double]) {
        if shares != self.shares(dimension) {
            exceptions = (exceptions ?? [:]).merging([dimension.description: shares]) { $1 }
        }
    }

    /// How many values a dimension has.
    public func count(_ dimension: Dimension) -> Int {
        switch dimension {
        case .depth(let stage): depths[stage].count
        case .inner, .trunk: shares(dimension).count
        case .input: inputs.count
        }
    }

    /// The dimensions that leave a choice.
    public var elastic: [Dimension] { dimensions.filter { count($0) > 1 } }

    /// The space below `largest`: up to `removable` blocks fewer in each stage, never less than one.
    public static func below(
        _ largest: DetectorArchitecture, removableBlocks: Int, innerWidths: [Double], perBlock: Bool = false,
        trunkWidths: [Double] = [1],
        smallerInputs: [DetectorArchitecture.InputSize] = []
    ) -> SearchSpace {
        SearchSpace(
            depths: largest.backbone.stages.map { stage in
                Array(max(1, stage.blocks.count - removableBlocks)...stage.blocks.count)
            },
            innerWidths: innerWidths, perBlock: perBlock, trunkWidths: trunkWidths,
            inputs: smallerInputs + [largest.input])
    }

    /// Refuses a space that does not end in the supernet's own values, or that holds one teacher only.
    public func validate(for largest: DetectorArchitecture, at place: String? = nil) throws {
        func require(_ condition: Bool, _ what: String, _ remedy: String) throws {
            if !condition { throw Failure(what, at: place, remedy: remedy) }
        }
        let stages = largest.backbone.stages
        try require(
            depths.count == stages.count, "the search space has depths for \(depths.count) stages",
            "give depths for \(stages.count) stages")
        for (stage, depths) in depths.enumerated() {
            try require(
                depths.last == stages[stage].blocks.count && depths[0] >= 1 && isAscending(depths),
                "the depths \(depths) of stage \(stage + 1) do not rise from 1 or more to \(stages[stage].blocks.count)",
                "give them in rising order, the largest network's depth last")
        }
        for dimension in dimensions {
            let widths: [Double]
            switch dimension {
            case .inner, .trunk: widths = shares(dimension)
            case .depth, .input: continue
            }
            try require(
                widths.last == 1 && widths[0] > 0 && isAscending(widths),
                "the widths \(widths) of \(dimension) do not rise to 1", "give fractions in rising order, 1 last")
        }
        try require(
            inputs.last == largest.input && isAscending(inputs.map(\.shorter)),
            "the input sizes \(inputs.map(\.shorter)) do not rise to the largest network's, \(largest.input.shorter)",
            "name sizes below \(largest.input.shorter), each once, in rising order")
        try require(
            !elastic.isEmpty, "the search space holds one teacher only", "open a depth, a width or an input size")
    }

    private func isAscending<Value: Comparable>(_ values: [Value]) -> Bool {
        zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
    }
}
