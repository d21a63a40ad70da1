import BackboneConformance
import SampleBackbone
import Testing

@Suite struct SampleBackboneTests {
    @Test(arguments: BackboneConformance(SampleBackbone()).cases) func conforms(_ part: BackboneConformance.Case) {
        #expect(part.findings() == [])
    }
}
