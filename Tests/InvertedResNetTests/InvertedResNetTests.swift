import BackboneConformance
import DetectorKit
import InvertedResNet
import Testing

@Suite struct InvertedResNetTests {
    @Test(arguments: BackboneConformance(InvertedResNet()).cases) func conforms(_ part: BackboneConformance.Case) {
        #expect(part.findings() == [])
    }

    /// On 320×320, the image that the operators were timed on.
    @Test(arguments: [
        ("inverted_resnet_s", 944_400, 416_857_600), ("inverted_resnet_m", 2_326_680, 905_945_600),
        ("inverted_resnet_l", 5_548_672, 2_479_718_400),
    ])
    func sizes(_ preset: String, parameters: Int, products: Int) throws {
        let backbone = InvertedResNet()
        var builder = GraphBuilder()
        _ = backbone.build(
            try backbone.architecture(preset: preset, norm: .batch, groups: 16), into: &builder,
            image: builder.input("image", channels: 3))
        let network = builder.graph
        #expect(network.parameters.filter(\.isTrainable).reduce(0) { $0 + $1.count } == parameters)
        let operators = network.operators(height: 320, width: 320, regions: 0)
        #expect(operators.reduce(0) { $0 + $1.multiplyAccumulates } == products)
    }
}
