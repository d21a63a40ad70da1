public import Basics
public import Dataset
public import Detection
public import DetectorKit
public import Tensor
import Training

/// Actions applied to a detector one after the other; a pure function of detector, actions, importance and stream.
///
/// - Parameter importance: the base's scores; what is left of them goes along from action to action.
public func morphed(
    _ base: Detector, by actions: [StudentAction], importance: Importance?, _ random: RandomStream,
    _ catalog: BackboneCatalog
) throws -> Detector {
    var (graph, weights, scores) = (base.graph, base.weights, importance)
    for (index, action) in actions.enumerated() {
        let child = try action.morph(graph, weights, importance: scores, random.stream("action", index), catalog)
        scores = scores?.inherited(through: child.inheritance)
        (graph, weights) = (child.graph, child.weights)
    }
    return Detector(graph: graph, weights: weights)
}

extension DetectorGraph {
    /// Actions, and behind them those that narrow what they make to a share of its multiply-accumulates, where one is given.
    /// Each is legal when its turn comes.
    public func plan(
        _ actions: [StudentAction], narrowedTo share: Double?, _ catalog: BackboneCatalog, at place: String
    ) throws -> [StudentAction] {
        var graph = self
        for action in actions { graph = try action.apply(to: graph, catalog) }
        guard let share else { return actions }
        guard let narrowing = graph.narrowing(toShare: share, catalog) else {
            throw Failure(
                "no widths bring the multiply-accumulates to \(share) of what they are", at: place,
                remedy: "give a larger share")
        }
        return actions + narrowing
    }
}

extension [StudentAction] {
    /// Whether any of them may narrow a width: only then it matters which channels are important.
    public var needImportance: Bool {
        contains { action in
            if case .setWidth = action { true } else { false }
        }
    }
}

extension DetectorGraph {
    /// Actions that narrow all widths alike, until the multiply-accumulates are at most this share of what they are. Widths
    /// go by steps: the first ones, from the image on, stay a step wider where that is still within the share. None reaches
    /// a share below that of one step everywhere: nil.
    public func narrowing(toShare share: Double, _ catalog: BackboneCatalog) -> [StudentAction]? {
        let limit = Int(share * Double(cost.multiplyAccumulates))
        if limit >= cost.multiplyAccumulates { return [] }
        let knobs = channelGroups.compactMap(\.knobs.first)
        /// The detector whose widths are this share of the present ones, rounded down to steps; those of the first knobs by
        /// the other share.
        func narrowed(_ share: Double, first count: Int = 0, by other: Double = 1) -> Narrowing {
            var narrowing = Narrowing(graph: self)
            for (index, knob) in knobs.enumerated() {
                narrowing.narrow(knob, to: index < count ? other : share, of: self, catalog)
            }
            return narrowing
        }
        var (fits, exceeds) = (0.0, 1.0)
        guard narrowed(fits).graph.cost.multiplyAccumulates <= limit else { return nil }
        // Below a thousandth no width of at most 1000 steps changes any more.
        while exceeds - fits > 0.001 {
            let middle = (fits + exceeds) / 2
            if narrowed(middle).graph.cost.multiplyAccumulates <= limit { fits = middle } else { exceeds = middle }
        }
        var (least, most) = (0, knobs.count)
        while most - least > 1 {
            let middle = (least + most) / 2
            let isWithin = narrowed(fits, first: middle, by: exceeds).graph.cost.multiplyAccumulates <= limit
            if isWithin { least = middle } else { most = middle }
        }
        return narrowed(fits, first: least, by: exceeds).actions
    }
}

/// Actions so far, and what they lead to.
private struct Narrowing {
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
}

extension Importance {
    /// Scores by any measure.
    ///
    /// - Parameters:
    ///   - split: where Taylor's batches are drawn from.
    ///   - random: names the batches that are drawn, and the random scores.
    public init(
        _ measure: Measure, _ graph: DetectorGraph, _ weights: NamedTensors, on split: DatasetSplit,
        batches: Int, of batchSize: Int, mirrors: [Mirroring], training: TrainingSettings, _ random: RandomStream
    ) throws {
        switch measure {
        case .normScale, .l1: self.init(measure, graph, weights: weights)
        case .random: self.init(drawn: random, graph)
        case .taylor:
            self.init()
            let loader = try BatchLoader(
                split, batchSize: batchSize, mirrors: mirrors, random: random.stream("data"))
            let step = DistilledStep(graph, training: training, distillation: .off)
            let items = Prefetch(end: batches) { [input = graph.architecture.input] in
                loader.begin(step: $0, resizedTo: [input])
            }
            for index in 0..<batches {
                let gradients = try step.gradients(
                    weights, items.item(index), teacher: nil, random.stream("step", index)
                ).gradients
                addTaylor(graph, weights: weights, gradients: gradients)
            }
        }
    }
}
