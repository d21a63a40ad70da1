import Basics
import DetectorKit
import Search
import Testing
import Training

/// A model that is fitted on a machine with other things to do.
@Suite struct CalibrationTests {
    /// Time passes as on a machine whose load the test sets: 1 without any, 2 where everything takes twice as long.
    private final class Machine {
        /// The load at each turn of the whole detectors, and at each of the operators; the last one stays.
        var whole: [Double] = [1]
        var operators: [Double] = [1]
        private(set) var turns = 0
        private(set) var log: [String] = []
        let device = DeviceIdentity(processor: "test", instructionSet: "none", libraries: "none", threads: 1)
        let base: DetectorGraph
        let narrow: DetectorGraph

        init() throws {
            base = try Networks.graph()
            // Half as wide where that can be, so that it costs about a quarter.
            narrow = base.channelGroups.reduce(base) { graph, group in
                guard let knob = group.knobs.first else { return graph }
                let unit = graph.searchUnit(of: knob)
                let width = max(1, group.width / unit / 2) * unit
                return (try? StudentAction.setWidth(knob: knob, width: width).apply(to: graph, Networks.catalog))
                    ?? graph
            }
        }

        private static func at(_ turn: Int, _ loads: [Double]) -> Double { loads[min(max(turn, 0), loads.count - 1)] }

        lazy var model = LatencyModel(LatencyTable(device: device)) { [unowned self] spec in
            // What is measured after the detectors' turn belongs to it.
            Self.at(turns - 1, operators) * LatencyTests.ideal(spec)
        }

        /// What a detector takes without load, in milliseconds.
        func time(_ graph: DetectorGraph) -> Double {
            let idle = LatencyModel(LatencyTable(device: device), measure: LatencyTests.ideal)
            return 2 + 1.1 * idle.operatorTime(graph, regions: 40)
        }

        private(set) var pauses: [Double] = []

        func calibrate(of graphs: [DetectorGraph]? = nil) throws -> LatencyFigures {
            let graphs = graphs ?? [base, narrow]
            return try model.calibrate(
                on: graphs, regions: 40, log: { log.append($0) }, pause: { pauses.append($0) },
                whole: { turn in
                    #expect(turn == turns)
                    let load = Self.at(turn, whole)
                    turns += 1
                    return graphs.map { LatencyFigures(samples: [load * time($0)]) }
                })
        }

        func predictsTruly(_ graph: DetectorGraph) -> Bool { abs(model.predict(graph) / time(graph) - 1) < 1e-6 }
    }

    @Test func anIdleMachineIsMeasuredOnce() throws {
        let machine = try Machine()
        #expect(try machine.calibrate().median == machine.time(machine.base))
        #expect(machine.turns == 2 && machine.log.isEmpty)
        #expect(machine.predictsTruly(machine.base) && machine.predictsTruly(machine.narrow))
        #expect(abs((machine.model.table.fit?.disturbance ?? 0) - 1) < 1e-9)
    }

    /// Load that comes or goes between two turns, or is there for the detectors alone, is found out, and waited for.
    @Test(
        arguments: [
            ([1, 3, 1], [1]), ([3, 1], [1]), ([9, 9, 1], [1]), ([1], [1, 4, 1]), ([1], [4, 1]),
            ([8, 2, 4, 8, 1], [2, 3, 1, 5, 1]),
        ] as [([Double], [Double])])
    func aBusyMachineIsMeasuredAgain(whole: [Double], operators: [Double]) throws {
        let machine = try Machine()
        (machine.whole, machine.operators) = (whole, operators)
        #expect(try machine.calibrate().median == machine.time(machine.base))
        #expect(machine.turns > 2 && machine.log.count == machine.turns / 2 - 1)
        #expect(machine.log.allSatisfy { $0.hasSuffix("measuring again") })
        #expect(machine.pauses.count == machine.log.count && machine.pauses.allSatisfy { $0 > 0 })
        #expect(machine.predictsTruly(machine.base) && machine.predictsTruly(machine.narrow))
    }

    /// On one that never rests the attempt counts that fits best, and it is told.
    @Test func aMachineThatIsAlwaysBusyIsTold() throws {
        let machine = try Machine()
        machine.whole = [30, 90, 2, 3, 30, 90, 30, 90]
        _ = try machine.calibrate()
        #expect(machine.turns == 2 * 4 && machine.pauses.count == 3)
        let fit = try #require(machine.model.table.fit)
        #expect(fit.disturbance.map { $0 > 1.4 && $0 < 3 } == true)
        #expect(machine.log.count == 4 && machine.log.last == fit.doubt && fit.doubt?.contains("may be off by") == true)
        #expect(abs(machine.model.predict(machine.base) - 2 * machine.time(machine.base)) < 1e-6)
        #expect(machine.model.predict(machine.narrow) > 0)
        let table = try LatencyTable(json: JSON(parsing: machine.model.table.json.canonicalText), at: "table")
        #expect(table.fit == fit)
    }

    /// The same load on everything does no harm: latencies are compared with each other.
    @Test func steadyLoadIsNoTrouble() throws {
        let machine = try Machine()
        (machine.whole, machine.operators) = ([2], [2])
        _ = try machine.calibrate()
        #expect(machine.turns == 2)
        let share = machine.model.predict(machine.narrow) / machine.model.predict(machine.base)
        #expect(abs(share / (machine.time(machine.narrow) / machine.time(machine.base)) - 1) < 1e-6)
    }

    /// Detectors that do not go by their operators do not change by waiting.
    @Test func whatNeverFitsIsMeasuredTwice() throws {
        let machine = try Machine()
        machine.whole = [90]
        _ = try machine.calibrate()
        #expect(machine.turns == 4 && machine.log.count == 2 && machine.model.table.fit?.doubt != nil)
    }

    /// There is nothing for one detector to fit to but itself.
    @Test func oneDetectorFitsAlways() throws {
        let machine = try Machine()
        _ = try machine.calibrate(of: [machine.base])
        #expect(machine.turns == 2 && machine.log.isEmpty && machine.predictsTruly(machine.base))
        let other = try Machine()
        other.whole = [1, 2, 1]
        _ = try other.calibrate(of: [other.base])
        #expect(other.turns == 4 && other.log.count == 1)
    }

    @Test func whoStopsIsNotWaitedFor() throws {
        struct Stopped: Error {}
        let machine = try Machine()
        machine.whole = [1, 9]
        #expect(throws: Stopped.self) {
            _ = try machine.model.calibrate(
                on: [machine.base, machine.narrow], regions: 40, log: { _ in }, pause: { _ in throw Stopped() },
                whole: { turn in
                    [machine.base, machine.narrow].map {
                        LatencyFigures(samples: [(turn == 0 ? 1 : 9) * machine.time($0)])
                    }
                })
        }
        #expect(machine.model.table.fit == nil)
    }

    /// Operators that come up later, while the machine is slower or faster than when the model was fitted.
    @Test(arguments: [1, 1.1, 3, 0.3]) func laterOperatorsAreHeldAgainstKnownOnes(load: Double) throws {
        let machine = try Machine()
        _ = try machine.calibrate()
        let known = machine.model.table.operators
        machine.operators = [load]
        let other = try StudentAction.setWidth(knob: .proposal, width: 16).apply(to: machine.base, Networks.catalog)
        let predicted = machine.model.predict(other)
        // What is within the noise is left as it is.
        #expect(abs(predicted / machine.time(other) - 1) < (load == 1.1 ? 0.1 : 1e-6))
        #expect(machine.model.table.operators.count > known.count)
        #expect(known.allSatisfy { machine.model.table.operators[$0.key] == $0.value })
    }

    /// What a table has of other operators stays where it was measured on a machine as fast as now; else it is measured anew.
    @Test(arguments: [1, 5]) func tablesOfBeforeAreUsedWhereTheyFit(then: Double) throws {
        let machine = try Machine()
        let other = try StudentAction.setWidth(knob: .proposal, width: 16).apply(to: machine.base, Networks.catalog)
        let before = LatencyModel(LatencyTable(device: machine.device)) { then * LatencyTests.ideal($0) }
        for graph in [machine.base, other] { _ = before.operatorTime(graph, regions: 40) }
        machine.model.adopt(before.table)
        _ = try machine.calibrate()
        let isKept = before.table.operators.keys.allSatisfy { machine.model.table.operators[$0] != nil }
        #expect(isKept == (then == 1))
        #expect(machine.predictsTruly(other))
    }

    /// A fit by which nothing can be predicted is no part of a table, whoever wrote it.
    @Test(arguments: [
        ("slope", 0), ("slope", -1), ("regions", 0), ("regions", 9e18), ("disturbance", 0.5), ("disturbance", 1e300),
    ])
    func fitsAreChecked(key: String, value: Double) throws {
        let machine = try Machine()
        _ = try machine.calibrate()
        var table = try #require(machine.model.table.json.object)
        var fit = try #require(table["fit"]?.object)
        fit[key] = key == "regions" ? .integer(Int(value)) : .number(value)
        table["fit"] = .object(fit)
        let failure = #expect(throws: Failure.self) { try LatencyTable(json: .object(table), at: "table") }
        #expect(failure?.what == "nothing can be predicted by the latency table's fit")
    }

    /// One of before such fits were kept from it: students are predicted to take less than they do, never less than nothing.
    @Test func aFitOfBeforeHasBoundedPredictions() throws {
        let machine = try Machine()
        _ = try machine.calibrate()
        var table = machine.model.table
        table.fit?.fixed = -2 * machine.time(machine.base)
        let json = try JSON(parsing: table.json.canonicalText)
        machine.model.adopt(try LatencyTable(json: json, at: "table"))
        #expect(machine.model.predict(machine.narrow) > 0)
        #expect(machine.model.predict(machine.narrow) < machine.model.predict(machine.base))
    }
}
