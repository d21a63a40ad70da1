import Basics
import DetectorKit
import Foundation
import MobileNetV3
import Search
import Testing

/// How students come within their limit on latency.
@Suite struct CutsTests {
    /// MobileNetV3-small with its own widths.
    private func mobile() throws -> (architecture: DetectorArchitecture, catalog: BackboneCatalog) {
        let catalog = BackboneCatalog([MobileNetV3()])
        let settings = DetectorSettings(
            backbone: "mobilenet_v3_small", norm: .group, normGroups: 4, neckWidth: 16, headWidth: 24,
            input: .init(shorter: 64, longer: 64), anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [0.5, 1, 2]),
            selection: .init())
        return try (settings.architecture(classes: 3, catalog), catalog)
    }

    /// A block of another stage may have widths that the base has nowhere in its new one: squeeze-and-excitation.
    @Test func blocksOfAnotherKindAreMovedAndCut() throws {
        let (architecture, catalog) = try mobile()
        func squeezed(_ architecture: DetectorArchitecture, _ stage: Int) -> Bool {
            architecture.backbone.stages[stage].blocks.contains { $0.widths.count > 1 }
        }
        let fixture = SearchFixture()
        fixture.other = (architecture, catalog)
        fixture.changed.mode = .random
        fixture.changed.candidates = 24
        fixture.changed.childrenPerGeneration = 2
        let known = try fixture.search().run().state.known
        #expect(known.count == 25)
        // Some were moved where there are none such, and have children.
        let moved = known.filter { candidate in
            candidate.architecture.backbone.stages.indices.contains {
                squeezed(candidate.architecture, $0) && !squeezed(architecture, $0)
            }
        }
        #expect(!Set(moved.map(\.id)).isDisjoint(with: known.compactMap(\.parent)))
    }

    /// However small the steps, as many are taken as the limit asks for.
    @Test func manySmallCutsReachTheLimit() throws {
        let fixture = SearchFixture()
        fixture.other = try mobile()
        fixture.changed.mode = .random
        fixture.changed.candidates = 2
        fixture.changed.descent = 0
        fixture.changed.latencyTarget = 0.54
        fixture.changed.leastWidth = 0.1
        fixture.changed.cutStep = 0.01
        let state = try fixture.search().run().state
        #expect(state.known.count == 3)
        #expect(state.known.contains { $0.actions.count > 24 }, "\(state.known.map(\.actions.count))")
        let shares = state.known.dropFirst().map { $0.latency / state.baseLatency }
        #expect(shares.allSatisfy { $0 <= 0.54 }, "\(shares)")
    }

    /// Measures that say nothing of one layer beside another are weighed within each: how large one layer's scores are is all the same.
    @Test func scoresThatDoNotCompareAreWeighedByShare() throws {
        func actions(_ measure: Importance.Measure, _ factors: [String: Float]) throws -> [[StudentAction]] {
            let fixture = SearchFixture()
            fixture.changed.importance = measure
            fixture.trainer.factors = factors
            return try fixture.search().run().state.known.map(\.actions)
        }
        let larger: [String: Float] = ["roi_heads.box_head.fc6.weight": 1024]
        #expect(try actions(.l1, larger) == actions(.l1, [:]))
        #expect(try actions(.taylor, larger) != actions(.taylor, [:]))
    }

    /// Looks at training images before a training can be long: they show life, and end when they are asked to.
    @Test(arguments: ["proposing students", "looking at what students inherit"])
    func proposingCanBeStopped(at message: String) throws {
        let fixture = SearchFixture()
        fixture.changed.draws = 3
        let whole = try fixture.search().run()
        let interrupted = SearchFixture()
        interrupted.changed = fixture.changed
        interrupted.lastMessage = message
        #expect(throws: SearchFixture.Killed.self) { _ = try interrupted.search().run() }
        #expect(interrupted.trainer.steps == 0)
        interrupted.lastMessage = nil
        #expect(try interrupted.search().run().state.journal == whole.state.journal)
    }

    /// Operators that were measured for students who are not settled yet are not measured again, and children are counted once.
    @Test func whatWasMeasuredIsKept() throws {
        let whole = SearchFixture()
        whole.changed.draws = 3
        let outcome = try whole.search().run()
        let fixture = SearchFixture()
        fixture.changed = whole.changed
        fixture.savesOften = true
        func measured() throws -> Int {
            let table = try #require(fixture.newest).appending(path: "latency-table.json")
            return try LatencyTable(json: JSON(parsing: Data(contentsOf: table)), at: "table").operators.count
        }
        fixture.lastSave = "measured"
        #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
        let ofBase = try measured()
        fixture.lastSave = nil
        fixture.lastMessage = "looking at what students inherit"
        #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
        #expect(fixture.newest?.lastPathComponent.hasSuffix("generation-1-proposing") == true)
        #expect(try measured() > ofBase)
        fixture.lastMessage = nil
        let resumed = try fixture.search().run()
        #expect(resumed.state.journal == outcome.state.journal && resumed.table == outcome.table)
        #expect(resumed.state.refused == outcome.state.refused)
        #expect(resumed.state.duplicates == outcome.state.duplicates)
    }

    /// A pipeline goes down as other modes do, step by step to the target: half of the way by architecture, then by pruning.
    @Test func aPipelineTakesEvenSteps() {
        var settings = SearchFixture.settings
        settings.mode = .pipeline
        settings.latencyTarget = 0.4
        settings.latencyMargin = 0
        settings.candidates = 18
        settings.childrenPerGeneration = 2
        let limits = (0...9).map { settings.latencyLimit(generation: $0) }
        for (before, after) in zip(limits, limits.dropFirst()).prefix(6) {
            #expect(abs(after / before - 0.8583742) < 1e-6)
        }
        #expect(limits.dropFirst(6).allSatisfy { abs($0 - 0.4) < 1e-12 })
    }
}
