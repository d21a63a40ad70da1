import Foundation

/// A linear axis whose ends and ticks are round numbers.
struct Axis {
    let low: Double
    let high: Double
    let ticks: [Double]
    let label: String
    private let digits: Int

    /// Covers the finite ones of `values`.
    init(_ label: String, covering values: [Double], ticks count: Int = 5) {
        let finite = values.filter { $0.isFinite && abs($0) < 1e12 }
        var low = finite.min() ?? 0
        var high = finite.max() ?? 1
        let least = max(abs(high), abs(low)) * 1e-6 + 1e-12
        if high - low < least {
            let room = max(abs(high) * 0.1, 0.01)
            low -= room
            high += room
        }
        let step = Axis.niceStep((high - low) / Double(count))
        let first = (low / step).rounded(.down)
        let last = (high / step).rounded(.up)
        self.init(label, low: first * step, high: last * step, step: step, count: Int(last - first))
    }

    /// From 0 to 1 in fifths.
    static func unit(_ label: String) -> Axis { Axis(label, low: 0, high: 1, step: 0.2, count: 5) }

    private init(_ label: String, low: Double, high: Double, step: Double, count: Int) {
        self.label = label
        self.low = low
        self.high = high
        ticks = (0...max(count, 1)).map { low + Double($0) * step }
        var digits = 0
        while digits < 8, abs((step * pow(10, Double(digits))).rounded() - step * pow(10, Double(digits))) > 1e-6 {
            digits += 1
        }
        self.digits = digits
    }

    /// 1, 2, 2.5 or 5 times a power of ten, at least `raw`.
    private static func niceStep(_ raw: Double) -> Double {
        let size = pow(10, log10(raw).rounded(.down))
        return size * ([1, 2, 2.5, 5].first { $0 * size >= raw * 0.999 } ?? 10)
    }

    func text(_ tick: Double) -> String { Figures.fixed(abs(tick) < 1e-12 ? 0 : tick, digits) }

    /// 0 at the low end, 1 at the high one.
    func fraction(_ value: Double) -> Double { (value - low) / (high - low) }
}
