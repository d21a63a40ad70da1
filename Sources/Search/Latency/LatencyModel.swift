public import DetectorKit

/// Predicts the latency of any architecture on this device from a table, which it extends with operators that are new.
public final class LatencyModel {
    public private(set) var table: LatencyTable
    private let measure: (OperatorSpec) -> Double

    /// - Parameter measure: times an operator in milliseconds; called once for each operator that the table lacks.
    public init(_ table: LatencyTable, measure: @escaping (OperatorSpec) -> Double = { measureOperator($0) }) {
        self.table = table
        self.measure = measure
    }

    /// Goes on with a table that was kept.
    public func adopt(_ table: LatencyTable) { self.table = table }

    /// The sum over a detector's operators, without the fit.
    public func operatorTime(_ graph: DetectorGraph, regions: Int) -> Double {
        let size = graph.paddedSize
        return graph.network.operators(height: size.height, width: size.width, regions: regions)
            .reduce(0) { $0 + time($1) }
    }

    private func time(_ spec: OperatorSpec) -> Double {
        if let known = table.operators[spec] { return known }
        let measured = measure(spec)
        table.operators[spec] = measured
        return measured
    }

    /// Milliseconds from decoded pixels to boxes. Before a fit the operators' sum alone.
    public func predict(_ graph: DetectorGraph) -> Double {
        let most = graph.architecture.selection.inference.afterNMS
        guard let fit = table.fit else { return operatorTime(graph, regions: most) }
        // The base's images give so many, unless fewer are let through.
        return fit.fixed + fit.slope * operatorTime(graph, regions: min(fit.regions, most))
    }

    /// Fits on whole detectors, measured: least squares over two or more, the remainder with slope 1 for one.
    ///
    /// A slope far from 1 says that the two measurements were disturbed; it is kept within 0.6…1.4, and the line
    /// always passes through the first detector, the base.
    public func calibrate(_ measured: [(graph: DetectorGraph, milliseconds: Double)], regions: Int) throws {
        guard let base = measured.first else { return }
        let sums = measured.map { operatorTime($0.graph, regions: regions) }
        var products = 0.0
        var squares = 0.0
        for (sum, (_, milliseconds)) in zip(sums, measured).dropFirst() {
            products += (sum - sums[0]) * (milliseconds - base.milliseconds)
            squares += (sum - sums[0]) * (sum - sums[0])
        }
        let slope = squares > 0 ? min(max(products / squares, 0.6), 1.4) : 1
        table.fit = LatencyTable.Fit(
            fixed: base.milliseconds - slope * sums[0], slope: slope, regions: regions,
            base: try base.graph.architecture.digest)
    }
}
