import StageConformance
import StageKit
import Testing

@Suite struct ConformanceTests {
    /// Every kind of mistake that a plugin can make is found by the check that is for it, and told in words that say what it
    /// is; without a mistake nothing is.
    @Test(arguments: FaultyStage.Fault.allCases) func mistakesAreFound(_ fault: FaultyStage.Fault) async {
        await #expect(processExitsWith: .success) { [fault] in
            let suite = FaultyStage.conformance(fault)
            let found = fault == .none ? suite.findings() : suite.findings(fault.aspect)
            let text = found.joined(separator: "\n")
            if fault == .none {
                #expect(found.isEmpty, "\(text)")
            } else {
                #expect(text.contains("faulty: \(fault.aspect.rawValue): "), "\(fault): \(text)")
                #expect(text.contains(fault.words), "\(fault): \(text)")
            }
        }
    }

    /// All mistakes are told at once, each with its aspect.
    @Test func findingsNamePluginAndAspect() async {
        await #expect(processExitsWith: .success) {
            let found = FaultyStage.conformance(.beyondOne).findings([.progress, .outputs, .determinism])
            #expect(found.count == 7 && found.allSatisfy { $0.hasPrefix("faulty: progress: ") }, "\(found)")
        }
    }

    /// Of inputs and options that are wrong themselves nothing but that is said.
    @Test func aSuiteThatIsWrongIsTold() async {
        await #expect(processExitsWith: .success) {
            let plugin = FaultyStage(.none)
            let without = StageConformance(plugin).findings(.progress)
            #expect(without.count == 1 && without[0].contains("'stage' needs a dataset"), "\(without)")
            let none = StageConformance(plugin, options: "[1]").findings(.progress)
            #expect(none.count == 1 && none[0].contains("options have to be a mapping"), "\(none)")
            struct NoDisk: Error {}
            let unmade = StageConformance(plugin, inputs: [.init(.dataset) { _ in throw NoDisk() }]).findings()
            #expect(unmade == ["faulty: what the stage needs cannot be made: NoDisk()"], "\(unmade)")
        }
    }
}
