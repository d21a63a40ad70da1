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
                guard (try? action.apply(to: graph, Networks.catalog)) != nil else { continue }
                let child = try action.morph(
                    graph, weights, importance: Importance(.l1, graph, weights: weights),
                    random.stream("new", step), Networks.catalog)
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

    /// A moved block takes along what fits, and gives nothing at its new place.
    @Test func aMovedBlockTakesAlongWhatFits() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let child = try StudentAction.moveBlock(stage: 0, block: 1, to: 1).morph(
            graph, weights, importance: nil, RandomStream(seed: 3), Networks.catalog)
        #expect(child.graph.architecture.backbone.stages.map(\.blocks.count) == [1, 3, 1, 1])
        // Both stages are 32 wide here: all fits but the last norm, which starts at 0.
        for suffix in ["conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight"] {
            #expect(child.weights["backbone.body.layer2.2.\(suffix)"] == weights["backbone.body.layer1.1.\(suffix)"])
        }
        for suffix in ["weight", "bias"] {
            #expect(child.weights["backbone.body.layer2.2.bn2.\(suffix)"]?.array.allSatisfy { $0 == 0 } == true)
        }
        // Into a wider trunk its convolutions do not fit, its inner norm does.
        let wider = try StudentAction.moveBlock(stage: 0, block: 1, to: 2).morph(
            graph, weights, importance: nil, RandomStream(seed: 3), Networks.catalog)
        #expect(wider.weights["backbone.body.layer3.1.conv1.weight"]?.shape == [32, 64, 3, 3])
        #expect(wider.weights["backbone.body.layer3.1.bn1.bias"] == weights["backbone.body.layer1.1.bn1.bias"])
    }

    @Test func anotherInputKeepsAllWeights() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let child = try StudentAction.setInput(.init(shorter: 96, longer: 128)).morph(
            graph, weights, importance: nil, RandomStream(seed: 3), Networks.catalog)
        #expect(child.weights == weights && child.graph.architecture.input.shorter == 96)
        #expect(throws: Failure.self) {
            try StudentAction.setInput(.init(shorter: 8, longer: 128)).apply(to: graph, Networks.catalog)
        }
    }

    /// Fewer proposals reach the box head in inference, at less cost; training stays as it is.
    @Test func fewerProposalsKeepAllWeights() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let count = graph.architecture.selection.inference.afterNMS
        let child = try StudentAction.setProposals(count / 2).morph(
            graph, weights, importance: nil, RandomStream(seed: 3), Networks.catalog)
        let selection = child.graph.architecture.selection
        #expect(child.weights == weights && selection.inference.afterNMS == count / 2)
        #expect(selection.training == graph.architecture.selection.training)
        #expect(child.graph.cost.multiplyAccumulates < graph.cost.multiplyAccumulates)
        for refused in [count, 0, -1, 100_001] {
            #expect(throws: Failure.self) { try StudentAction.setProposals(refused).apply(to: graph, Networks.catalog) }
        }
    }

    @Test func allWidthsAreNarrowedAlike() throws {
        let graph = try Networks.graph()
        let actions = try #require(graph.narrowing(toShare: 0.6, Networks.catalog))
        var narrow = graph
        for action in actions { narrow = try action.apply(to: narrow, Networks.catalog) }
        let share = Double(narrow.cost.multiplyAccumulates) / Double(graph.cost.multiplyAccumulates)
        #expect(share <= 0.6 && share > 0.5)
        #expect(Set(actions.map { $0.kind(on: graph.architecture) }) == [.prune])
        #expect(graph.narrowing(toShare: 1, Networks.catalog) == [])
        #expect(graph.narrowing(toShare: 0.001, Networks.catalog) == nil)
        // No width can stay a step wider.
        for knob in graph.channelGroups.compactMap(\.knobs.first) {
            let width = narrow.architecture[knob] + graph.searchUnit(of: knob)
            guard width <= graph.architecture[knob],
                let wider = try? StudentAction.setWidth(knob: knob, width: width).apply(to: narrow, Networks.catalog)
            else { continue }
            #expect(wider.cost.multiplyAccumulates > Int(0.6 * Double(graph.cost.multiplyAccumulates)), "\(knob)")
        }
    }

    /// With all of the importance in one place, the others are narrowed.
    @Test func theCheapestWidthsAreNarrowed() throws {
        let graph = try Networks.graph()
        let weights = Networks.weights(graph)
        let prized: Set<Knob> = [.head(0), .trunk(stage: 1), .inner(stage: 2, block: 0, index: 0)]
        // Taylor's scores are products of weights and gradients.
        var gradients = weights.mapValues { Tensor(repeating: 1e-6, $0.shape) }
        for group in graph.channelGroups where !prized.isDisjoint(with: group.knobs) {
            for slice in group.slices where slice.role == .producer {
                gradients[slice.parameter] = weights[slice.parameter]
            }
        }
        var importance = Importance()
        importance.addTaylor(graph, weights: weights, gradients: gradients)
        let actions = try #require(graph.cheapestNarrowing(toShare: 0.6, importance, Networks.catalog))
        var narrow = graph
        for action in actions { narrow = try action.apply(to: narrow, Networks.catalog) }
        let share = Double(narrow.cost.multiplyAccumulates) / Double(graph.cost.multiplyAccumulates)
        #expect(share <= 0.6 && share > 0.5)
        let knobs = actions.compactMap { if case .setWidth(let knob, _) = $0 { knob } else { nil } }
        #expect(knobs.count == actions.count && Set(knobs).count == knobs.count, "each width is set once")
        #expect(prized.isDisjoint(with: knobs))
        // A new block is not trained: it is no cheap thing to cut.
        let plan = try graph.plan(
            [.addBlock(stage: 1)], narrowedTo: 0.8, .cheapest, importance: importance, Networks.catalog, at: "test")
        #expect(!plan.contains { if case .setWidth(.inner(1, 1, _), _) = $0 { true } else { false } })
        #expect(plan.first == .addBlock(stage: 1) && plan.count > 1)
    }

    @Test func actionsAreReadAsTheyAreWritten() throws {
        let knobs: [Knob] = [
            .stem, .top, .trunk(stage: 2), .inner(stage: 0, block: 11, index: 1), .lateral, .neck, .proposal, .head(1),
        ]
        let actions: [StudentAction] =
            [
                .addBlock(stage: 3), .removeBlock(stage: 0, block: 9), .moveBlock(stage: 1, block: 2, to: 0),
                .setInput(.init(shorter: 240, longer: 320)), .setProposals(150),
            ] + knobs.map { .setWidth(knob: $0, width: 96) }
        for action in actions {
            #expect(try StudentAction(parsing: action.description) == action)
            let json = try JSON(encoding: [action])
            #expect(json == .array([.string(action.description)]))
            #expect(try json.decode([StudentAction].self, at: "test") == [action])
        }
        for text in [
            "", "add", "add a block to stage0", "add a block to 3", "remove stage1", "remove stage1.block0",
            "move stage1.block2 to block3", "set stage2.trunk 96", "set stage2 to 96", "set stage1.block1.inner to 8",
            "set head2 to 8", "set input to 240", "set input to 240x320x2", "set neck.output to many",
            "keep proposals", "keep few proposals", "keep 99999999999999999999 proposals",
            "remove stage99999999999999999999.block1",
            "set stem to 99999999999999999999",
        ] {
            #expect(throws: Failure.self, "\(text)") { try StudentAction(parsing: text) }
        }
    }

    /// The groups of a grouped convolution go as a whole, on both of its sides.
    @Test func groupsOfConvolutionsGoAsAWhole() throws {
        var architecture = try Networks.architecture(norm: .frozen, preset: "resnet50")
        for stage in architecture.backbone.stages.indices {
            for block in architecture.backbone.stages[stage].blocks.indices {
                architecture.backbone.stages[stage].blocks[block].convolutionGroupWidth = 4
            }
        }
        let graph = try DetectorGraph(architecture, Networks.catalog)
        let weights = Networks.weights(graph)
        let knob = Knob.inner(stage: 0, block: 1, index: 1)
        let name = "backbone.body.layer1.1.conv2.weight"
        #expect(weights[name]?.shape == [32, 4, 3, 3])
        let child = try StudentAction.setWidth(knob: knob, width: 16).morph(
            graph, weights, importance: Importance(.l1, graph, weights: weights), RandomStream(seed: 1),
            Networks.catalog)
        #expect(child.weights[name]?.shape == [16, 4, 3, 3])
        let kept = child.inheritance.origins(of: knob)
        let groups = [0, 4, 8, 12].map { kept[$0] / 4 }
        #expect(kept == groups.flatMap { group in Array(4 * group..<4 * group + 4) })
        #expect(child.inheritance.origins(of: .inner(stage: 0, block: 1, index: 0)) == kept)
        #expect(throws: Failure.self) {
            try StudentAction.setWidth(knob: .inner(stage: 3, block: 0, index: 0), width: 4).apply(
                to: child.graph, Networks.catalog)
        }
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

    /// All that an optimiser keeps follows its parameters; counts of steps are no tensors of theirs.
    @Test func optimisersGoOnAfterAnAction() throws {
        let graph = try Networks.graph()
        var weights = Networks.weights(graph)
        var adam = AdamW()
        var descent = SGD()
        adam.step(&weights, gradients: weights.mapValues { $0 }, learningRate: 0.01)
        descent.step(&weights, gradients: weights.mapValues { $0 }, learningRate: 0.01)
        let child = try StudentAction.setWidth(knob: .trunk(stage: 1), width: 16).morph(
            graph, weights, importance: Importance(.l1, graph, weights: weights), RandomStream(seed: 1),
            Networks.catalog)
        var next = child.weights
        for optimiser in [adam, descent] as [any Optimiser] {
            var optimiser = optimiser
            let inherited = try child.inheritance.optimiserState(optimiser.state)
            #expect(inherited.count == optimiser.state.count)
            try optimiser.restore(inherited)
            optimiser.step(&next, gradients: child.weights, learningRate: 0.01)
        }
        let name = "backbone.body.layer2.0.bn2.weight"
        #expect(
            try child.inheritance.optimiserState(descent.state)["momentum/\(name)"]
                == child.inheritance.state(descent.state.withoutKinds)[name])
        #expect(throws: Failure.self) { try child.inheritance.optimiserState(["momentum/x": Tensor(1)]) }
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

extension NamedTensors {
    /// Without the kind of state before each name.
    fileprivate var withoutKinds: NamedTensors {
        NamedTensors(uniqueKeysWithValues: map { (String($0.key.drop { $0 != "/" }.dropFirst()), $0.value) })
    }
}
