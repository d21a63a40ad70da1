import Basics
public import DetectorKit

/// The elastic dimensions of a supernet: what may be drawn in each, smallest first, the supernet's own value last.
public struct SearchSpace: Sendable, Hashable, Codable {
    /// Blocks of each stage.
    public var depths: [[Int]]
    /// Widths inside the blocks of a stage, as fractions of the supernet's.
    public var innerWidths: [Double]
    /// Widths of a stage's trunk, as fractions of the supernet's.
    public var trunkWidths: [Double]
    public var inputs: [DetectorArchitecture.InputSize]

    public init(
        depths: [[Int]], innerWidths: [Double], trunkWidths: [Double] = [1],
        inputs: [DetectorArchitecture.InputSize]
    ) {
        self.depths = depths
        self.innerWidths = innerWidths
        self.trunkWidths = trunkWidths
        self.inputs = inputs
    }

    /// A dimension in which teachers differ.
    public enum Dimension: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
        case depth(stage: Int)
        case inner(stage: Int)
        case trunk(stage: Int)
        case input

        public var description: String {
            switch self {
            case .depth(let stage): "stage\(stage + 1).depth"
            case .inner(let stage): "stage\(stage + 1).inner"
            case .trunk(let stage): "stage\(stage + 1).trunk"
            case .input: "input"
            }
        }
    }

    /// All dimensions, in a fixed order.
    public var dimensions: [Dimension] {
        let stages = depths.indices
        return stages.map { .depth(stage: $0) } + stages.map { .inner(stage: $0) } + stages.map { .trunk(stage: $0) }
            + [.input]
    }

    /// How many values a dimension has.
    public func count(_ dimension: Dimension) -> Int {
        switch dimension {
        case .depth(let stage): depths[stage].count
        case .inner: innerWidths.count
        case .trunk: trunkWidths.count
        case .input: inputs.count
        }
    }

    /// The dimensions that leave a choice.
    public var elastic: [Dimension] { dimensions.filter { count($0) > 1 } }

    /// The space below `largest`: up to `removable` blocks fewer in each stage, never less than one.
    public static func below(
        _ largest: DetectorArchitecture, removableBlocks: Int, innerWidths: [Double], trunkWidths: [Double] = [1],
        smallerInputs: [DetectorArchitecture.InputSize] = []
    ) -> SearchSpace {
        SearchSpace(
            depths: largest.backbone.stages.map { stage in
                Array(max(1, stage.blocks.count - removableBlocks)...stage.blocks.count)
            },
            innerWidths: innerWidths, trunkWidths: trunkWidths, inputs: smallerInputs + [largest.input])
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
        for (name, widths) in [("inner", innerWidths), ("trunk", trunkWidths)] {
            try require(
                widths.last == 1 && widths[0] > 0 && isAscending(widths),
                "the \(name) widths \(widths) do not rise to 1", "give fractions in rising order, 1 last")
        }
        try require(
            inputs.last == largest.input && isAscending(inputs.map(\.shorter)),
            "the input sizes do not rise to the largest network's", "give them in rising order")
        try require(
            !elastic.isEmpty, "the search space holds one teacher only", "open a depth, a width or an input size")
    }

    private func isAscending<Value: Comparable>(_ values: [Value]) -> Bool {
        zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
    }
}
