import Basics
import Search
import Testing

@Suite struct ModeComparisonTests {
    static func metrics(_ mode: String, _ base: String, _ precision: Double, latency: Double = 20) -> JSON {
        [
            "format": "jdnas-metrics/1", "base": ["ap": 0.5, "latency_ms": ["median": 40]],
            "student": ["ap": .number(precision), "latency_ms": ["median": .number(latency)]],
            "search": ["mode": .string(mode), "base": .string(base), "candidates": 8, "target": 0.5],
        ]
    }

    private func run(_ mode: String, _ base: String, _ precision: Double) throws -> ModeComparison.Run {
        try ModeComparison.Run(metrics: Self.metrics(mode, base, precision), source: "\(mode)-\(base)")
    }

    /// Of 1 to 5: mean 3, standard deviation √2.5, t(4) = 2.776, so ±1.963.
    @Test func intervalsAreStudents() throws {
        let estimate = ModeComparison.Estimate([1, 2, 3, 4, 5])
        #expect(estimate.mean == 3 && estimate.count == 5)
        let interval = try #require(estimate.interval)
        #expect(abs(interval.lowerBound - 1.0370) < 1e-3 && abs(interval.upperBound - 4.9630) < 1e-3)
        #expect(ModeComparison.Estimate([7]).interval == nil)
        let many = try #require(ModeComparison.Estimate((0..<200).map { Double($0 % 2) }).interval)
        // t(199) is 1.972: half of a standard error of 0.03544 ⋅ 1.972.
        #expect(abs(many.upperBound - 0.5 - 1.972 * 0.035444) < 1e-3)
    }

    /// Bases differ by much more than modes: in pairs the modes are told apart, and what has no pair does not count.
    @Test func runsAreComparedInPairs() throws {
        var runs: [ModeComparison.Run] = []
        for (index, level) in [0.30, 0.50, 0.70, 0.40].enumerated() {
            let base = "base\(index)"
            runs += [try run("joint", base, level + 0.02), try run("random", base, level + 0.001 * Double(index))]
            runs.append(try run("pipeline", base, level + (index % 2 == 0 ? 0.1 : -0.1)))
        }
        runs.append(try run("random", "alone", 0.99))
        let comparison = try ModeComparison(runs, reference: "joint")
        #expect(comparison.modes.map(\.name) == ["joint", "pipeline", "random"])
        #expect(comparison.modes.map(\.runs.count) == [4, 4, 5])
        #expect(comparison.differences.map(\.verdict) == [.open, .better])
        let random = try #require(comparison.differences[1].precision)
        #expect(random.count == 4 && abs(random.mean - 0.0185) < 1e-9)
        #expect(comparison.modes[0].latency?.mean == 0.5)
        let turned = try ModeComparison(runs, reference: "random")
        #expect(turned.differences.first { $0.other == "joint" }?.verdict == .worse)
    }

    /// A student that is slower than it was to be is told; a measurement that is off by a little is not held against it.
    @Test func studentsBeyondTheTargetAreTold() throws {
        let runs = try [20, 20.9, 22].enumerated().map { index, latency in
            try ModeComparison.Run(
                metrics: Self.metrics("joint", "base\(index)", 0.53, latency: latency), source: "run\(index)")
        }
        #expect(runs.map(\.meetsTarget) == [true, true, false] && runs[0].target == 0.5)
        let mode = try #require(ModeComparison(runs, reference: "joint").modes.first)
        #expect(mode.within.met == 2 && mode.within.known == 3)
        // Milliseconds are held against the base as it was measured here: 22 of 40 ms, where 21 were wanted.
        guard case .object(var members) = Self.metrics("joint", "base", 0.53, latency: 22) else { return }
        members["search"] = ["mode": "joint", "base": "b", "target": 0.9, "target_ms": 21]
        let wanted = try ModeComparison.Run(metrics: .object(members), source: "run")
        #expect(wanted.target == 21.0 / 40 && wanted.meetsTarget == true)
        // A base that took no time is damaged, and no measure of anything.
        members["base"] = ["ap": 0.5, "latency_ms": ["median": 0]]
        let damaged = try ModeComparison.Run(metrics: .object(members), source: "run")
        #expect(damaged.target == 0.9 && damaged.meetsTarget == nil)
        // A record of before targets were told.
        var record = runs[2].json.object ?? [:]
        record["target"] = nil
        let old = try ModeComparison.runs(
            recorded: ["modes": [["mode": "joint", "runs": [.object(record)]]]], source: "here")
        #expect(old.first?.meetsTarget == nil)
        #expect(try ModeComparison(old, reference: "joint").modes.first?.within.known == 0)
    }

    /// Numbers beyond all measure are no crash.
    @Test func estimatesOfDamagedNumbersHaveNoInterval() {
        #expect(ModeComparison.Estimate([1e308, 1e308]).interval == nil)
        #expect(ModeComparison.Estimate([.infinity, 1]).interval == nil)
    }

    /// One mode alone is held against its bases, and against what else was evaluated beside its students.
    @Test func studentsAreHeldAgainstTheirOwnRivals() throws {
        let runs = try [0.51, 0.53, 0.52].enumerated().map { index, precision in
            guard case .object(var members) = Self.metrics("joint", "base\(index)", precision) else {
                throw Failure("")
            }
            members["rivals"] = ["continued": ["ap": .number(precision - 0.01 + 0.03 * Double(index % 2))]]
            return try ModeComparison.Run(metrics: .object(members), source: "run\(index)")
        }
        let comparison = try ModeComparison(runs, reference: "joint")
        #expect(comparison.differences.isEmpty && comparison.advances.map(\.over) == ["the base", "continued"])
        #expect(abs(comparison.advances[0].precision.mean - 0.02) < 1e-9 && comparison.advances[0].verdict == .open)
        #expect(abs(comparison.advances[1].precision.mean - 0) < 1e-9 && comparison.advances[1].precision.count == 3)
    }

    /// Students that differ run by run while each differs image by image: the mean's interval over images is that of the mean on
    /// each drawing, which is narrower than any run's own.
    @Test func runsArePutTogetherDrawingByDrawing() throws {
        func run(_ index: Int, _ changes: [Double?], split: String = "cells") throws -> ModeComparison.Run {
            guard case .object(var members) = Self.metrics("joint", "base\(index)", 0.53) else { throw Failure("") }
            members["split"] = ["digest": .string(split)]
            members["change"] = ["resampled": ResampledChanges(changes).json]
            return try ModeComparison.Run(metrics: .object(members), source: "run\(index)")
        }
        func advance(_ runs: [ModeComparison.Run]) throws -> ModeComparison.Advance {
            try #require(ModeComparison(runs, reference: "joint").advances.first)
        }
        // What one run gains on a drawing the other loses.
        let swings = (0..<40).map { 0.03 + ($0 % 2 == 0 ? 0.05 : -0.05) }
        let (up, down) = (try run(0, swings), try run(1, swings.map { 0.06 - $0 }))
        #expect(try advance([up]).verdict == .open && advance([down]).verdict == .open)
        let together = try #require(try advance([up, down]).overImages)
        #expect(abs(together.lowerBound - 0.03) < 1e-9 && abs(together.upperBound - 0.03) < 1e-9)
        #expect(try advance([up, down]).verdict == .better)
        // One that says nothing on a drawing leaves it out; other images cannot be put together, too few drawings say nothing.
        let mute = try run(2, swings.map { 0.06 - $0 }.prefix(25) + [Double?](repeating: nil, count: 15))
        #expect(try advance([up, mute]).overImages.map { $0.upperBound - $0.lowerBound < 1e-9 } == true)
        #expect(try advance([up, run(3, swings, split: "other cells")]).overImages == nil)
        #expect(try advance([up, run(4, Array(swings.prefix(10)))]).overImages == nil)
        // A rival that one run has only is held against on that run's drawings.
        guard case .object(var members) = Self.metrics("joint", "base5", 0.53) else { throw Failure("") }
        members["split"] = ["digest": "cells"]
        members["change"] = ["resampled": ResampledChanges(swings).json]
        members["rivals"] = [
            "continued": ["ap": 0.5, "change": ["resampled": ResampledChanges(swings.map { $0 + 0.1 }).json]]
        ]
        let rivalled = try ModeComparison.Run(metrics: .object(members), source: "run5")
        let rival = try #require(ModeComparison([down, rivalled], reference: "joint").advances.last)
        #expect(rival.over == "continued" && rival.precision.count == 1)
        #expect(try abs(#require(rival.overImages).lowerBound - 0.08) < 1e-9 && rival.verdict == .better)
        // A comparison's own record says the same.
        let record: JSON = ["modes": [["mode": "joint", "runs": [up.json, down.json]]]]
        #expect(try ModeComparison.runs(recorded: record, source: "here") == [up, down])
    }

    /// Several searches of one base share what its training came to: they count as one.
    @Test func searchesOfOneBaseAreNoTrialsOfTheirOwn() throws {
        let one = try [0.503, 0.505, 0.504].map { try run("joint", "a", $0) }
        let alone = try ModeComparison(one, reference: "joint")
        #expect(alone.modes[0].runs.count == 3 && alone.modes[0].gain.count == 1 && alone.modes[0].gain.interval == nil)
        #expect(alone.advances[0].runs == 3 && alone.advances[0].verdict == .unknown)
        // The mean is that of bases, however many searches one of them had.
        let two = try ModeComparison(one + [run("joint", "b", 0.514)], reference: "joint")
        #expect(abs(two.advances[0].precision.mean - 0.009) < 1e-9 && two.advances[0].precision.count == 2)
    }

    /// What another evaluation of a student tells of a detector by the same name, but with another AP, is of another detector.
    @Test func rivalsByTheSameNameAreToldApart() throws {
        func evaluated(_ rival: Double, _ changes: [Double?], candidates: Int = 8, _ source: String) throws
            -> ModeComparison.Run
        {
            guard case .object(var members) = Self.metrics("joint", "a", 0.52),
                case .object(var search) = members["search"]
            else { throw Failure("") }
            (search["student"], search["candidates"]) = ("s", .integer(candidates))
            members["search"] = .object(search)
            members["split"] = ["digest": "cells"]
            members["rivals"] = [
                "continued": ["ap": .number(rival), "change": ["resampled": ResampledChanges(changes).json]]
            ]
            return try ModeComparison.Run(metrics: .object(members), source: source)
        }
        let first = try evaluated(0.54, Array(repeating: -0.02, count: 20), "first")
        let second = try evaluated(0.46, Array(repeating: 0.06, count: 40), "second")
        let found = try ModeComparison([first, second], reference: "joint")
        #expect(found.disputed == ["continued"] && found.advances[1].verdict == .worse)
        // More drawings of the same one are taken.
        let again = try evaluated(0.54001, Array(repeating: -0.02, count: 40), "again")
        let same = try ModeComparison([first, again], reference: "joint")
        #expect(same.disputed.isEmpty && same.modes[0].runs[0].resampled["continued"]?.values.count == 40)
        // A replay makes the same student of fewer candidates: the search counts, whichever is given first.
        let replay = try evaluated(0.54, [], candidates: 3, "replay")
        for runs in [[first, replay], [replay, first]] {
            let comparison = try ModeComparison(runs, reference: "joint")
            #expect(comparison.modes[0].runs.map(\.candidates) == [8] && comparison.repeated == ["replay"])
        }
    }

    /// Without a base in common there is no difference, and of one pair there is no interval: neither is "not distinguished".
    @Test func withoutAnIntervalThereIsNoVerdict() throws {
        let none = try ModeComparison([run("joint", "a", 0.5), run("random", "b", 0.6)], reference: "joint").differences
        #expect(none.map(\.precision) == [nil] && none.map(\.verdict) == [.unknown])
        let one = try ModeComparison([run("joint", "a", 0.5), run("random", "a", 0.6)], reference: "joint").differences
        #expect(one[0].precision?.count == 1 && one[0].verdict == .unknown)
    }

    /// The same run in two files is one, and one base on two splits is refused.
    @Test func runsAreToldApart() throws {
        let twice =
            [try run("joint", "a", 0.52)] + [
                try ModeComparison.Run(metrics: Self.metrics("joint", "a", 0.52), source: "copy")
            ]
        let comparison = try ModeComparison(twice + [run("joint", "a", 0.53)], reference: "joint")
        #expect(comparison.modes[0].runs.count == 2 && comparison.repeated == ["copy"])
        // Evaluated another time the same student has other latencies, maybe more rivals: it is no other run, and they are not lost.
        func evaluated(_ student: String, latency: Double, rivals: JSON = [:], _ source: String) throws
            -> ModeComparison.Run
        {
            guard case .object(var members) = Self.metrics("joint", "a", 0.52, latency: latency) else {
                throw Failure("")
            }
            guard case .object(var search) = members["search"] else { throw Failure("") }
            search["student"] = .string(student)
            (members["search"], members["rivals"]) = (.object(search), rivals)
            return try ModeComparison.Run(metrics: .object(members), source: source)
        }
        let drawn: JSON = ["ap": 0.5, "change": ["resampled": ResampledChanges([0.02, 0.01]).json]]
        let once = try evaluated("s", latency: 20, "once")
        let again = try evaluated("s", latency: 21, rivals: ["continued": drawn], "again")
        for (runs, second) in [([once, again], "again"), ([again, once], "once")] {
            let found = try ModeComparison(runs, reference: "joint")
            #expect(found.repeated == [second] && found.modes[0].runs.count == 1)
            #expect(found.modes[0].runs[0].latency == runs[0].latency)
            #expect(found.advances.map(\.over) == ["the base", "continued"])
            #expect(found.modes[0].runs[0].resampled["continued"]?.values == [0.02, 0.01])
        }
        // Another student with the same AP is another run.
        #expect(try ModeComparison([once, evaluated("t", latency: 20, "other")], reference: "joint").repeated.isEmpty)
        let mixed = try ["val", "search"].map { split in
            guard case .object(var members) = Self.metrics("joint", "a", 0.52) else { throw Failure("") }
            members["split"] = ["digest": .string(split)]
            return try ModeComparison.Run(metrics: .object(members), source: split)
        }
        let failure = #expect(throws: Failure.self) { try ModeComparison(mixed, reference: "joint") }
        #expect(failure?.what == "searches of one base were evaluated on different images: val, search")
    }

    @Test func whatCannotBeComparedIsRefused() throws {
        let failure = #expect(throws: Failure.self) {
            try ModeComparison([run("random", "a", 0.5), run("pipeline", "a", 0.5)], reference: "joint")
        }
        #expect(failure?.remedy == "name one that is there to hold the others against: pipeline, random")
        for key in ["format", "search", "student"] {
            guard case .object(var members) = Self.metrics("joint", "a", 0.5) else { continue }
            members[key] = nil
            #expect(throws: Failure.self) { try ModeComparison.Run(metrics: .object(members), source: "x") }
        }
    }
}
