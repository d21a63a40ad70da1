import Basics
import DetectorKit
import Search
import Tensor
import Testing

@Suite struct SupernetTests {
    private func supernet() throws -> Supernet {
        let graph = try Networks.graph()
        let space = SearchSpace.below(
            graph.architecture, removableBlocks: 1, innerWidths: [0.5, 0.75, 1], trunkWidths: [0.5, 1])
        return try Supernet(graph, space, Networks.catalog)
    }

    /// A damaged journal may say anything of a teacher: it is written out, whatever it is.
    @Test func damagedTeachersAreWrittenOut() throws {
        let json: JSON = [
            "depths": [-1, 3], "innerWidths": [1, 1], "trunkWidths": [1, 1], "blockWidths": [[0.5], [0.5]],
            "input": ["shorter": 64, "longer": 96],
        ]
        let odd = try json.decode(TeacherChoice.self, at: "a journal")
        #expect(odd.description == "depth -1-3, inner -50 %, input 64")
    }

    @Test func slicesAreLeadingCorners() throws {
        let supernet = try supernet()
        let weights = Networks.weights(supernet.graph)
        let whole = try supernet.slice(weights, supernet.subnet(supernet.space.largest))
        for (name, tensor) in whole { #expect(tensor == weights[name]) }

        let small = try supernet.subnet(supernet.space.smallest)
        let slice = try supernet.slice(weights, small)
        #expect(small.graph.architecture.backbone.stages.map(\.blocks.count) == [1, 1, 1, 1])
        for spec in small.graph.network.parameters { #expect(slice[spec.name]?.shape == spec.shape) }
        let name = "backbone.body.layer3.0.conv1.weight"
        let (part, all) = try (#require(slice[name]), #require(weights[name]))
        #expect(part.shape == [32, 16, 3, 3])
        for (o, i, k) in [(0, 0, 0), (31, 15, 8), (17, 3, 4)] {
            #expect(part.array[(o * 16 + i) * 9 + k] == all.array[(o * 32 + i) * 9 + k])
        }
    }

    @Test func gradientsGoBackWhereTheWeightsCameFrom() throws {
        let supernet = try supernet()
        let weights = Networks.weights(supernet.graph)
        let small = try supernet.subnet(supernet.space.smallest)
        let slice = try supernet.slice(weights, small)
        var total: NamedTensors = [:]
        supernet.accumulate(slice, of: small, factor: 2, into: &total)
        supernet.accumulate(slice, of: small, factor: -1, into: &total)
        // What came back is the weights themselves in the corner, and zero outside it.
        for (name, tensor) in try supernet.slice(total, small) { #expect(tensor == slice[name], "\(name)") }
        func squares(_ tensors: NamedTensors) -> Float {
            tensors.values.reduce(0) { $0 + $1.array.reduce(0) { $0 + $1 * $1 } }
        }
        #expect(abs(squares(total) - squares(slice)) < 1e-3 * squares(slice))
        #expect(total["backbone.body.layer1.1.conv1.weight"] == nil)
    }

    @Test func sortingPutsTheImportantChannelsFirst() throws {
        let supernet = try supernet()
        let weights = Networks.weights(supernet.graph)
        let sorted = supernet.sorted(weights, by: Importance(.normScale, supernet.graph, weights: weights))
        let name = "backbone.body.layer1.0.bn1.weight"
        let (before, after) = try (#require(weights[name]).array, #require(sorted[name]).array)
        #expect(before.sorted() == after.sorted())
        let sums = stride(from: 0, to: 32, by: 4).map { after[$0..<$0 + 4].reduce(0) { $0 + abs($1) } }
        #expect(sums == sums.sorted(by: >))
    }

    @Test func choicesAreDrawnWithinTheSpace() throws {
        let space = try supernet().space
        var random = RandomStream(seed: 5)
        var seen: Set<TeacherChoice> = []
        for _ in 0..<50 {
            let choice = space.draw(&random)
            seen.insert(choice)
            for dimension in space.dimensions { #expect(space.level(dimension, of: choice) != nil) }
            for dimension in space.elastic {
                let neighbour = space.neighbour(of: choice, along: dimension, &random)
                let steps = space.dimensions.map {
                    abs((space.level($0, of: choice) ?? 9) - (space.level($0, of: neighbour) ?? 9))
                }
                #expect(steps.reduce(0, +) == 1)
            }
        }
        #expect(seen.count > 30)
        #expect(space.draw(&random) { space.count($0) - 1 } == space.largest)
        #expect(try space.largest.digest != space.smallest.digest)
    }

    /// A trunk that becomes as wide as the stem loses its projection. It is found before training, in the middle too.
    @Test func trunksThatLoseAProjectionAreRefused() throws {
        let graph = try Networks.graph(preset: "resnet50")
        let space = SearchSpace.below(
            graph.architecture, removableBlocks: 0, innerWidths: [1], trunkWidths: [0.25, 0.5, 1])
        let failure = #expect(throws: Failure.self) { _ = try Supernet(graph, space, Networks.catalog) }
        #expect(failure?.remedy == "choose trunk widths that keep every shortcut's projection")
        let without = SearchSpace.below(
            graph.architecture, removableBlocks: 0, innerWidths: [1], trunkWidths: [0.25, 1])
        _ = try Supernet(graph, without, Networks.catalog)
    }

    @Test func badSpacesAreRefused() throws {
        let graph = try Networks.graph()
        let input = graph.architecture.input
        let spaces = [
            SearchSpace(depths: [[1, 2], [2], [1], [1]], innerWidths: [0.5, 0.75], inputs: [input]),
            SearchSpace(depths: [[2], [2], [1], [1]], innerWidths: [1], inputs: [input]),
            SearchSpace(depths: [[2, 1], [2], [1], [1]], innerWidths: [1], inputs: [input]),
            SearchSpace(depths: [[1, 2], [2], [1]], innerWidths: [1], inputs: [input]),
        ]
        for space in spaces { #expect(throws: Failure.self) { try Supernet(graph, space, Networks.catalog) } }
    }

    /// Each block with a width of its own, as in Once-for-All: every network has one name.
    @Test func blocksMayHaveWidthsOfTheirOwn() throws {
        let graph = try Networks.graph()
        let space = SearchSpace.below(
            graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1], perBlock: true)
        let supernet = try Supernet(graph, space, Networks.catalog)
        let blocks = graph.architecture.backbone.stages.map(\.blocks.count)
        // With b blocks: the last one is there with two widths, or it is not.
        let sizes = blocks.map { b in (max(1, b - 1)...b).reduce(0) { $0 + (1 << $1) } }
        let all = Array(space.all)
        #expect(space.size == sizes.reduce(1, *) && all.count == space.size && Set(all).count == all.count)
        #expect(all.first == space.largest)
        var architectures: Set<DetectorArchitecture> = []
        for choice in all {
            architectures.insert(try supernet.subnet(choice).graph.architecture)
            #expect(space.contains(choice))
            #expect(try space.choice(parsing: choice.description) == choice, "\(choice)")
        }
        #expect(architectures.count == all.count)
        // Neither a stage nor a block may be left out or added.
        for text in [
            "inner 100/50--100-100 %", "inner 100/50/50/50-100/50-100-100 %", "inner 100//50-100/50-100-100 %",
        ] {
            #expect(throws: Failure.self, "\(text)") { try space.choice(parsing: text) }
        }
        var random = RandomStream(seed: 2)
        for _ in 0..<20 { #expect(space.contains(space.draw(&random))) }
        // A teacher without a block has no neighbour with another width of it; in all other dimensions there is one.
        for choice in all {
            for dimension in space.elastic {
                let isThere = space.elastic(of: choice).contains(dimension)
                #expect((space.neighbour(of: choice, along: dimension, &random) != choice) == isThere, "\(choice)")
            }
        }
        // One that tells a width of a block that is not there is not of the space, nor is one of whole stages.
        var odd = space.smallest
        odd.blockWidths?[0][blocks[0] - 1] = 0.5
        #expect(!space.contains(odd))
        odd.blockWidths = nil
        #expect(!space.contains(odd))
        #expect(try JSON(encoding: space).decode(SearchSpace.self) == space)
        #expect(try !supernet.slice(Networks.weights(graph), supernet.subnet(all[5])).isEmpty)
    }

    /// Shares that round to one width are one value of their dimension, and what has no width is no dimension.
    @Test func valuesThatChangeNothingAreNone() throws {
        let graph = try Networks.graph()
        // Stage 1 has 32 channels inside, two steps of 16: 0.6 and 0.75 are 16 of them or 32, as 0.5 and 1.
        let wanted = SearchSpace.below(
            graph.architecture, removableBlocks: 0, innerWidths: [0.5, 0.6, 0.75, 1], trunkWidths: [1])
        let space = try Supernet.distinct(wanted, above: graph, Networks.catalog)
        var random = RandomStream(seed: 1)
        for dimension in space.dimensions {
            let architectures = try (0..<space.count(dimension)).map { level in
                try Supernet(graph, wanted, Networks.catalog)
                    .subnet(space.choice { $0 == dimension ? level : space.count($0) - 1 }).graph.architecture
            }
            #expect(Set(architectures).count == architectures.count, "\(dimension)")
        }
        #expect(space.size < wanted.size && space.shares(.inner(stage: 0, block: nil)).last == 1)
        let supernet = try Supernet(graph, space, Networks.catalog)
        #expect(try Set(space.all.map { try supernet.subnet($0).graph.architecture }).count == space.size)
        #expect(space.contains(space.draw(&random)))
        #expect(try JSON(encoding: space).decode(SearchSpace.self) == space)
        // Where nothing is alike the space is as it was, and is written as it was.
        let plain = SearchSpace.below(graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1])
        #expect(try Supernet.distinct(plain, above: graph, Networks.catalog) == plain)
        #expect(try !JSON(encoding: plain).canonicalText.contains("exceptions"))
    }

    /// What a step trains beside the largest network: nothing before anything opens, the smallest network where it alone does.
    @Test func aStepsShareOfTheLargest() throws {
        let graph = try Networks.graph()
        let space = SearchSpace.below(graph.architecture, removableBlocks: 1, innerWidths: [0.5, 1])
        let supernet = try Supernet(graph, space, Networks.catalog)
        func share(_ schedule: ShrinkingSchedule, steps: Int) throws -> Double {
            try schedule.meanShare(of: supernet, regions: 40, totalSteps: steps)
        }
        func macs(_ graph: DetectorGraph) -> Double { Double(graph.cost(regions: 40).multiplyAccumulates) }
        let smallest = try macs(supernet.subnet(space.smallest).graph) / macs(graph)
        #expect(try abs(share(ShrinkingSchedule(sampled: 1, opening: 0), steps: 10) - smallest) < 1e-9)
        #expect(try abs(share(ShrinkingSchedule(sampled: 1, opening: 0), steps: 10_000) - smallest) < 1e-9)
        #expect(try share(ShrinkingSchedule(sampled: 2, opening: 0.5), steps: 0) == 0)
        // Two sampled networks are more than one, and at most twice the largest.
        let two = try share(ShrinkingSchedule(sampled: 2, opening: 0), steps: 100)
        #expect(two > smallest && two < smallest + 1)
    }
}
