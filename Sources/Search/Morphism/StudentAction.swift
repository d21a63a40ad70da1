import Basics
public import DetectorKit

/// One change of a student's architecture, as a value.
///
/// The set of actions is our design on published ideas (`docs` name them); the Joint-DetNAS paper only says that the
/// student morphs and inherits weights.
public enum StudentAction: Sendable, Hashable {
    /// A new residual block at the end of a stage (from 0).
    case addBlock(stage: Int)
    /// Any block but a stage's first, which changes resolution and width.
    case removeBlock(stage: Int, block: Int)
    /// Any block but a stage's first, to the end of another stage. What it learnt goes with it where it fits: parameters
    /// of the same shape; the last ones of its branch start at 0, so that it adds nothing at its new place.
    case moveBlock(stage: Int, block: Int, to: Int)
    /// A new width for a knob and all that its channel group couples to it: pruning or widening.
    case setWidth(knob: Knob, width: Int)
    /// Another size of images; all weights stay.
    case setInput(DetectorArchitecture.InputSize)
    /// Another number of proposals that reach the box head in inference; all weights stay, and so does training.
    case setProposals(Int)

    /// What the search's bandit learns about.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
        case addBlock = "add-block"
        case removeBlock = "remove-block"
        case moveBlock = "move-block"
        case prune
        case widen
        case input
        case proposals

        public static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }
    }

    /// The kind of this action on a parent.
    public func kind(on parent: DetectorArchitecture) -> Kind {
        switch self {
        case .addBlock: .addBlock
        case .removeBlock: .removeBlock
        case .moveBlock: .moveBlock
        case .setWidth(let knob, let width): width < parent[knob] ? .prune : .widen
        case .setInput: .input
        case .setProposals: .proposals
        }
    }
}

extension StudentAction {
    /// The child of `parent`, with its graph; an action that is not legal for it is refused.
    public func apply(to parent: DetectorGraph, _ catalog: BackboneCatalog) throws -> DetectorGraph {
        let child = try DetectorGraph(changed(parent, catalog), catalog, at: description)
        try requireSameNetwork(parent, child, catalog)
        return child
    }

    /// The changed architecture; legal as far as can be said without building its graph.
    private func changed(_ parent: DetectorGraph, _ catalog: BackboneCatalog) throws -> DetectorArchitecture {
        var child = parent.architecture
        switch self {
        case .addBlock(let stage):
            try requireStage(stage, parent)
            let backbone = try catalog.backbone(child.backbone.plugin)
            child.backbone.stages[stage].blocks.append(backbone.newBlock(child.backbone, stage: stage))
        case .removeBlock(let stage, let block):
            try requireRemovable(stage, block, parent)
            child.backbone.stages[stage].blocks.remove(at: block)
        case .moveBlock(let stage, let block, let other):
            try requireRemovable(stage, block, parent)
            try requireStage(other, parent)
            guard stage != other else {
                throw refusal("it is in stage \(stage + 1) already", "name another stage to move it to")
            }
            // As it is: the plugin refuses a block that its new stage cannot have.
            child.backbone.stages[other].blocks.append(child.backbone.stages[stage].blocks.remove(at: block))
        case .setInput(let size):
            child.input = size
        case .setProposals(let count):
            child.selection.inference.afterNMS = count
        case .setWidth(let knob, let width):
            guard let group = parent.group(of: knob) else {
                throw refusal("this detector has no width '\(knob)' that may change", "name one of its knobs")
            }
            let unit = parent.units[knob] ?? 1
            guard width >= unit, width % unit == 0 else {
                throw refusal("a width of \(width)", "give a positive multiple of \(unit)")
            }
            for knob in group.knobs { child[knob] = width }
        }
        guard child != parent.architecture else {
            throw refusal("it changes nothing", "give another value than the parent's")
        }
        return child
    }

    private func requireStage(_ stage: Int, _ parent: DetectorGraph) throws {
        let count = parent.architecture.backbone.stages.count
        guard stage >= 0, stage < count else {
            throw refusal("there is no stage \(stage + 1)", "give a stage from 1 to \(count)")
        }
    }

    private func requireRemovable(_ stage: Int, _ block: Int, _ parent: DetectorGraph) throws {
        try requireStage(stage, parent)
        let count = parent.architecture.backbone.stages[stage].blocks.count
        guard block >= 1, block < count else {
            throw refusal(
                "stage \(stage + 1) has \(count) blocks, and its first changes the resolution",
                "name a block from 2 to the stage's last")
        }
    }

    /// A width must not make layers come or go: a shortcut whose two sides become equally wide would lose its
    /// projection, and what the projection had learnt with it.
    private func requireSameNetwork(
        _ parent: DetectorGraph, _ child: DetectorGraph, _ catalog: BackboneCatalog
    ) throws {
        let rename = try renaming(parent.architecture, catalog)
        let known = Set(parent.network.parameters.map(\.name))
        let sources = child.network.parameters.compactMap { rename($0.name) }
        let expected: Int
        switch self {
        case .removeBlock(let stage, let block), .moveBlock(let stage, let block, _):
            let backbone = try catalog.backbone(parent.architecture.backbone.plugin)
            let prefix = backbone.parameterPrefix(stage: stage, block: block)
            expected = known.filter { !$0.hasPrefix(prefix) }.count
        case .addBlock, .setWidth, .setInput, .setProposals: expected = known.count
        }
        // A shortcut without a projection has no parameters, but is a node.
        let keepsNodes: Bool
        switch self {
        case .setWidth, .setInput, .setProposals:
            keepsNodes = child.network.nodes.count == parent.network.nodes.count
        case .addBlock, .removeBlock, .moveBlock: keepsNodes = true
        }
        guard sources.count == expected, sources.allSatisfy(known.contains), keepsNodes else {
            throw refusal("it would add or drop layers beside those it names", "choose another width")
        }
    }

    /// The stage that gets a new block at its end; nil where none does.
    var grownStage: Int? {
        switch self {
        case .addBlock(let stage): stage
        case .moveBlock(_, _, let stage): stage
        case .removeBlock, .setWidth, .setInput, .setProposals: nil
        }
    }

    /// From a child's parameter name to the parent's; nil for a parameter of the new block.
    func renaming(
        _ parent: DetectorArchitecture, _ catalog: BackboneCatalog
    ) throws -> (String) -> String? {
        let backbone = try catalog.backbone(parent.backbone.plugin)
        var moved: [(child: String, parent: String)] = []
        switch self {
        case .setWidth, .setInput, .setProposals, .addBlock: break
        case .removeBlock(let stage, let block), .moveBlock(let stage, let block, _):
            moved = (block + 1..<max(block + 1, parent.backbone.stages[stage].blocks.count)).map { later in
                (
                    child: backbone.parameterPrefix(stage: stage, block: later - 1),
                    parent: backbone.parameterPrefix(stage: stage, block: later)
                )
            }
        }
        let new = grownStage.map {
            backbone.parameterPrefix(stage: $0, block: parent.backbone.stages[$0].blocks.count)
        }
        return { [moved] name in
            if let new, name.hasPrefix(new) { return nil }
            guard let pair = moved.first(where: { name.hasPrefix($0.child) }) else { return name }
            return pair.parent + name.dropFirst(pair.child.count)
        }
    }

    private func refusal(_ what: String, _ remedy: String) -> Failure {
        Failure("\(description): \(what)", remedy: remedy)
    }
}
