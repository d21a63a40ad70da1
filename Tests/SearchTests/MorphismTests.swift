import Basics
import DetectorKit
import Search
import Tensor
import Testing

@Suite struct MorphismTests {
    @Test(arguments: Norm.allCases, ["resnet18", "resnet50"])
    func randomSequencesStayLegal(norm: Norm, preset: String) throws {
        for seed in 0..<6 {
            var random = RandomStream(seed: UInt64(seed)).stream("\(norm) \(preset)")
            var graph = try Networks.graph(norm: norm, preset: preset)
            var weights = Networks.weights(graph)
            var applied = 0
            for step in 0..<20 {
                let action = Networks.randomAction(graph, &random)
                guard
                    let child = try? action.morph(
                        graph, weights, importance: Importance(.l1, graph, weights: weights),
                        random.stream("new", step), Networks.catalog)
                else { continue }
                applied += 1
                (graph, weights) = (child.graph, child.weights)
                let specs = graph.network.parameters
                #expect(Set(specs.map(\.name)) == Set(weights.keys))
                for spec in specs { #expect(weights[spec.name]?.shape == spec.shape, "\(spec.name) after \(action)") }
                let again = try DetectorArchitecture(json: graph.architecture.json, at: "test")
                #expect(again == graph.architecture)
            }
            #expect(applied >= 8, "most random actions should be legal")
        }
    }

    @Test func aRemovedBlocksFollowersMoveUp() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let longer = try StudentAction.addBlock(stage: 0).morph(
            graph, weights, importance: nil, RandomStream(seed: 3), Networks.catalog)
        let child = try StudentAction.removeBlock(stage: 0, block: 1).morph(
            longer.graph, longer.weights, importance: nil, RandomStream(seed: 4), Networks.catalog)
        let moved = "backbone.body.layer1.1.conv1.weight"
        #expect(child.weights[moved] == longer.weights["backbone.body.layer1.2.conv1.weight"])
        #expect(child.weights["backbone.body.layer1.2.conv1.weight"] == nil)
        #expect(child.weights["rpn.head.conv.0.0.weight"] == weights["rpn.head.conv.0.0.weight"])
    }

    @Test func pruningKeepsTheMostImportantGroupsInOrder() throws {
        let graph = try Networks.graph()
        var weights = Networks.weights(graph)
        let knob = Knob.inner(stage: 0, block: 0, index: 0)
        let name = "backbone.body.layer1.0.conv1.weight"
        // Norm groups of 4 channels: those that are multiplied stand out, and 32 channels become 8.
        var values = try #require(weights[name]).array
        let row = values.count / 32
        for channel in [8, 9, 10, 11, 20, 21, 22, 23] { for offset in 0..<row { values[channel * row + offset] *= 50 } }
        weights[name] = Tensor(try #require(weights[name]).shape, values)
        let child = try StudentAction.setWidth(knob: knob, width: 8).morph(
            graph, weights, importance: Importance(.l1, graph, weights: weights), RandomStream(seed: 1),
            Networks.catalog)
        let kept = [8, 9, 10, 11, 20, 21, 22, 23]
        #expect(child.inheritance.origins(of: knob) == kept)
        let pruned = try #require(child.weights[name]).array
        #expect(pruned == kept.flatMap { values[$0 * row..<($0 + 1) * row] })
        let scale = try #require(weights["backbone.body.layer1.0.bn1.weight"]).array
        #expect(child.weights["backbone.body.layer1.0.bn1.weight"]?.array == kept.map { scale[$0] })
    }

    @Test func momentumFollowsTheSameMaps() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let momentum = weights.filter { !$0.key.hasPrefix("roi_heads.box_predictor") }
        let importance = Importance(.l1, graph, weights: weights)
        let knob = Knob.trunk(stage: 1)
        let narrow = try StudentAction.setWidth(knob: knob, width: 16).morph(
            graph, weights, importance: importance, RandomStream(seed: 1), Networks.catalog)
        let inherited = try narrow.inheritance.state(momentum)
        #expect(Set(inherited.keys) == Set(momentum.keys))
        for (name, tensor) in inherited { #expect(tensor == narrow.weights[name]) }

        let wide = try StudentAction.setWidth(knob: knob, width: 40).morph(
            graph, weights, importance: importance, RandomStream(seed: 1), Networks.catalog)
        let name = "backbone.body.layer2.0.bn2.weight"
        let old = try #require(weights[name]).array
        #expect(try wide.inheritance.state(momentum)[name]?.array == old + [Float](repeating: 0, count: 8))
        #expect(wide.weights[name]?.array == old + [Float](repeating: 1, count: 8))
    }

    @Test func illegalActionsAreRefused() throws {
        let graph = try Networks.graph()
        let refused: [StudentAction] = [
            .removeBlock(stage: 0, block: 0), .removeBlock(stage: 2, block: 1), .addBlock(stage: 4),
            .setWidth(knob: .neck, width: 33), .setWidth(knob: .neck, width: 0), .setWidth(knob: .neck, width: 32),
            .setWidth(knob: .inner(stage: 0, block: 5, index: 0), width: 16),
        ]
        for action in refused {
            #expect(throws: Failure.self, "\(action)") { try action.apply(to: graph, Networks.catalog) }
        }
        // A trunk as wide as the stem would lose its projection.
        let bottleneck = try Networks.graph(preset: "resnet50")
        #expect(throws: Failure.self) {
            try StudentAction.setWidth(knob: .trunk(stage: 0), width: 32).apply(to: bottleneck, Networks.catalog)
        }
    }
}
