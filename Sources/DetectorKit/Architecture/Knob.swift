/// A width in a detector's architecture that can be set: what pruning, widening and the elastic supernet turn.
public enum Knob: Sendable, Hashable, Codable {
    case stem
    /// The trunk of a stage, from 0.
    case trunk(stage: Int)
    /// A width inside a block.
    case inner(stage: Int, block: Int, index: Int)
    /// The convolution behind the last stage.
    case top
    case lateral
    case neck
    case proposal
    /// A hidden layer of the box head.
    case head(Int)
}

extension Knob: CustomStringConvertible, Comparable {
    /// `stage2.block1.inner0`: stages and blocks count from 1 as in papers, widths from 0.
    public var description: String {
        switch self {
        case .stem: "stem"
        case .trunk(let stage): "stage\(stage + 1).trunk"
        case .inner(let stage, let block, let index): "stage\(stage + 1).block\(block + 1).inner\(index)"
        case .top: "top"
        case .lateral: "neck.lateral"
        case .neck: "neck.output"
        case .proposal: "proposal"
        case .head(let layer): "head\(layer)"
        }
    }

    private var order: [Int] {
        switch self {
        case .stem: [0]
        case .trunk(let stage): [1, stage, -1]
        case .inner(let stage, let block, let index): [1, stage, block, index]
        case .top: [1, .max]
        case .lateral: [2]
        case .neck: [3]
        case .proposal: [4]
        case .head(let layer): [5, layer]
        }
    }

    public static func < (a: Knob, b: Knob) -> Bool { a.order.lexicographicallyPrecedes(b.order) }
}

extension DetectorArchitecture {
    /// The width that a knob sets. The knob must be one of this architecture's.
    public subscript(knob: Knob) -> Int {
        get {
            switch knob {
            case .stem: backbone.stem.width
            case .trunk(let stage): backbone.stages[stage].width
            case .inner(let stage, let block, let index): backbone.stages[stage].blocks[block].widths[index]
            case .top: backbone.top?.width ?? 0
            case .lateral: neck.lateralWidth
            case .neck: neck.outputWidth
            case .proposal: proposalWidth
            case .head(let layer): headWidths[layer]
            }
        }
        set {
            switch knob {
            case .stem: backbone.stem.width = newValue
            case .trunk(let stage): backbone.stages[stage].width = newValue
            case .inner(let stage, let block, let index): backbone.stages[stage].blocks[block].widths[index] = newValue
            case .top: backbone.top?.width = newValue
            case .lateral: neck.lateralWidth = newValue
            case .neck: neck.outputWidth = newValue
            case .proposal: proposalWidth = newValue
            case .head(let layer): headWidths[layer] = newValue
            }
        }
    }
}
