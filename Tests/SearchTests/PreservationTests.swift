import Basics
import DetectorKit
import Search
import Tensor
import Testing

/// What must not change the detector's answers doesn't, on whole graphs.
@Suite struct PreservationTests {
    private static let outputs =
        (0..<5).flatMap { ["objectness\($0)", "deltas\($0)"] } + ["class_logits", "box_deltas"]

    /// All head outputs for an image and some regions.
    private func answers(_ graph: DetectorGraph, _ weights: NamedTensors) throws -> [String: [Float]] {
        var random = RandomStream(seed: 9)
        let image = Tensor([1, 3, 64, 64], (0..<3 * 64 * 64).map { _ in Float(random.normal()) })
        let tape = Tape(recording: false)
        let execution = GraphExecution(graph.network)
        let names = Self.outputs.filter { !$0.hasPrefix("class") && !$0.hasPrefix("box") } + (0..<4).map { "p\($0)" }
        let dense = try execution.run(
            names, on: tape, weights: weights, feeds: ["image": tape.constant(image)], mode: .inference)
        let regions = tape.roiAlign(
            levels: (0..<4).map { dense["p\($0)"] },
            rois: [
                RoI(image: 0, level: 0, x1: 3, y1: 5, x2: 20, y2: 30),
                RoI(image: 0, level: 1, x1: 10, y1: 8, x2: 60, y2: 50),
            ], scales: [0.25, 0.125, 0.0625, 0.03125])
        let heads = try execution.run(
            ["class_logits", "box_deltas"], on: tape, weights: weights, feeds: ["regions": regions], mode: .inference)
        var answers: [String: [Float]] = [:]
        for name in names { answers[name] = dense[name].value.array }
        for name in ["class_logits", "box_deltas"] { answers[name] = heads[name].value.array }
        return answers
    }

    private func expectSame(_ a: [String: [Float]], _ b: [String: [Float]], _ what: String) {
        for name in Self.outputs {
            guard let a = a[name], let b = b[name], a.count == b.count else {
                Issue.record("\(name) after \(what)")
                continue
            }
            let largest = a.map(abs).max() ?? 0
            let differences = zip(a, b).map { abs($0 - $1) }
            // All must be within bounds, so that a NaN is not.
            #expect(
                largest > 0 && differences.allSatisfy { $0 <= 1e-4 * largest },
                "\(name) after \(what): \(differences.max() ?? 0) of \(largest)")
        }
    }

    @Test(arguments: Norm.allCases, ["resnet18", "resnet50"])
    func growingChangesNothing(norm: Norm, preset: String) throws {
        let graph = try Networks.graph(norm: norm, preset: preset)
        let weights = Networks.weights(graph)
        let before = try answers(graph, weights)
        let wider = graph.units.keys.sorted().map { knob in
            StudentAction.setWidth(knob: knob, width: graph.architecture[knob] + 2 * (graph.units[knob] ?? 1))
        }
        for action in [.addBlock(stage: 0), .addBlock(stage: 3)] + wider {
            let child = try action.morph(
                graph, weights, importance: nil, RandomStream(seed: 2), Networks.catalog)
            expectSame(before, try answers(child.graph, child.weights), "\(action)")
        }
    }

    @Test(arguments: Norm.allCases)
    func aChainOfGrowthChangesNothing(norm: Norm) throws {
        var graph = try Networks.graph(norm: norm)
        var weights = Networks.weights(graph)
        let before = try answers(graph, weights)
        let chain: [StudentAction] = [
            .addBlock(stage: 1), .setWidth(knob: .trunk(stage: 1), width: 48), .addBlock(stage: 1),
            .setWidth(knob: .inner(stage: 1, block: 3, index: 0), width: 64), .setWidth(knob: .neck, width: 64),
            .setWidth(knob: .head(0), width: 96), .setWidth(knob: .stem, width: 48),
            .removeBlock(stage: 1, block: 3),
        ]
        for (index, action) in chain.enumerated() {
            let child = try action.morph(
                graph, weights, importance: nil, RandomStream(seed: 2).stream("step", index), Networks.catalog)
            (graph, weights) = (child.graph, child.weights)
            expectSame(before, try answers(graph, weights), "\(action), in a chain")
        }
    }

    /// Units whose norms have scale and shift 0, or whose consumers read nothing, are dead.
    @Test(arguments: Norm.allCases)
    func pruningDeadUnitsChangesNothing(norm: Norm) throws {
        let graph = try Networks.graph(norm: norm)
        for group in graph.channelGroups {
            guard let knob = group.knobs.first, let unit = graph.units[knob] else { continue }
            var weights = Networks.weights(graph)
            let dead = unit..<2 * unit
            // In a residual trunk a channel is dead when nothing feeds it; elsewhere as well. Plain layers: the same.
            for slice in group.slices where slice.role != .consumer {
                let isStatistic = slice.parameter.hasSuffix("running_mean") || slice.parameter.hasSuffix("running_var")
                guard let tensor = weights[slice.parameter], !isStatistic else { continue }
                var values = tensor.array
                let row = values.count / group.width
                for channel in dead { for offset in 0..<row { values[channel * row + offset] = 0 } }
                weights[slice.parameter] = Tensor(tensor.shape, values)
            }
            let importance = Importance(.normScale, graph, weights: weights)
            let action = StudentAction.setWidth(knob: knob, width: group.width - unit)
            let child = try action.morph(
                graph, weights, importance: importance, RandomStream(seed: 2), Networks.catalog)
            let kept = Array(0..<dead.lowerBound) + Array(dead.upperBound..<group.width)
            #expect(child.inheritance.origins(of: knob) == kept)
            expectSame(try answers(graph, weights), try answers(child.graph, child.weights), "\(action)")
        }
    }

    @Test(arguments: Norm.allCases)
    func removingABlockThatGivesNothingChangesNothing(norm: Norm) throws {
        let graph = try Networks.graph(norm: norm)
        var weights = Networks.weights(graph)
        for suffix in ["weight", "bias"] {
            let name = "backbone.body.layer2.1.bn2.\(suffix)"
            weights[name] = Tensor(repeating: 0, try #require(weights[name]).shape)
        }
        let child = try StudentAction.removeBlock(stage: 1, block: 1).morph(
            graph, weights, importance: nil, RandomStream(seed: 2), Networks.catalog)
        expectSame(try answers(graph, weights), try answers(child.graph, child.weights), "removing a zero block")
    }

    @Test(arguments: Norm.allCases)
    func sortingASupernetChangesNothing(norm: Norm) throws {
        let graph = try Networks.graph(norm: norm)
        let space = SearchSpace.below(
            graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1], trunkWidths: [0.5, 1])
        let supernet = try Supernet(graph, space, Networks.catalog)
        let weights = Networks.weights(graph)
        let sorted = supernet.sorted(weights, by: Importance(.l1, graph, weights: weights))
        #expect(sorted["backbone.body.layer1.0.conv1.weight"] != weights["backbone.body.layer1.0.conv1.weight"])
        expectSame(try answers(graph, weights), try answers(graph, sorted), "sorting")
    }

    @Test func aGrownPoolStartsAsTheBase() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let grown = try PoolGrowth(blocks: [0, 1, 2], innerWidth: 1.5).grow(
            graph, weights, RandomStream(seed: 1), Networks.catalog)
        #expect(grown.graph.architecture.backbone.stages.map(\.blocks.count) == [2, 3, 3, 1])
        #expect(grown.graph.architecture[.inner(stage: 1, block: 0, index: 0)] == 48)
        expectSame(try answers(graph, weights), try answers(grown.graph, grown.weights), "growing a pool")
    }

    /// Its weights on larger images of the same shape: the one growth that changes answers.
    @Test func aPoolMayGrowTheInput() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let own = graph.architecture.input
        let grown = try PoolGrowth(blocks: [], innerWidth: 1, input: own.shorter + own.shorter / 2).grow(
            graph, weights, RandomStream(seed: 1), Networks.catalog)
        let larger = DetectorArchitecture.InputSize(
            shorter: own.shorter + own.shorter / 2, longer: own.longer + own.longer / 2)
        #expect(grown.graph.architecture.input == larger && grown.weights == weights)
        #expect(grown.graph.cost.multiplyAccumulates > graph.cost.multiplyAccumulates)
        let refusal = #expect(throws: Failure.self) {
            try PoolGrowth(blocks: [], innerWidth: 1, input: own.shorter).grow(graph, Networks.catalog)
        }
        #expect(refusal?.place == "grow.input")
    }
}
