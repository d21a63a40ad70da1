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
        ("inverted_resnet_s", 1_444_368, 665_459_200), ("inverted_resnet_m", 3_463_832, 1_505_497_600),
        ("inverted_resnet_l", 9_006_976, 4_194_355_200),
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
