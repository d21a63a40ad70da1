import BackboneConformance
import DetectorKit
import ResNet
import Testing

@Suite struct ConformanceTests {
    @Test(arguments: BackboneConformance(ResNet()).cases) func resNetConforms(_ part: BackboneConformance.Case) {
        #expect(part.findings() == [])
    }

    /// Every kind of mistake that a plugin can make is found, by the check that is for it.
    @Test(arguments: FaultyBackbone.Fault.allCases) func mistakesAreFound(_ fault: FaultyBackbone.Fault) {
        let cases = BackboneConformance(FaultyBackbone(fault)).cases.filter { $0.norm == .group }
        let found = cases.filter { !$0.findings().isEmpty }.map(\.aspect)
        if fault == .none {
            #expect(found.isEmpty, "\(cases.flatMap { $0.findings() })")
        } else {
            #expect(found.contains(fault.aspect), "\(found)")
        }
    }

    @Test func findingsNamePresetNormAndAspect() {
        let found = BackboneConformance(FaultyBackbone(.strides)).check()
        #expect(found.contains { $0.hasPrefix("tiny with frozen norm: shapes: the feature of stride 8") }, "\(found)")
    }
}
