import Basics
import DetectorKit
import Training

/// One measurement of what a fit rests on: whole detectors and their operators, in turns, each twice.
///
/// Other work on the machine only ever adds time, and seldom the same to each turn: what was measured twice differs then, or
/// detectors and operators do not fit together. Of both turns the faster one counts.
struct CalibrationAttempt {
    /// The first detector's, in the faster turn.
    let base: LatencyFigures
    /// Milliseconds.
    let operators: [OperatorSpec: Double]
    let fit: LatencyTable.Fit
    /// The largest factor between what was measured twice.
    let spread: Double
    /// The largest factor between a detector and what is predicted of it. Where all graphs are alike the line fits always.
    let misfit: Double
    var disturbance: Double { max(spread, misfit) }

    /// - Parameters:
    ///   - graphs: the base first, then others that cost much less or more.
    ///   - whole: measures their detectors side by side; told whether it is the first or the second time, 0 or 1.
    init(
        _ graphs: [DetectorGraph], regions: Int, operator time: (OperatorSpec) -> Double,
        whole: (Int) throws -> [LatencyFigures]
    ) throws {
        let specs = graphs.map { $0.operators(regions: regions) }
        var turns: [(whole: [LatencyFigures], operators: [OperatorSpec: Double])] = []
        for turn in 0..<2 {
            let detectors = try whole(turn)
            var times: [OperatorSpec: Double] = [:]
            for spec in specs.joined() where times[spec] == nil { times[spec] = time(spec) }
            turns.append((detectors, times))
        }
        let operators = turns[0].operators.merging(turns[1].operators, uniquingKeysWith: min)
        // Both detectors of the same turn: they shared what the machine had for them.
        let detectors = turns[turns[0].whole[0].median <= turns[1].whole[0].median ? 0 : 1].whole
        func sum(_ specs: [OperatorSpec], _ times: [OperatorSpec: Double]) -> Double {
            specs.reduce(0) { $0 + (times[$1] ?? 0) }
        }
        let measured = zip(specs, detectors).map { (sum($0, operators), $1.median) }
        var fit = LatencyTable.Fit(through: measured, regions: regions, base: try graphs[0].architecture.digest)
        let spreads =
            zip(turns[0].whole, turns[1].whole).map { factor($0.median, $1.median) }
            + specs.map { factor(sum($0, turns[0].operators), sum($0, turns[1].operators)) }
        spread = min(spreads.max() ?? 1, LatencyTable.Fit.mostDisturbance)
        let misfits = measured.map { factor(fit.milliseconds(operators: $0), $1) }
        misfit = min(misfits.max() ?? 1, LatencyTable.Fit.mostDisturbance)
        fit.disturbance = max(spread, misfit)
        self.fit = fit
        self.operators = operators
        base = detectors[0]
    }

    /// Whether everything fits together.
    var isCalm: Bool { disturbance <= LatencyTable.Fit.calm }

    /// Whether it differs from itself no more than an idle machine does, and fits as badly as an earlier one: that is not for the
    /// machine's other work, and measuring again will not change it.
    func confirms(_ earlier: Self?) -> Bool {
        guard let earlier else { return false }
        let calm = LatencyTable.Fit.calm
        return max(spread, earlier.spread) <= calm && factor(misfit, earlier.misfit) <= calm
    }
}
