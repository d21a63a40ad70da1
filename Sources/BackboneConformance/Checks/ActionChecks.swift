import Basics
import DetectorKit
import Search
import Tensor

extension Subject {
    /// The largest difference, relative to the largest output, that float32 may make of equal functions.
    private static let tolerance: Float = 1e-5

    /// Every group at a random width: what is left computes what the parent does with the other channels at zero. Channels go
    /// by whole norm groups, so that no norm mixes those that go with those that stay.
    func checkPruning(_ found: inout Findings) throws {
        let graph = try narrow()
        let weights = try weights(graph)
        for group in graph.channelGroups {
            guard let knob = group.knobs.first, graph.backboneKnobs.contains(knob) else { continue }
            let unit = graph.units[knob] ?? 1
            let units = group.width / unit
            guard units >= 2 else {
                found.require(
                    unit == backbone.channelUnit, "\(knob): one norm group of \(unit) channels, which cannot be pruned")
                continue
            }
            var draw = random.stream("prune").stream("\(knob)")
            // A width may be illegal, where a shortcut would lose its projection; some other is not.
            let legal = draw.permutation(units - 1).map { ($0 + 1) * unit }.first { width in
                (try? StudentAction.setWidth(knob: knob, width: width).apply(to: graph, catalog)) != nil
            }
            guard let width = legal else {
                found.add("\(knob): no width below \(group.width) is legal")
                continue
            }
            try checkPruning(graph, weights, group, .setWidth(knob: knob, width: width), to: width, &draw, &found)
        }
    }

    private func checkPruning(
        _ graph: DetectorGraph, _ weights: NamedTensors, _ group: ChannelGroup, _ action: StudentAction, to width: Int,
        _ draw: inout RandomStream, _ found: inout Findings
    ) throws {
        // Pruning goes by the norms' groups, which may be finer than the unit.
        let step = group.unit(base: 1)
        let kept = Set(draw.permutation(group.width / step).prefix(width / step))
        let isDead = (0..<group.width).map { !kept.contains($0 / step) }
        let weights = silenced(weights, group, isDead)
        let importance = Importance(.l1, graph, weights: weights)
        let child = try action.morph(graph, weights, importance: importance, random.stream("morph"), catalog)
        checkFit(child.graph, child.weights, "\(action)", &found)
        let survivors = child.inheritance.origins(of: group.knobs[0])
        found.require(
            survivors == isDead.indices.filter { !isDead[$0] }, "\(action): other channels than those at zero went")
        check(try pyramid(graph, weights), try pyramid(child.graph, child.weights), "\(action)", &found)
    }

    /// Some channels of a group at zero: what makes, scales and shifts them is.
    func silenced(_ weights: NamedTensors, _ group: ChannelGroup, _ isDead: [Bool]) -> NamedTensors {
        var weights = weights
        for slice in group.slices where slice.role != .consumer {
            // Statistics may stay: scale and shift are 0.
            let isStatistic = slice.parameter.hasSuffix(".running_mean") || slice.parameter.hasSuffix(".running_var")
            guard let tensor = weights[slice.parameter], !isStatistic, slice.axis == 0 else { continue }
            var values = tensor.array
            let row = values.count / group.width
            for (channel, dead) in isDead.enumerated() where dead {
                for offset in 0..<row { values[channel * row + offset] = 0 }
            }
            weights[slice.parameter] = Tensor(tensor.shape, values)
        }
        return weights
    }

    func checkGrowth(_ found: inout Findings) throws {
        let graph = try narrow()
        let weights = try weights(graph)
        let before = try pyramid(graph, weights)
        let blocks = graph.architecture.backbone.stages.indices.map { StudentAction.addBlock(stage: $0) }
        let widths = graph.backboneKnobs.compactMap { knob in
            let actions = (1...3).map { units in
                StudentAction.setWidth(
                    knob: knob, width: graph.architecture[knob] + units * (graph.units[knob] ?? 1))
            }
            // A width may be illegal, where a shortcut would lose its projection.
            let legal = actions.first { (try? $0.apply(to: graph, catalog)) != nil }
            found.require(legal != nil, "\(knob): no larger width is legal")
            return legal
        }
        for action in blocks + widths {
            do {
                let child = try action.morph(graph, weights, importance: nil, random.stream("morph"), catalog)
                checkFit(child.graph, child.weights, "\(action)", &found)
                check(before, try pyramid(child.graph, child.weights), "\(action)", &found)
                guard case .addBlock(let stage) = action else { continue }
                let last = child.graph.architecture.backbone.stages[stage].blocks.count - 1
                let back = try StudentAction.removeBlock(stage: stage, block: last).morph(
                    child.graph, child.weights, importance: nil, random.stream("morph"), catalog)
                found.require(
                    back.graph.architecture == graph.architecture, "\(action), and away again: another network")
                found.require(back.weights == weights, "\(action), and away again: other weights")
            } catch {
                found.add("\(action): \(error)")
            }
        }
    }

    func checkFit(
        _ graph: DetectorGraph, _ weights: NamedTensors, _ what: String, _ found: inout Findings
    ) {
        let specs = graph.network.parameters
        found.require(Set(specs.map(\.name)) == Set(weights.keys), "\(what): not the parameters of its graph")
        for spec in specs where weights[spec.name]?.shape != spec.shape {
            found.add("\(what): \(spec.name) is \(weights[spec.name]?.shape ?? []), not \(spec.shape)")
        }
    }

    private func check(_ before: [[Float]], _ after: [[Float]], _ what: String, _ found: inout Findings) {
        guard let difference = difference(before, after) else {
            found.add("\(what): outputs of other shapes")
            return
        }
        found.require(difference <= Self.tolerance, "\(what): outputs differ by \(difference) of the largest")
    }
}
