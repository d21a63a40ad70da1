import Basics
import DetectorKit

/// Finds cuts (narrower widths, fewer blocks) that make a student faster, and draws among them by what they bring.
struct LatencyCuts {
    let model: LatencyModel
    let catalog: BackboneCatalog
    /// The share of a width that one cut takes.
    let step: Double
    /// No width falls below this share of the base's.
    let leastWidth: Double
    let base: DetectorArchitecture
    /// Whether scores of one layer say something beside those of another. Where they do not, a cut costs the share of its
    /// group's scores that it takes.
    let scoresAreComparable: Bool

    /// A cut, what it saves in predicted milliseconds, and the importance that goes with it.
    struct Cut {
        let action: StudentAction
        let child: DetectorGraph
        let gain: Double
        let loss: Double
    }

    /// All cuts of a graph that save time, in a fixed order.
    func all(of graph: DetectorGraph, importance: Importance?) -> [Cut] {
        let before = model.predict(graph)
        let widths = graph.channelGroups.compactMap { group -> (StudentAction, Double)? in
            guard let knob = group.knobs.first, let width = narrower(group, knob, graph) else { return nil }
            return (.setWidth(knob: knob, width: width), lostImportance(group, width: width, importance))
        }
        let blocks = graph.architecture.backbone.stages.enumerated().flatMap { stage, value in
            (1..<max(1, value.blocks.count)).map { block -> (StudentAction, Double) in
                (
                    .removeBlock(stage: stage, block: block),
                    blockScore(graph, stage: stage, block: block, importance)
                )
            }
        }
        return (widths + blocks).compactMap { action, loss in
            guard let child = try? action.apply(to: graph, catalog), loss.isFinite else { return nil }
            let gain = before - model.predict(child)
            return gain > 0 ? Cut(action: action, child: child, gain: gain, loss: loss) : nil
        }
    }

    /// Draws a cut with probability proportional to what it saves and inverse to the importance that it costs.
    func draw(_ cuts: [Cut], _ random: inout RandomStream) -> Cut? {
        guard !cuts.isEmpty else { return nil }
        let odds = odds(cuts)
        var point = random.uniform() * odds.reduce(0, +)
        for (cut, share) in zip(cuts, odds) {
            point -= share
            if point < 0 { return cut }
        }
        return cuts[cuts.count - 1]
    }

    /// What cuts save, over what they cost.
    private func odds(_ cuts: [Cut]) -> [Double] {
        let losses = cuts.map(\.loss).sorted()
        guard let most = losses.last, most > 0 else { return cuts.map(\.gain) }
        // Keeps a cut without any loss from being certain. The least share of the largest loss keeps odds finite where
        // most cuts cost nothing.
        let floor = max(losses[losses.count / 2] * 0.25, most * 1e-6)
        return cuts.map { $0.gain / ($0.loss + floor) }
    }

    /// Cuts until the prediction is within `limit`; nil when that cannot be had.
    ///
    /// - Parameters:
    ///   - orDeepest: whether, when it cannot be had, the deepest cut will do.
    ///   - first: whether the first cut must be of one kind.
    ///   - kinds: those that cuts may be of; nil for all.
    func reduce(
        _ graph: DetectorGraph, to limit: Double, orDeepest: Bool = false, importance: Importance?,
        first: StudentAction.Kind? = nil, sparing spared: Set<StudentAction> = [],
        only kinds: Set<StudentAction.Kind>? = nil, _ random: inout RandomStream
    ) throws -> (actions: [StudentAction], graph: DetectorGraph)? {
        var graph = graph
        var importance = importance
        var actions: [StudentAction] = []
        while (actions.isEmpty && first != nil) || model.predict(graph) > limit {
            let cuts = all(of: graph, importance: importance).filter { cut in
                if let first, actions.isEmpty { return cut.action.kind(on: graph.architecture) == first }
                if let kinds, !kinds.contains(cut.action.kind(on: graph.architecture)) { return false }
                return !spared.contains { $0.isUndone(by: cut.action) }
            }
            // Each cut leaves fewer channels or blocks: there is an end.
            guard let cut = draw(cuts, &random) else {
                return orDeepest && !actions.isEmpty ? (actions, graph) : nil
            }
            let inheritance = try Inheritance(
                cut.action, parent: graph, child: cut.child, importance: importance, catalog)
            importance = importance?.inherited(through: inheritance)
            graph = cut.child
            actions.append(cut.action)
        }
        return (actions, graph)
    }

    private func narrower(_ group: ChannelGroup, _ knob: Knob, _ graph: DetectorGraph) -> Int? {
        let unit = graph.searchUnit(of: knob)
        let taken = max(1, Int((step * Double(group.width / unit)).rounded())) * unit
        let width = group.width - taken
        return width >= max(unit, Int(leastWidth * Double(baseWidth(knob) ?? 0))) ? width : nil
    }

    /// The base's width. Blocks that the base lacks, or that have a width which its block there has not (one that was moved from
    /// another stage may), count as its stage's last that has it; nil where none has.
    private func baseWidth(_ knob: Knob) -> Int? {
        guard case .inner(let stage, let block, let index) = knob else { return base[knob] }
        let blocks = base.backbone.stages[stage].blocks
        let widths = blocks.dropFirst(block).prefix(1) + blocks.reversed()
        return widths.lazy.map(\.widths).first { $0.indices.contains(index) }?[index]
    }

    private func lostImportance(_ group: ChannelGroup, width: Int, _ importance: Importance?) -> Double {
        guard let scores = importance?.scores(of: group) else { return 0 }
        let unit = group.unit(base: 1)
        let kept = Set(Importance.strongest(width / unit, unit: unit, scores: scores))
        return cost(of: scores.indices.filter { !kept.contains($0 / unit) }.map { scores[$0] }, among: scores)
    }

    /// What a residual block brings: the importance of the widest of its inner groups, which all of it runs through.
    /// The trunk's scores can't tell blocks apart.
    private func blockScore(_ graph: DetectorGraph, stage: Int, block: Int, _ importance: Importance?) -> Double {
        let widths = graph.architecture.backbone.stages[stage].blocks[block].widths
        return widths.indices.compactMap { index -> Double? in
            let knob = Knob.inner(stage: stage, block: block, index: index)
            guard let group = graph.group(of: knob), let scores = importance?.scores(of: group) else { return nil }
            return cost(of: scores, among: scores)
        }.max() ?? 0
    }

    /// What it costs to lose some of a group's channels.
    private func cost(of lost: [Float], among scores: [Float]) -> Double {
        let sum = lost.reduce(0) { $0 + Double($1) }
        if scoresAreComparable || !sum.isFinite { return sum }
        let all = scores.reduce(0) { $0 + ($1.isFinite ? Double($1) : 0) }
        return all > 0 ? sum / all : 0
    }
}

extension StudentAction {
    /// Whether a cut takes back what this action gave.
    fileprivate func isUndone(by cut: StudentAction) -> Bool {
        switch (self, cut) {
        case (.addBlock(let stage), .removeBlock(let other, _)): stage == other
        case (.moveBlock(_, _, let stage), .removeBlock(let other, _)): stage == other
        case (.setWidth(let knob, _), .setWidth(let other, _)): knob == other
        default: false
        }
    }
}
