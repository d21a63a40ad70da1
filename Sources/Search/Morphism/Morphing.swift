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

extension [StudentAction] {
    /// Whether any of them may narrow a width: only then it matters which channels are important.
    public var setWidths: Bool {
        contains { action in
            if case .setWidth = action { true } else { false }
        }
    }
}

extension DetectorGraph {
    /// Actions that narrow all widths alike, until the multiply-accumulates are at most this share of what they are: the
    /// widest such detector. None reaches a share below that of one unit everywhere: nil.
    public func narrowing(toShare share: Double, _ catalog: BackboneCatalog) -> [StudentAction]? {
        let limit = share * Double(cost.multiplyAccumulates)
        func actions(_ width: Double) -> (actions: [StudentAction], macs: Double) {
            var (actions, graph): ([StudentAction], DetectorGraph) = ([], self)
            for group in channelGroups {
                guard let knob = group.knobs.first else { continue }
                let unit = searchUnit(of: knob)
                let least = max(1, Int(width * Double(group.width / unit)))
                // Where a width would make a layer come or go, the next one is taken.
                let units = least..<max(least, group.width / unit)
                let legal = units.lazy.compactMap { units -> (StudentAction, DetectorGraph)? in
                    let action = StudentAction.setWidth(knob: knob, width: units * unit)
                    return (try? action.apply(to: graph, catalog)).map { (action, $0) }
                }.first
                guard let legal else { continue }
                actions.append(legal.0)
                graph = legal.1
            }
            return (actions, Double(graph.cost.multiplyAccumulates))
        }
        if limit >= Double(cost.multiplyAccumulates) { return [] }
        var (fits, exceeds) = (0.0, 1.0)
        guard actions(fits).macs <= limit else { return nil }
        // Below a thousandth no width of at most 1000 units changes any more.
        while exceeds - fits > 0.001 {
            let middle = (fits + exceeds) / 2
            if actions(middle).macs <= limit { fits = middle } else { exceeds = middle }
        }
        return actions(fits).actions
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
