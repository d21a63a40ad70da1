public import Basics
public import DetectorKit
public import Tensor

/// How much larger than the base the supernet's largest network is.
public struct PoolGrowth: Sendable, Hashable, Codable {
    /// Blocks to add to each stage.
    public var blocks: [Int]
    /// The inner widths, as a multiple of the base's; at least 1.
    public var innerWidth: Double
    /// The shorter side of its images, in pixels, above the base's; nil: as the base's.
    public var input: Int?

    public init(blocks: [Int], innerWidth: Double, input: Int? = nil) {
        self.blocks = blocks
        self.innerWidth = innerWidth
        self.input = input
    }

    /// The grown network alone.
    public func grow(_ base: DetectorGraph, _ catalog: BackboneCatalog) throws -> DetectorGraph {
        try actions(above: base).reduce(base) { try $1.apply(to: $0, catalog) }
    }

    /// The grown network with weights under which it still computes what the base does: each step is a function-preserving
    /// action, but for a larger input, which needs training.
    public func grow(
        _ base: DetectorGraph, _ weights: NamedTensors, _ random: RandomStream, _ catalog: BackboneCatalog
    ) throws -> (graph: DetectorGraph, weights: NamedTensors) {
        var (graph, weights) = (base, weights)
        for action in try actions(above: base) {
            let child = try action.morph(graph, weights, importance: nil, random.stream("\(action)"), catalog)
            (graph, weights) = (child.graph, child.weights)
        }
        return (graph, weights)
    }

    private func actions(above base: DetectorGraph) throws -> [StudentAction] {
        guard blocks.count <= base.architecture.backbone.stages.count, blocks.allSatisfy({ $0 >= 0 }) else {
            throw Failure(
                "blocks to add are given for \(blocks.count) stages", at: "grow.blocks",
                remedy: "give at most \(base.architecture.backbone.stages.count) numbers from 0 on")
        }
        var actions: [StudentAction] = []
        for group in base.channelGroups {
            guard innerWidth > 1, let knob = group.knobs.first, case .inner = knob else { continue }
            let unit = base.searchUnit(of: knob)
            let width = Int((innerWidth * Double(group.width / unit)).rounded()) * unit
            if width > group.width { actions.append(.setWidth(knob: knob, width: width)) }
        }
        for (stage, count) in blocks.enumerated() {
            actions += Array(repeating: .addBlock(stage: stage), count: count)
        }
        if let input {
            let own = base.architecture.input
            guard input > own.shorter else {
                throw Failure(
                    "an input of \(input) pixels does not grow the base's of \(own.shorter)", at: "grow.input",
                    remedy: "give a shorter side above \(own.shorter), or name smaller ones in 'space.inputs'")
            }
            actions.append(.setInput(own.with(shorter: input)))
        }
        return actions
    }
}
