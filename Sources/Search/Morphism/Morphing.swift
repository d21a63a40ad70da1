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
    ///
    /// - Parameter importance: this graph's scores, which `.cheapest` widths are chosen by.
    public func plan(
        _ actions: [StudentAction], narrowedTo share: Double?, _ widths: WidthRule, importance: Importance?,
        _ catalog: BackboneCatalog, at place: String
    ) throws -> [StudentAction] {
        var (graph, scores) = (self, importance)
        for action in actions {
            let child = try action.apply(to: graph, catalog)
            let inheritance = try Inheritance(action, parent: graph, child: child, importance: scores, catalog)
            (graph, scores) = (child, scores?.inherited(through: inheritance))
        }
        guard let share else { return actions }
        let narrowing =
            switch widths {
            case .alike: graph.narrowing(toShare: share, catalog)
            case .cheapest: graph.cheapestNarrowing(toShare: share, scores ?? Importance(), catalog)
            }
        guard let narrowing else {
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

extension Importance {
    /// Scores by any measure.
    ///
    /// - Parameters:
    ///   - split: where Taylor's batches are drawn from.
    ///   - random: names the batches that are drawn, and the random scores.
    ///   - progress: called after each batch; may throw to stop.
    public init(
        _ measure: Measure, _ graph: DetectorGraph, _ weights: NamedTensors, on split: DatasetSplit,
        batches: Int, of batchSize: Int, mirrors: [Mirroring], training: TrainingSettings, _ random: RandomStream,
        progress: () throws -> Void
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
                try progress()
            }
        }
    }
}
