public import Basics
public import DetectorKit
public import Tensor

/// What a child takes over from its parent, for one action: a pure function of graphs, action and importance.
///
/// - Kept channels are the most important ones, in their order.
/// - A new channel has random incoming weights and zero weights in everything that reads it, so that the child's
///   outputs are the parent's (Net2Wider's aim, Chen et al. 2016, without its copying).
/// - A new block's last norm has scale and shift 0, so that the block adds nothing. Under a frozen norm, which never
///   trains, or where the branch ends in a convolution, that convolution's weight is 0 in its stead.
/// - A removed block's followers move up.
/// - A moved block is a removed and a new one: what it inherits of itself is all that has the same shape, but for the
///   parameters that start at 0.
public struct Inheritance: Sendable {
    public let parent: DetectorGraph
    public let child: DetectorGraph
    /// Child parameter → where its entries come from.
    public let maps: [String: ParameterMap]
    /// Parameters that start at zero where they have no source.
    private let zeroed: Set<String>
    /// Axes along which entries without a source are zero: those that read new channels.
    private let reading: [String: Set<Int>]
    private let specs: [String: ParameterSpec]

    /// `importance` orders the channels of a group that gets narrower; without scores the first ones stay.
    public init(
        _ action: StudentAction, parent: DetectorGraph, child: DetectorGraph, importance: Importance?,
        _ catalog: BackboneCatalog
    ) throws {
        self.parent = parent
        self.child = child
        let rename = try action.renaming(parent.architecture, catalog)
        specs = Dictionary(uniqueKeysWithValues: child.network.parameters.map { ($0.name, $0) })

        var axes: [String: [Int: [Int]]] = [:]
        var reading: [String: Set<Int>] = [:]
        if case .setWidth(let knob, let width) = action, let group = child.group(of: knob),
            let before = parent.group(of: knob)
        {
            let sources = Self.sources(of: before, width: width, scores: importance?.scores(of: before))
            for slice in group.slices {
                axes[slice.parameter, default: [:]][slice.axis] = sources.flatMap { source in
                    (0..<slice.span).map { source < 0 ? -1 : source * slice.span + $0 }
                }
                if slice.role == .consumer { reading[slice.parameter, default: []].insert(slice.axis) }
            }
        }
        self.reading = reading
        let zeroed = try Self.zeroedParameters(action, parent: parent, child: child, catalog)
        let carried = try Self.carried(action, parent: parent, child: child, catalog)
        maps = specs.mapValues { spec in
            let source = rename(spec.name) ?? (zeroed.contains(spec.name) ? nil : carried[spec.name])
            return ParameterMap(shape: spec.shape, source: source, axes: axes[spec.name] ?? [:])
        }
        self.zeroed = zeroed
    }

    /// What a moved block takes with it: child parameter → parent parameter of the same shape.
    private static func carried(
        _ action: StudentAction, parent: DetectorGraph, child: DetectorGraph, _ catalog: BackboneCatalog
    ) throws -> [String: String] {
        guard case .moveBlock(let stage, let block, let other) = action else { return [:] }
        let backbone = try catalog.backbone(parent.architecture.backbone.plugin)
        let old = backbone.parameterPrefix(stage: stage, block: block)
        let new = backbone.parameterPrefix(
            stage: other, block: parent.architecture.backbone.stages[other].blocks.count)
        let shapes = Dictionary(uniqueKeysWithValues: parent.network.parameters.map { ($0.name, $0.shape) })
        var carried: [String: String] = [:]
        for spec in child.network.parameters where spec.name.hasPrefix(new) {
            let source = old + spec.name.dropFirst(new.count)
            if shapes[source] == spec.shape { carried[spec.name] = source }
        }
        return carried
    }

    /// The parent's channel behind each of the child's: all and then new ones (-1), or the most important ones.
    ///
    /// Channels stay or go by whole norm groups: the statistics of the others are then left alone.
    private static func sources(of group: ChannelGroup, width: Int, scores: [Float]?) -> [Int] {
        if width >= group.width { return Array(0..<group.width) + Array(repeating: -1, count: width - group.width) }
        let step = group.unit(base: 1)
        guard let scores else { return Array(0..<width) }
        return Importance.strongest(width / step, unit: step, scores: scores).flatMap { unit in
            unit * step..<(unit + 1) * step
        }
    }

    private static func zeroedParameters(
        _ action: StudentAction, parent: DetectorGraph, child: DetectorGraph, _ catalog: BackboneCatalog
    ) throws -> Set<String> {
        guard let stage = action.grownStage else { return [] }
        let backbone = try catalog.backbone(child.architecture.backbone.plugin)
        let block = parent.architecture.backbone.stages[stage].blocks.count
        let prefix = backbone.parameterPrefix(stage: stage, block: block)
        guard let zeroed = child.network.parametersThatSilence(prefix) else {
            throw Failure(
                "a new block of the backbone plugin '\(backbone.name)' cannot be made to change nothing", at: prefix,
                cause: .defect)
        }
        return zeroed
    }

    /// The child's weights. New entries draw from the stream of their parameter's name.
    public func weights(_ parentWeights: NamedTensors, _ random: RandomStream) throws -> NamedTensors {
        try transfer(parentWeights, maps) { spec in
            if zeroed.contains(spec.name) { return Tensor(repeating: 0, spec.shape) }
            return silenced(spec.initialValue(random.stream(spec.name)), spec)
        }
    }

    /// The child's optimiser state of one kind (momentum, a moment of Adam): zero where there is nothing to inherit.
    /// Parameters that the parent has no state for get none.
    public func state(_ parentState: NamedTensors) throws -> NamedTensors {
        let known = maps.filter { $0.value.source.map { parentState[$0] != nil } ?? false }
        return try transfer(parentState, known) { Tensor(repeating: 0, $0.shape) }
    }

    /// The child's whole optimiser state, as `Optimiser.state` gives it: each kind under its prefix (`momentum/…`). What is
    /// one number for each parameter, such as a count of steps, stays as it is.
    public func optimiserState(_ state: NamedTensors) throws -> NamedTensors {
        let shapes = Dictionary(uniqueKeysWithValues: parent.network.parameters.map { ($0.name, $0.shape) })
        var kinds: [String: NamedTensors] = [:]
        for (name, tensor) in state {
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2, let shape = shapes[parts[1]], tensor.shape == shape || tensor.shape.isEmpty else {
                throw Failure(
                    "'\(name)' is no optimiser state of the parent's", at: name,
                    remedy: "give the state of an optimiser of the parent's parameters")
            }
            kinds[parts[0], default: [:]][parts[1]] = tensor
        }
        var inherited: NamedTensors = [:]
        for (kind, tensors) in kinds {
            let isOneEach = tensors.contains { $0.value.shape.isEmpty && shapes[$0.key] != [] }
            let child =
                isOneEach
                ? NamedTensors(
                    uniqueKeysWithValues: maps.compactMap { name, map in
                        map.source.flatMap { tensors[$0] }.map { (name, $0) }
                    })
                : try self.state(tensors)
            for (name, tensor) in child { inherited["\(kind)/\(name)"] = tensor }
        }
        return inherited
    }

    /// Gathers the mapped parameters; `start` gives what has no source.
    private func transfer(
        _ tensors: NamedTensors, _ maps: [String: ParameterMap], start: (ParameterSpec) -> Tensor
    ) throws -> NamedTensors {
        var result: NamedTensors = [:]
        for (name, map) in maps {
            guard let spec = specs[name] else { continue }
            guard let source = map.source else {
                result[name] = start(spec)
                continue
            }
            guard let tensor = tensors[source] else {
                throw Failure(
                    "the parent's weights lack '\(source)'", at: source,
                    remedy: "give weights that belong to the parent's architecture")
            }
            let isComplete = map.axes.values.allSatisfy { !$0.contains(-1) }
            result[name] = map.gather(
                from: tensor, into: isComplete ? Tensor(repeating: 0, spec.shape) : start(spec))
        }
        return result
    }

    /// `tensor` with zeros where it reads a new channel.
    private func silenced(_ tensor: Tensor, _ spec: ParameterSpec) -> Tensor {
        guard let axesRead = reading[spec.name], let map = maps[spec.name] else { return tensor }
        var tensor = tensor
        for axis in axesRead {
            guard let sources = map.axes[axis] else { continue }
            let inner = spec.shape[(axis + 1)...].reduce(1, *)
            let outer = spec.shape[..<axis].reduce(1, *)
            tensor.withUnsafeMutableFloats { values in
                for (index, source) in sources.enumerated() where source < 0 {
                    for row in 0..<outer {
                        let start = (row * sources.count + index) * inner
                        for offset in start..<start + inner { values[offset] = 0 }
                    }
                }
            }
        }
        return tensor
    }

    /// For each channel that a knob sets, the parent's channel that it was, or -1 for a new one.
    public func origins(of knob: Knob) -> [Int] {
        guard let group = child.group(of: knob) else { return [] }
        for slice in group.slices where slice.role == .producer {
            guard let map = maps[slice.parameter], map.source != nil else { continue }
            return map.axes[slice.axis] ?? Array(0..<group.width)
        }
        return Array(0..<group.width)
    }
}

extension StudentAction {
    /// The child of a parent with weights: graph, weights, and what was inherited of what.
    public func morph(
        _ parent: DetectorGraph, _ weights: NamedTensors, importance: Importance?, _ random: RandomStream,
        _ catalog: BackboneCatalog
    ) throws -> (graph: DetectorGraph, weights: NamedTensors, inheritance: Inheritance) {
        let child = try apply(to: parent, catalog)
        let inheritance = try Inheritance(self, parent: parent, child: child, importance: importance, catalog)
        return (child, try inheritance.weights(weights, random), inheritance)
    }
}
