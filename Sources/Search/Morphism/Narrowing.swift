public import Basics
public import DetectorKit

/// How widths are chosen when a detector is narrowed to a share of its multiply-accumulates.
public enum WidthRule: String, Sendable, Hashable, Codable, CaseIterable {
    /// All to the same share of what they are.
    case alike
    /// A step at a time, where the least importance goes for what is saved (Molchanov et al., CVPR 2019, rank all channels of
    /// a network alike, by loss over cost). Scores must be comparable from layer to layer, which only Taylor's are.
    case cheapest

    /// What suits a measure.
    public init(for measure: Importance.Measure) { self = measure.isComparableAcrossLayers ? .cheapest : .alike }

    /// What a measure's scores do not allow.
    public func obstacle(with measure: Importance.Measure) -> Failure? {
        guard self == .cheapest, !measure.isComparableAcrossLayers else { return nil }
        return Failure(
            "scores by \(measure.rawValue) can't be compared from layer to layer",
            remedy: "choose taylor, or widths that are narrowed alike")
    }
}

extension DetectorGraph {
    /// Actions that narrow all widths alike, until the multiply-accumulates are at most this share of what they are. Widths
    /// go by steps: those, from the image on, that may stay a step wider within the share do. None reaches a share below
    /// that of one step everywhere: nil.
    public func narrowing(toShare share: Double, _ catalog: BackboneCatalog) -> [StudentAction]? {
        let limit = Int(share * Double(cost.multiplyAccumulates))
        if limit >= cost.multiplyAccumulates { return [] }
        let knobs = channelGroups.compactMap(\.knobs.first)
        /// The detector whose widths are this share of the present ones, rounded down to steps; those of some knobs by
        /// another share.
        func narrowed(_ share: Double, but wider: Set<Int> = [], by other: Double = 1) -> Narrowed {
            var narrowed = Narrowed(graph: self)
            for (index, knob) in knobs.enumerated() {
                narrowed.narrow(knob, to: wider.contains(index) ? other : share, of: self, catalog)
            }
            return narrowed
        }
        var (fits, exceeds) = (0.0, 1.0)
        guard narrowed(fits).graph.cost.multiplyAccumulates <= limit else { return nil }
        // Below a thousandth no width of at most 1000 steps changes any more.
        while exceeds - fits > 0.001 {
            let middle = (fits + exceeds) / 2
            if narrowed(middle).graph.cost.multiplyAccumulates <= limit { fits = middle } else { exceeds = middle }
        }
        var wider: Set<Int> = []
        for index in knobs.indices {
            let more = wider.union([index])
            if narrowed(fits, but: more, by: exceeds).graph.cost.multiplyAccumulates <= limit { wider = more }
        }
        return narrowed(fits, but: wider, by: exceeds).actions
    }

    /// Actions that narrow widths until the multiply-accumulates are at most this share of what they are, step by step where
    /// the least importance goes for each that is saved; nil where no width can be narrowed any more before that.
    ///
    /// Every width keeps this share of its steps: scores are of single channels (first-order), and say too little of what
    /// happens when most of a layer goes.
    public func cheapestNarrowing(
        toShare share: Double, _ importance: Importance, _ catalog: BackboneCatalog
    ) -> [StudentAction]? {
        let limit = Int(share * Double(cost.multiplyAccumulates))
        var narrowed = Narrowed(graph: self)
        let knobs = channelGroups.compactMap { StepwiseKnob($0, of: self, importance, keeping: share) }
        while narrowed.graph.cost.multiplyAccumulates > limit {
            let before = narrowed.graph.cost.multiplyAccumulates
            let steps = knobs.compactMap { knob -> (action: StudentAction, graph: DetectorGraph, price: Double)? in
                guard let (action, loss) = knob.step(from: narrowed.graph),
                    let child = try? action.apply(to: narrowed.graph, catalog)
                else { return nil }
                let saved = before - child.cost.multiplyAccumulates
                return saved > 0 ? (action, child, loss / Double(saved)) : nil
            }
            guard let cheapest = steps.min(by: { $0.price < $1.price }) else { return nil }
            narrowed.actions.append(cheapest.action)
            narrowed.graph = cheapest.graph
        }
        return narrowed.inOneStepEach(from: self, knobs.map(\.knob), catalog)
    }
}

/// A width that is narrowed by steps, the least important channels first.
private struct StepwiseKnob {
    let knob: Knob
    private let unit: Int
    private let least: Int
    /// What each step holds, the most important first.
    private let losses: [Double]

    init?(_ group: ChannelGroup, of graph: DetectorGraph, _ importance: Importance, keeping share: Double) {
        guard let knob = group.knobs.first, let scores = importance.scores(of: group) else { return nil }
        self.knob = knob
        unit = graph.searchUnit(of: knob)
        least = max(1, Int(share * Double(group.width / unit))) * unit
        // Channels go by the group's own unit: a step takes its weakest, which need not lie side by side.
        let whole = group.unit(base: 1)
        let sums = Importance.ranked(unit: whole, scores: scores).map { piece in
            scores[piece * whole..<(piece + 1) * whole].reduce(0) { $0 + Double($1) }
        }
        let pieces = unit / whole
        losses = (0..<sums.count / pieces).map { sums[$0 * pieces..<($0 + 1) * pieces].reduce(0, +) }
    }

    /// The next step down, and the importance that goes with it; nil where the width is at its least, or what would go has
    /// not been trained.
    func step(from graph: DetectorGraph) -> (StudentAction, loss: Double)? {
        let width = graph.architecture[knob] - unit
        guard width >= least, losses[width / unit].isFinite else { return nil }
        return (.setWidth(knob: knob, width: width), losses[width / unit])
    }
}

/// Actions so far, and what they lead to.
private struct Narrowed {
    var graph: DetectorGraph
    var actions: [StudentAction] = []

    /// Sets a width to a share of what it is in `whole`; where that would make a layer come or go, to the next legal one.
    mutating func narrow(_ knob: Knob, to share: Double, of whole: DetectorGraph, _ catalog: BackboneCatalog) {
        guard let group = whole.group(of: knob) else { return }
        let step = whole.searchUnit(of: knob)
        let steps = group.width / step
        for kept in max(1, Int(share * Double(steps)))..<max(1, steps) {
            let action = StudentAction.setWidth(knob: knob, width: kept * step)
            guard let child = try? action.apply(to: graph, catalog) else { continue }
            actions.append(action)
            graph = child
            return
        }
    }

    /// The same widths, each set at once, in the order of `knobs`; as they are where that would pass through something
    /// that is not legal.
    func inOneStepEach(from whole: DetectorGraph, _ knobs: [Knob], _ catalog: BackboneCatalog) -> [StudentAction] {
        let ends = knobs.filter { graph.architecture[$0] != whole.architecture[$0] }
            .map { StudentAction.setWidth(knob: $0, width: graph.architecture[$0]) }
        var reached = whole
        for action in ends {
            guard let next = try? action.apply(to: reached, catalog) else { return actions }
            reached = next
        }
        return ends
    }
}
