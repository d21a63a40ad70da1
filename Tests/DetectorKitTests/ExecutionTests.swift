import Basics
import DetectorKit
import Devices
import ResNet
import Tensor
import Testing

private let catalog = BackboneCatalog([ResNet()])

/// A narrow detector on 64×96 images.
private func smallGraph(norm: Norm) throws -> DetectorGraph {
    var backbone = try catalog.architecture(preset: "resnet18", norm: norm, groups: 4)
    backbone.stem = .init(width: 16, channelsPerGroup: 4)
    for stage in backbone.stages.indices {
        let width = 16 << stage
        backbone.stages[stage].width = width
        backbone.stages[stage].channelsPerGroup = width / 4
        for block in backbone.stages[stage].blocks.indices {
            backbone.stages[stage].blocks[block] = .init(widths: [width], channelsPerGroup: width / 4)
        }
    }
    return try DetectorGraph(
        DetectorArchitecture(
            backbone: backbone, neck: .init(lateralWidth: 24, outputWidth: 16), proposalWidth: 16,
            headWidths: [32, 24], classes: 2, input: .init(shorter: 64, longer: 96),
            anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [0.5, 1, 2]), selection: .init()), catalog)
}

private func image(_ random: RandomStream) -> Tensor {
    var random = random
    return Tensor([2, 3, 64, 96], (0..<2 * 3 * 64 * 96).map { _ in Float(random.normal()) })
}

@Suite struct ExecutionTests {
    @Test(arguments: Norm.allCases) func everyOutputHasItsShapeAndEveryTrainedParameterAGradient(norm: Norm) throws {
        let graph = try smallGraph(norm: norm)
        let weights = graph.network.initialWeights(RandomStream(seed: 1))
        let tape = Tape(recording: true)
        let execution = GraphExecution(graph.network)
        let levels = (0..<5).flatMap { ["p\($0)", "objectness\($0)", "deltas\($0)"] }
        let features = try execution.run(
            levels, on: tape, weights: weights, feeds: ["image": tape.constant(image(RandomStream(seed: 2)))],
            mode: .training)
        #expect(features["p0"].shape == [2, 16, 16, 24])
        #expect(features["p4"].shape == [2, 16, 1, 2])
        #expect(features["objectness1"].shape == [2, 3, 8, 12])
        #expect(features["deltas3"].shape == [2, 12, 2, 3])

        let regions = Tensor([4, 16, 7, 7], (0..<4 * 16 * 49).map { Float($0 % 13) - 6 })
        let head = try execution.run(
            ["class_logits", "box_deltas"], on: tape, weights: weights,
            feeds: ["regions": tape.constant(regions)], mode: .training)
        #expect(head["class_logits"].shape == [4, 3])
        #expect(head["box_deltas"].shape == [4, 12])

        var seeds = (levels.map { features[$0] } + [head["class_logits"], head["box_deltas"]]).map { variable in
            (variable: variable, gradient: Tensor(repeating: 1, variable.shape))
        }
        seeds.reverse()
        let gradients = tape.gradients(from: seeds)
        let trained = Set(graph.network.parameters.filter(\.isTrainable).map(\.name))
        #expect(Set(gradients.keys) == trained)
        let statistics = Set(
            graph.network.parameters.filter { $0.name.contains("running") && norm == .batch }.map(\.name))
        #expect(Set(features.runningStatistics.keys) == statistics)
    }

    @Test func frozenParametersGetNoGradient() throws {
        let graph = try smallGraph(norm: .group)
        let weights = graph.network.initialWeights(RandomStream(seed: 1))
        let tape = Tape(recording: true)
        let features = try GraphExecution(graph.network).run(
            ["p0"], on: tape, weights: weights, feeds: ["image": tape.constant(image(RandomStream(seed: 2)))],
            mode: .training, frozen: { $0.hasPrefix("backbone.body.layer1.") || $0.hasPrefix("backbone.body.conv1") })
        let seed = (variable: features["p0"], gradient: Tensor(repeating: 1, features["p0"].shape))
        let gradients = tape.gradients(from: [seed])
        #expect(!gradients.keys.contains { $0.hasPrefix("backbone.body.layer1.") })
        #expect(gradients.keys.contains("backbone.body.layer2.0.conv1.weight"))
    }

    @Test func aMissingWeightIsNamed() throws {
        let graph = try smallGraph(norm: .group)
        var weights = graph.network.initialWeights(RandomStream(seed: 1))
        weights["backbone.body.layer3.1.conv2.weight"] = nil
        let tape = Tape(recording: false)
        #expect {
            _ = try GraphExecution(graph.network).run(
                ["p0"], on: tape, weights: weights, feeds: ["image": tape.constant(image(RandomStream(seed: 2)))],
                mode: .inference)
        } throws: { "\($0)".contains("the weights lack 'backbone.body.layer3.1.conv2.weight'") }
    }

    /// The engines compute the same network; so the fused and blocked path is checked by im2col end to end.
    @Test func bothConvolutionEnginesAgree() throws {
        let graph = try smallGraph(norm: .group)
        let weights = graph.network.initialWeights(RandomStream(seed: 1))
        func pyramid(_ engine: ConvolutionEngine) throws -> [Float] {
            let tape = Tape(recording: false, engine: engine)
            return try GraphExecution(graph.network).run(
                ["p2"], on: tape, weights: weights, feeds: ["image": tape.constant(image(RandomStream(seed: 2)))],
                mode: .inference)["p2"].value.array
        }
        let (a, b) = (try pyramid(.fast), try pyramid(.gemm))
        let largest = a.map(abs).max() ?? 0
        #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 * max(1, largest) })
    }

    /// With a tape that records nothing is folded: norms of running statistics then run on their own.
    @Test(arguments: [Norm.frozen, .batch]) func foldedNormsChangeNothing(norm: Norm) throws {
        let graph = try smallGraph(norm: norm)
        var weights = graph.network.initialWeights(RandomStream(seed: 1))
        var random = RandomStream(seed: 3)
        for (name, tensor) in weights.sorted where tensor.shape.count == 1 && name.contains("bn") {
            weights[name] = Tensor(tensor.shape, tensor.array.map { _ in Float(random.uniform(0.5, 1.5)) })
        }
        let unfolded = try DetectorGraph(
            {
                var architecture = graph.architecture
                architecture.backbone.norm = .batch
                return architecture
            }(), catalog)
        func pyramid(_ graph: DetectorGraph, recording: Bool) throws -> [Float] {
            let tape = Tape(recording: recording)
            return try GraphExecution(graph.network).run(
                ["p1"], on: tape, weights: weights, feeds: ["image": tape.constant(image(RandomStream(seed: 2)))],
                mode: .inference)["p1"].value.array
        }
        let plain = try pyramid(unfolded, recording: true)
        let largest = plain.map(abs).max() ?? 0
        for folded in try [pyramid(graph, recording: false), pyramid(graph, recording: norm == .frozen)] {
            #expect(zip(plain, folded).allSatisfy { abs($0 - $1) < 1e-5 * largest })
        }
    }
}

/// Grouped bottlenecks compute what ungrouped ones do whose weights are zero between groups.
@Suite struct GroupedBottleneckTests {
    private func graph(groups: Int?) throws -> DetectorGraph {
        var backbone = try catalog.architecture(preset: "resnext50_32x4d", norm: .frozen, groups: 1)
        backbone.stem = .init(width: 8, channelsPerGroup: 8)
        for stage in backbone.stages.indices {
            let block = BackboneArchitecture.Block(
                widths: [16, 16], channelsPerGroup: 16, convolutionGroupWidth: groups.map { 16 / $0 })
            backbone.stages[stage] = .init(width: 24, channelsPerGroup: 8, blocks: [block, block])
        }
        return try DetectorGraph(
            DetectorArchitecture(
                backbone: backbone, neck: .init(lateralWidth: 8, outputWidth: 8), proposalWidth: 8, headWidths: [8, 8],
                classes: 1, input: .init(shorter: 64, longer: 96),
                anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [1]), selection: .init()), catalog)
    }

    private func pyramid(_ graph: DetectorGraph, _ weights: NamedTensors) throws -> [Float] {
        let tape = Tape(recording: false)
        let levels = (0..<4).map { "p\($0)" }
        let results = try GraphExecution(graph.network).run(
            levels, on: tape, weights: weights, feeds: ["image": tape.constant(image(RandomStream(seed: 2)))],
            mode: .inference)
        return levels.flatMap { results[$0].value.array }
    }

    @Test func areBlockDiagonal() throws {
        let (grouped, whole) = (try graph(groups: 4), try graph(groups: nil))
        let weights = grouped.network.initialWeights(RandomStream(seed: 1))
        var expanded = weights
        for spec in whole.network.parameters where weights[spec.name]?.shape != spec.shape {
            let own = try #require(weights[spec.name])
            #expect(own.shape == [16, 4, 3, 3] && spec.shape == [16, 16, 3, 3])
            let elements = own.array
            expanded[spec.name] = Tensor(
                spec.shape,
                (0..<spec.count).map { index in
                    let (output, input, place) = (index / 144, index / 9 % 16, index % 9)
                    return output / 4 == input / 4 ? elements[(output * 4 + input % 4) * 9 + place] : 0
                })
        }
        #expect(expanded.filter { weights[$0.key] != $0.value }.count == 8)
        let (found, expected) = (try pyramid(grouped, weights), try pyramid(whole, expanded))
        let largest = expected.map { abs($0) }.max() ?? 0
        #expect(largest > 0.01 && found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 * largest })
    }
}
