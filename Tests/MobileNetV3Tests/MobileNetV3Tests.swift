import BackboneConformance
import Basics
import DetectorKit
import MobileNetV3
import Testing

@Suite struct MobileNetV3Tests {
    @Test(arguments: BackboneConformance(MobileNetV3()).cases) func conforms(_ part: BackboneConformance.Case) {
        #expect(part.findings() == [])
    }

    private func body(_ preset: String) throws -> NetworkGraph {
        let backbone = MobileNetV3()
        var builder = GraphBuilder()
        _ = backbone.build(
            try backbone.architecture(preset: preset, norm: .batch, groups: 16), into: &builder,
            image: builder.input("image", channels: 3))
        return builder.graph
    }

    /// torchvision's `mobilenet_v3_large().features` and `…small…` count so many trained parameters, and on 224×224 the whole
    /// networks 219 and 59 (Howard et al. 2019: 219, 56) M multiply-accumulates, of which the classifiers have 2.5 and 1.6.
    @Test(arguments: [("mobilenet_v3_large", 2_971_952, 214...218), ("mobilenet_v3_small", 927_008, 54...57)])
    func sizesAreThePapers(_ preset: String, parameters: Int, millions: ClosedRange<Int>) throws {
        let network = try body(preset)
        #expect(network.parameters.filter(\.isTrainable).reduce(0) { $0 + $1.count } == parameters)
        let products = network.operators(height: 224, width: 224, regions: 0).reduce(0) { $0 + $1.multiplyAccumulates }
        #expect(millions.contains(products / 1_000_000), "\(products)")
    }

    @Test func layersHaveTorchvisionsNames() throws {
        let names = Set(try body("mobilenet_v3_large").parameters.map(\.name))
        // An expansion, a depthwise convolution, squeeze-and-excitation and a projection; the first block has no expansion.
        for name in [
            "layer1.0.block.0.0.weight", "layer1.0.block.1.1.running_var", "layer3.1.block.0.0.weight",
            "layer3.1.block.1.1.bias", "layer3.1.block.2.fc1.bias", "layer3.1.block.2.fc2.weight",
            "layer3.1.block.3.0.weight", "layer4.0.block.2.0.weight", "stem.0.weight", "top.1.weight",
        ] {
            #expect(names.contains("backbone.body.\(name)"))
        }
    }

    /// The squeezed width is a knob of its own, and the gate belongs to what it scales.
    @Test func squeezeWidthsAreKnobs() throws {
        let groups = try body("mobilenet_v3_large").channelGroups
        let squeezed = try #require(groups.first { $0.knobs == [.inner(stage: 2, block: 0, index: 1)] })
        #expect(squeezed.width == 24)
        let expanded = try #require(groups.first { $0.knobs == [.inner(stage: 2, block: 0, index: 0)] })
        #expect(expanded.slices.map(\.parameter).contains("backbone.body.layer3.0.block.2.fc2.bias"))
        // The separable block keeps its channels: stem and first trunk are the same.
        #expect(groups.contains { $0.knobs == [.stem, .trunk(stage: 0)] })
    }

    @Test func impossibleArchitecturesAreRefused() throws {
        let backbone = MobileNetV3()
        let good = try backbone.architecture(preset: "mobilenet_v3_large", norm: .group, groups: 16)
        func refusal(_ change: (inout BackboneArchitecture) -> Void) -> String {
            var wrong = good
            change(&wrong)
            do {
                try backbone.validate(wrong)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(refusal { $0.top = nil }.contains("ends in a convolution"))
        #expect(refusal { $0.stages[1].stride = 1 }.contains("do not lead over 4, 8 and 16 to 32"))
        #expect(refusal { $0.stages[1].stride = 3 }.contains("stage 2"))
        #expect(refusal { $0.stages[0].width = 24 }.contains("adds its 16 channels to a trunk of 24"))
        #expect(refusal { $0.stages[1].blocks[0].kernel = 4 }.contains("a kernel of 4"))
        #expect(refusal { $0.stages[1].blocks[0].widths = [] }.contains("stage 2, block 1"))
    }
}
