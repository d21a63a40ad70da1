import BackboneConformance
import DetectorKit
import InvertedResNet
import Testing

@Suite struct InvertedResNetTests {
    @Test(arguments: BackboneConformance(InvertedResNet()).cases) func conforms(_ part: BackboneConformance.Case) {
        #expect(part.findings() == [])
    }
}
