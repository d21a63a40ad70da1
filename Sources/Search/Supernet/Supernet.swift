import Basics
public import DetectorKit
public import Tensor

/// A network that holds many: every teacher is the leading corner of each of its weights.
///
/// Depth keeps a stage's first blocks, width keeps the first channels (the most important ones once `sorted`), as in
/// Once-for-All (Cai et al., ICLR 2020) and slimmable networks (Yu and Huang, ICCV 2019). Neck and heads are shared.
public final class Supernet {
    public let graph: DetectorGraph
    public let space: SearchSpace
    private let catalog: BackboneCatalog
    private let shapes: [String: [Int]]
    private var known: [TeacherChoice: Subnet] = [:]
    /// A graph with its maps takes some hundred kilobytes: a long training draws many.
    private static let mostKnown = 256

    /// A network in the supernet.
    public struct Subnet: Sendable {
        public let choice: TeacherChoice
        public let graph: DetectorGraph
        /// Its parameter → the supernet's.
        public let maps: [String: ParameterMap]
    }

    public init(_ largest: DetectorGraph, _ space: SearchSpace, _ catalog: BackboneCatalog) throws {
        try space.validate(for: largest.architecture)
        graph = largest
        self.space = space
        self.catalog = catalog
        shapes = Dictionary(uniqueKeysWithValues: largest.network.parameters.map { ($0.name, $0.shape) })
        // A trunk as wide as what it reads would lose its projection: every width is tried before anything is trained.
        for level in space.trunkWidths.indices {
            _ = try subnet(
                space.choice { dimension in
                    if case .trunk = dimension { min(level, space.count(dimension) - 1) } else { 0 }
                })
        }
        // Widths go by steps: shares that all round to the same steps are no choice.
        guard try subnet(space.smallest).graph.architecture != largest.architecture else {
            throw Failure(
                "the smallest network of the search space is the largest: its shares round to the same widths",
                remedy: "give smaller shares, or open depths or input sizes")
        }
    }

    /// A space without what is no choice: widths go by steps, and shares that round to one width, or that are of no width at all
    /// (a stage may have nothing elastic inside), would only give one network several names.
    public static func distinct(
        _ space: SearchSpace, above largest: DetectorGraph, _ catalog: BackboneCatalog
    ) throws -> SearchSpace {
        var result = space
        for dimension in space.dimensions where !space.shares(dimension).isEmpty {
            var seen: Set<DetectorArchitecture> = []
            // The largest share of a width stays: 1 among them.
            let kept = try space.shares(dimension).indices.reversed().filter { level in
                let choice = space.choice { $0 == dimension ? level : space.count($0) - 1 }
                return try seen.insert(Self.architecture(choice, of: largest)).inserted
            }
            result.restrict(dimension, to: kept.reversed().map { space.shares(dimension)[$0] })
        }
        return result
    }

    /// The network of a choice; made once.
    public func subnet(_ choice: TeacherChoice) throws -> Subnet {
        if let subnet = known[choice] { return subnet }
        let graph = try DetectorGraph(
            Self.architecture(choice, of: self.graph), catalog, at: "teacher \(choice)")
        func refusal(_ what: String) -> Failure {
            Failure(
                what, at: "teacher \(choice)", remedy: "choose trunk widths that keep every shortcut's projection")
        }
        var maps: [String: ParameterMap] = [:]
        for spec in graph.network.parameters {
            guard let whole = shapes[spec.name], zip(spec.shape, whole).allSatisfy({ $0 <= $1 }) else {
                throw refusal("the teacher needs '\(spec.name)', which the supernet lacks")
            }
            maps[spec.name] = .corner(spec.shape, of: spec.name, sourceShape: whole)
        }
        if let lost = try parameters(of: choice).subtracting(maps.keys).min() {
            throw refusal("the teacher has lost '\(lost)': what it learnt would be gone from its place")
        }
        let subnet = Subnet(choice: choice, graph: graph, maps: maps)
        if known.count >= Self.mostKnown { known.removeAll() }
        known[choice] = subnet
        return subnet
    }

    /// The supernet's parameters but those of the blocks that a choice leaves out.
    private func parameters(of choice: TeacherChoice) throws -> Set<String> {
        let architecture = graph.architecture.backbone
        let backbone = try catalog.backbone(architecture.plugin)
        let gone = choice.depths.enumerated().flatMap { stage, depth in
            (depth..<architecture.stages[stage].blocks.count).map {
                backbone.parameterPrefix(stage: stage, block: $0)
            }
        }
        return Set(shapes.keys.filter { name in !gone.contains { name.hasPrefix($0) } })
    }

    /// Widths are rounded to whole units of their channel group.
    private static func architecture(_ choice: TeacherChoice, of graph: DetectorGraph) throws -> DetectorArchitecture {
        var architecture = graph.architecture
        architecture.input = choice.input
        for group in graph.channelGroups {
            for knob in group.knobs {
                let fraction: Double
                switch knob {
                case .trunk(let stage): fraction = choice.trunkWidths[stage]
                case .inner(let stage, let block, _):
                    fraction = choice.blockWidths?[stage][block] ?? choice.innerWidths[stage]
                case .stem, .top, .lateral, .neck, .proposal, .head: continue
                }
                let unit = graph.searchUnit(of: knob)
                let units = max(1, Int((fraction * Double(group.width / unit)).rounded()))
                // A stem that shares its channels with the first stage's trunk goes along.
                for coupled in group.knobs { architecture[coupled] = min(group.width, units * unit) }
            }
        }
        for (stage, depth) in choice.depths.enumerated() {
            architecture.backbone.stages[stage].blocks.removeLast(
                architecture.backbone.stages[stage].blocks.count - depth)
        }
        return architecture
    }

    /// A subnet's weights, cut out of the supernet's.
    public func slice(_ weights: NamedTensors, _ subnet: Subnet) throws -> NamedTensors {
        var result: NamedTensors = [:]
        for (name, map) in subnet.maps {
            guard let whole = weights[name] else {
                throw Failure("the pool's weights lack '\(name)'", remedy: "give the weights of this pool")
            }
            result[name] = map.gather(from: whole, into: Tensor(repeating: 0, map.shape))
        }
        return result
    }

    /// Adds `factor` times a subnet's gradients to the supernet's.
    public func accumulate(
        _ gradients: NamedTensors, of subnet: Subnet, factor: Float, into total: inout NamedTensors
    ) {
        for (name, gradient) in gradients {
            guard let map = subnet.maps[name], let shape = shapes[name] else { continue }
            var sum = total.removeValue(forKey: name) ?? Tensor(repeating: 0, shape)
            if map.axes.isEmpty {
                sum.add(gradient, factor: factor)
            } else {
                var scaled = Tensor(repeating: 0, gradient.shape)
                scaled.add(gradient, factor: factor)
                map.scatterAdd(scaled, into: &sum)
            }
            total[name] = sum
        }
    }

    /// The same function with the channels of every elastic group in order of importance, so that leading corners
    /// hold what matters most. Whole norm groups move.
    public func sorted(_ weights: NamedTensors, by importance: Importance) -> NamedTensors {
        var axes: [String: [Int: [Int]]] = [:]
        for group in graph.channelGroups where group.knobs.contains(where: isElastic) {
            guard let scores = importance.scores(of: group) else { continue }
            let unit = group.unit(base: 1)
            let order = Importance.ranked(unit: unit, scores: scores).flatMap { $0 * unit..<($0 + 1) * unit }
            for slice in group.slices {
                axes[slice.parameter, default: [:]][slice.axis] = order.flatMap { channel in
                    (0..<slice.span).map { channel * slice.span + $0 }
                }
            }
        }
        var result = weights
        for (name, axes) in axes {
            guard let tensor = weights[name] else { continue }
            result[name] = ParameterMap(shape: tensor.shape, source: name, axes: axes)
                .gather(from: tensor, into: Tensor(repeating: 0, tensor.shape))
        }
        return result
    }

    private func isElastic(_ knob: Knob) -> Bool {
        switch knob {
        case .trunk(let stage): space.count(.trunk(stage: stage)) > 1
        case .inner(let stage, let block, _):
            space.count(.inner(stage: stage, block: space.isPerBlock ? block : nil)) > 1
        case .stem, .top, .lateral, .neck, .proposal, .head: false
        }
    }
}

extension DetectorGraph {
    /// The step in which the search changes a width: the group's unit and the 16 channels that convolutions like, or
    /// the group's unit alone where the width is no multiple of both.
    public func searchUnit(of knob: Knob) -> Int {
        let unit = units[knob] ?? 1
        var both = unit
        while both % 16 != 0 { both += unit }
        return architecture[knob] % both == 0 ? both : unit
    }
}
