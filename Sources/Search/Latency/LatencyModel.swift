public import DetectorKit
import Foundation

/// Predicts the latency of any architecture on this device from a table, which it extends with operators that are new.
public final class LatencyModel {
    public private(set) var table: LatencyTable
    let measure: (OperatorSpec) -> Double
    /// Operators of the fit's base: they tell whether the machine is as fast as it was when the fit was made.
    private var references: [OperatorSpec] = []

    /// - Parameter measure: times an operator in milliseconds; called for each operator that the table lacks.
    public init(_ table: LatencyTable, measure: @escaping (OperatorSpec) -> Double = { measureOperator($0) }) {
        self.table = table
        self.measure = measure
    }

    /// Goes on with a table that was kept.
    public func adopt(_ table: LatencyTable) { self.table = table }

    /// Takes what was measured for a fit. What is known of other operators stays if the machine is as fast as it was for them.
    func settle(on attempt: CalibrationAttempt, base: DetectorGraph) {
        let paces = attempt.operators.compactMap { spec, now in
            table.operators[spec].flatMap { $0 > 0 ? now / $0 : nil }
        }
        if factor(median(paces), 1) > LatencyTable.Fit.calm { table.operators = [:] }
        table.operators.merge(attempt.operators) { $1 }
        table.fit = attempt.fit
        refer(to: base)
    }

    /// Fits on whole detectors whose times are known, the base first.
    package func fit(_ measured: [(graph: DetectorGraph, milliseconds: Double)], regions: Int) throws {
        guard let base = measured.first else { return }
        table.fit = LatencyTable.Fit(
            through: measured.map { (operatorTime($0.graph, regions: regions), $0.milliseconds) }, regions: regions,
            base: try base.graph.architecture.digest)
        refer(to: base.graph)
    }

    /// The sum over a detector's operators, without the fit.
    public func operatorTime(_ graph: DetectorGraph, regions: Int) -> Double {
        let specs = graph.operators(regions: regions)
        measureMissing(specs)
        return specs.reduce(0) { $0 + (table.operators[$1] ?? 0) }
    }

    /// Milliseconds from decoded pixels to boxes. Before a fit the operators' sum alone.
    public func predict(_ graph: DetectorGraph) -> Double {
        let most = graph.architecture.selection.inference.afterNMS
        guard let fit = table.fit else { return operatorTime(graph, regions: most) }
        // The base's images give so many, unless fewer are let through.
        return fit.milliseconds(operators: operatorTime(graph, regions: min(fit.regions, most)))
    }

    // MARK: Operators that the table lacks

    private static let tries = 3

    /// Holds new operators against some of the fit's base: short, usual and long ones, as load need not slow all alike.
    func refer(to base: DetectorGraph) {
        guard let fit = table.fit else { return }
        let known = Set(base.operators(regions: fit.regions)).compactMap { spec in
            table.operators[spec].flatMap { $0 > 0 ? (spec: spec, time: $0) : nil }
        }
        references = [0.3, 1, 3].compactMap { wanted in
            known.min { abs(log($0.time / wanted)) < abs(log($1.time / wanted)) }?.spec
        }
    }

    /// Measures new operators between two looks at known ones. Where those take longer than they did, it measures again; what
    /// remains of the difference is taken out of the new ones' times.
    private func measureMissing(_ specs: [OperatorSpec]) {
        var missing: [OperatorSpec] = []
        for spec in specs where table.operators[spec] == nil && !missing.contains(spec) { missing.append(spec) }
        guard !missing.isEmpty else { return }
        var best: (times: [Double], pace: Double)?
        for _ in 0..<Self.tries {
            let before = references.map(measure)
            let times = missing.map(measure)
            let after = references.map(measure)
            let pace = median(
                references.indices.map { (before[$0] + after[$0]) / 2 / (table.operators[references[$0]] ?? 1) })
            if best.map({ pace < $0.pace }) ?? true { best = (times, pace) }
            if pace <= LatencyTable.Fit.calm { break }
        }
        guard let best else { return }
        // Within that factor it is noise as likely as load.
        let isAsThen = best.pace <= 0 || factor(best.pace, 1) <= LatencyTable.Fit.calm
        for (spec, time) in zip(missing, best.times) { table.operators[spec] = isAsThen ? time : time / best.pace }
    }
}

extension DetectorGraph {
    /// What runs for one image of full size, with so many regions at the box head.
    func operators(regions: Int) -> [OperatorSpec] {
        let size = paddedSize
        return network.operators(height: size.height, width: size.width, regions: regions)
    }
}
