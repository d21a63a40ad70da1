public import Basics

extension LatencyTable {
    /// How the operators of one base and its relatives add up to whole detectors: a line.
    public struct Fit: Sendable, Hashable, Codable {
        /// Milliseconds that no width changes.
        public var fixed: Double
        public var slope: Double
        /// Regions that reach the box head.
        public var regions: Int
        /// The architecture of the detector that the line passes through: it says nothing of others' relatives.
        public var base: Digest
        /// The largest factor between measurements that should be the same; nil where that is not known.
        public var disturbance: Double?

        public init(fixed: Double, slope: Double, regions: Int, base: Digest) {
            self.fixed = fixed
            self.slope = slope
            self.regions = regions
            self.base = base
        }
    }
}

extension LatencyTable.Fit {
    /// What is measured twice differs by less than this factor on a machine that does nothing else.
    public static let calm = 1.25
    /// Beyond this it does not matter how much; files have no infinity.
    static let mostDisturbance = 1000.0

    /// Least squares over two or more detectors, the remainder with slope 1 for one, always through the first, the base.
    ///
    /// A slope far from 1 says that a measurement was disturbed: it is kept within 0.6…1.4. Where the operators alone take longer
    /// than the base they are scaled down to it: no student is predicted to take no time, or less.
    init(through measured: [(operators: Double, milliseconds: Double)], regions: Int, base: Digest) {
        let first = measured[0]
        var products = 0.0
        var squares = 0.0
        for (operators, milliseconds) in measured.dropFirst() {
            products += (operators - first.operators) * (milliseconds - first.milliseconds)
            squares += (operators - first.operators) * (operators - first.operators)
        }
        var slope = squares > 0 ? min(max(products / squares, 0.6), 1.4) : 1
        if slope * first.operators > first.milliseconds { slope = first.milliseconds / first.operators }
        self.init(
            fixed: max(0, first.milliseconds - slope * first.operators), slope: slope, regions: regions, base: base)
    }

    /// What a detector takes whose operators take so long. Fits that were kept from before may have less than nothing for what is
    /// fixed: half of what the operators take is the least.
    func milliseconds(operators: Double) -> Double {
        max(fixed + slope * operators, slope * operators / 2)
    }

    /// Whether predictions can be made of it at all. No detector has more regions than 100,000.
    var isUsable: Bool {
        fixed.isFinite && slope.isFinite && slope > 0 && (1...100_000).contains(regions)
            && disturbance.map { $0 >= 1 && $0 <= Self.mostDisturbance } ?? true
    }

    /// A sentence for who relies on the predictions; nil where all that was measured fits together.
    public var doubt: String? {
        guard let disturbance, disturbance > Self.calm else { return nil }
        return
            "predicted latencies may be off by \(Int((100 * (disturbance - 1)).rounded())) %: what was measured does not fit "
            + "together, as on a machine with other work"
    }
}

/// By how much the larger of two times is larger; infinite where one is none.
func factor(_ a: Double, _ b: Double) -> Double {
    a == b ? 1 : min(a, b) > 0 ? max(a, b) / min(a, b) : .infinity
}

/// Of an even number the upper one of both in the middle; 1 of none.
func median(_ values: [Double]) -> Double { values.isEmpty ? 1 : values.sorted()[values.count / 2] }
