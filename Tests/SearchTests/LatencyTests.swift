import Basics
import DetectorKit
import Search
import Testing
import Training

@Suite struct LatencyTests {
    private let device = DeviceIdentity(processor: "test", instructionSet: "none", libraries: "none", threads: 1)

    /// Time in proportion to the work, as on a machine without surprises.
    static func ideal(_ spec: OperatorSpec) -> Double { Double(spec.multiplyAccumulates) / 1e6 + 0.01 }

    @Test func eachOperatorIsMeasuredOnce() throws {
        let graph = try Networks.graph()
        var measured: [OperatorSpec] = []
        let model = LatencyModel(LatencyTable(device: device)) { spec in
            measured.append(spec)
            return LatencyTests.ideal(spec)
        }
        let first = model.predict(graph)
        #expect(model.predict(graph) == first)
        #expect(Set(measured).count == measured.count && !measured.isEmpty)
    }

    @Test func theFitGivesBackALineThroughTheBase() throws {
        let base = try Networks.graph()
        let narrow = try StudentAction.setWidth(knob: .neck, width: 16).apply(to: base, Networks.catalog)
        let model = LatencyModel(LatencyTable(device: device), measure: LatencyTests.ideal)
        func time(_ graph: DetectorGraph) -> Double { 3 + 1.2 * model.operatorTime(graph, regions: 40) }
        try model.fit([(base, time(base)), (narrow, time(narrow))], regions: 40)
        let fit = try #require(model.table.fit)
        #expect(abs(fit.fixed - 3) < 1e-6 && abs(fit.slope - 1.2) < 1e-6)
        let other = try StudentAction.setWidth(knob: .proposal, width: 16).apply(to: base, Networks.catalog)
        #expect(abs(model.predict(other) - time(other)) < 1e-6)
    }

    /// Where an architecture lets fewer proposals through than the base's images give, its head has less to do.
    @Test func fewerProposalsTakeLessTime() throws {
        let base = try Networks.graph()
        let most = base.architecture.selection.inference.afterNMS
        let model = LatencyModel(LatencyTable(device: device), measure: LatencyTests.ideal)
        try model.fit([(base, 100)], regions: most / 2)
        let plenty = try StudentAction.setProposals(most / 2 + 1).apply(to: base, Networks.catalog)
        #expect(model.predict(plenty) == model.predict(base))
        let few = try StudentAction.setProposals(most / 4).apply(to: base, Networks.catalog)
        let saved = model.operatorTime(base, regions: most / 2) - model.operatorTime(base, regions: most / 4)
        #expect(saved > 0 && abs(model.predict(base) - model.predict(few) - saved) < 1e-9)
    }

    /// A base whose time was measured while the operators' was not, or the other way round: no student takes less than nothing.
    @Test(arguments: [0.05, 0.5, 1, 3, 20]) func noStudentIsPredictedToTakeNoTime(busy: Double) throws {
        let base = try Networks.graph()
        let narrow = try StudentAction.setWidth(knob: .neck, width: 16).apply(to: base, Networks.catalog)
        let model = LatencyModel(LatencyTable(device: device), measure: LatencyTests.ideal)
        let sum = model.operatorTime(base, regions: 40)
        try model.fit([(base, busy * sum), (narrow, 0.9 * busy * sum)], regions: 40)
        #expect(abs(model.predict(base) - busy * sum) < 1e-9)
        #expect(model.predict(narrow) > 0 && model.predict(narrow) < model.predict(base))
        let fit = try #require(model.table.fit)
        #expect(fit.fixed >= 0 && fit.slope > 0)
    }

    @Test func tablesRoundTrip() throws {
        let model = LatencyModel(LatencyTable(device: device), measure: LatencyTests.ideal)
        try model.fit([(try Networks.graph(), 20)], regions: 50)
        let table = try LatencyTable(json: JSON(parsing: model.table.json.prettyText), at: "table")
        #expect(table == model.table)
        #expect(try table.json == model.table.json)
        #expect(throws: Failure.self) { try LatencyTable(json: ["format": "other"], at: "table") }
    }

    /// Rows of tables that were kept stay readable: a kind keeps its name and its place.
    @Test func operatorsKeepTheirNames() {
        #expect(
            OperatorSpec.Kind.allCases.map(\.rawValue) == [
                "convolution", "norm", "relu", "add", "maxPool", "upsample", "regions", "linear", "hardSwish",
                "hardSigmoid", "globalPool", "gate",
            ])
    }

    @Test(arguments: OperatorSpec.Kind.allCases) func everyKindIsMeasured(kind: OperatorSpec.Kind) {
        let spec = OperatorSpec(
            kind: kind, batch: 1, inputChannels: 16, outputChannels: 16, height: 24, width: 24, kernel: 3, stride: 1,
            groups: 1, multiplyAccumulates: 0)
        // A ReLU always runs with what stands before it.
        #expect((measureOperator(spec, leastRuns: 1, leastMilliseconds: 0) > 0) == (kind != .relu))
    }

    @Test func realOperatorsTakeTime() throws {
        let model = LatencyModel(LatencyTable(device: device)) {
            measureOperator($0, leastRuns: 1, leastMilliseconds: 0)
        }
        #expect(try model.predict(Networks.graph()) > 0)
    }
}
