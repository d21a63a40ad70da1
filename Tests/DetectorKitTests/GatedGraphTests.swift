import Basics
import DetectorKit
import Tensor
import Testing

/// An inverted residual with squeeze-and-excitation: what depthwise convolutions, gates and hard activations need of every
/// layer of the graph.
@Suite struct GatedGraphTests {
    private static let (trunk, wide, squeezed) = (16, 32, 8)

    private func graph(norm: Norm = .frozen) -> NetworkGraph {
        var builder = GraphBuilder()
        let inner = Knob.inner(stage: 0, block: 0, index: 0)
        func convolution(
            _ name: String, _ input: NetworkGraph.NodeID, _ outputs: Int, kernel: Int = 1, groups: Int = 1,
            bias: Bool = false, knob: Knob
        ) -> NetworkGraph.NodeID {
            builder.convolution(
                name, input, to: outputs, kernel: kernel, groups: groups, bias: bias, initialiser: .heNormalFanOut,
                knob: knob)
        }
        let image = builder.input("image", channels: 3)
        let stem = convolution("stem", image, Self.trunk, kernel: 3, knob: .stem)
        var node = builder.norm(
            "expand.norm", convolution("expand", stem, Self.wide, knob: inner), norm, channelsPerGroup: 8)
        node = convolution(
            "depthwise", builder.hardSwish(node), Self.wide, kernel: 5, groups: Self.wide, knob: inner)
        node = builder.hardSwish(builder.norm("depthwise.norm", node, norm, channelsPerGroup: 8))
        var gate = convolution(
            "fc1", builder.globalPool(node), Self.squeezed, bias: true, knob: .inner(stage: 0, block: 0, index: 1))
        gate = builder.hardSigmoid(convolution("fc2", builder.relu(gate), Self.wide, bias: true, knob: inner))
        node = convolution("project", builder.gate(node, by: gate), Self.trunk, knob: .trunk(stage: 0))
        builder.output("out", builder.add(node, stem))
        return builder.graph
    }

    @Test func whatAGateScalesAndWhatItIsMadeOfAreOneGroup() throws {
        let groups = graph().channelGroups
        let wide = try #require(groups.first { $0.knobs == [.inner(stage: 0, block: 0, index: 0)] })
        #expect(wide.width == Self.wide)
        func names(_ role: ChannelGroup.Slice.Role) -> [String] {
            wide.slices.filter { $0.role == role }.map { "\($0.parameter)/\($0.axis)" }
        }
        #expect(names(.producer) == ["expand.weight/0", "depthwise.weight/0", "fc2.weight/0", "fc2.bias/0"])
        #expect(names(.consumer) == ["fc1.weight/1", "project.weight/1"])
        #expect(names(.norm).count == 8)
        let squeezed = try #require(groups.first { $0.knobs == [.inner(stage: 0, block: 0, index: 1)] })
        #expect(squeezed.width == Self.squeezed)
        #expect(squeezed.slices.map(\.parameter) == ["fc1.weight", "fc1.bias", "fc2.weight"])
        #expect(groups.first { $0.knobs.contains(.stem) }?.knobs == [.stem, .trunk(stage: 0)])
    }

    @Test(arguments: Norm.allCases) func runsAsWhatItIsMadeOf(norm: Norm) throws {
        let graph = graph(norm: norm)
        var weights = graph.initialWeights(RandomStream(seed: 1))
        var random = RandomStream(seed: 2)
        for spec in graph.parameters where spec.shape.count == 1 {
            weights[spec.name] = Tensor(spec.shape, (0..<spec.count).map { _ in Float(random.uniform(0.5, 1.5)) })
        }
        let image = Tensor([2, 3, 9, 11], (0..<2 * 3 * 99).map { _ in Float(random.normal()) })
        let tape = Tape(recording: false)
        let result = try GraphExecution(graph).run(
            ["out"], on: tape, weights: weights, feeds: ["image": tape.constant(image)], mode: .inference)["out"]

        let plain = Tape(recording: false)
        func weight(_ name: String) throws -> Variable { plain.constant(try #require(weights[name])) }
        func normalised(_ x: Variable, _ name: String) throws -> Variable {
            let (scale, shift) = (try weight("\(name).weight"), try weight("\(name).bias"))
            if norm == .group { return plain.groupNorm(x, scale: scale, shift: shift, channelsPerGroup: 8) }
            return plain.frozenNorm(
                x, scale: scale, shift: shift, mean: try weight("\(name).running_mean").value,
                variance: try weight("\(name).running_var").value)
        }
        let stem = plain.convolution(plain.constant(image), weight: try weight("stem.weight"), padding: 1)
        var x = plain.convolution(stem, weight: try weight("expand.weight"))
        x = plain.hardSwish(try normalised(x, "expand.norm"))
        x = plain.convolution(x, weight: try weight("depthwise.weight"), padding: 2, groups: Self.wide)
        x = plain.hardSwish(try normalised(x, "depthwise.norm"))
        let squeezed = plain.relu(
            plain.convolution(
                plain.globalAveragePool(x), weight: try weight("fc1.weight"), bias: try weight("fc1.bias")))
        let gate = plain.hardSigmoid(
            plain.convolution(squeezed, weight: try weight("fc2.weight"), bias: try weight("fc2.bias")))
        let branch = plain.convolution(plain.gated(x, by: gate), weight: try weight("project.weight"))
        let expected = plain.add(branch, stem).value.array
        let largest = expected.map(abs).max() ?? 0
        #expect(zip(result.value.array, expected).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
    }

    /// What is counted is what runs, product for product.
    @Test func costsWhatItRuns() throws {
        let graph = graph()
        let operators = graph.operators(batch: 2, height: 9, width: 11, regions: 0)
        let tape = Tape(recording: false)
        _ = try GraphExecution(graph).run(
            ["out"], on: tape, weights: graph.initialWeights(RandomStream(seed: 1)),
            feeds: ["image": tape.constant(Tensor([2, 3, 9, 11]))], mode: .inference)
        #expect(operators.reduce(0) { $0 + $1.multiplyAccumulates } == tape.multiplyAccumulates)
        let pool = try #require(operators.first { $0.kind == .globalPool })
        #expect([pool.inputChannels, pool.height, pool.width, pool.multiplyAccumulates] == [Self.wide, 9, 11, 0])
        let first = try #require(operators.last { $0.kind == .convolution && $0.height == 1 })
        #expect(first.multiplyAccumulates == 2 * Self.squeezed * Self.wide)
        #expect(operators.filter { $0.kind == .hardSwish }.count == 2)
        #expect(operators.map(\.kind).contains(.gate) && operators.map(\.kind).contains(.hardSigmoid))
    }
}
