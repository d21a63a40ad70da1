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
        let random = comparison.differences[1].precision
        #expect(random.count == 4 && abs(random.mean - 0.0185) < 1e-9)
        #expect(comparison.modes[0].latency?.mean == 0.5)
        let turned = try ModeComparison(runs, reference: "random")
        #expect(turned.differences.first { $0.other == "joint" }?.verdict == .worse)
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

    @Test func whatCannotBeComparedIsRefused() throws {
        let failure = #expect(throws: Failure.self) {
            try ModeComparison([run("random", "a", 0.5), run("pipeline", "a", 0.5)], reference: "joint")
        }
        #expect(failure?.remedy == "the modes are: pipeline, random")
        for key in ["format", "search", "student"] {
            guard case .object(var members) = Self.metrics("joint", "a", 0.5) else { continue }
            members[key] = nil
            #expect(throws: Failure.self) { try ModeComparison.Run(metrics: .object(members), source: "x") }
        }
    }
}
