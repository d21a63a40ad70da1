import Basics
import Foundation

/// What one case gave: the rounds of each side, in which they took turns.
struct Measurement: Codable {
    struct Side: Codable {
        var version = ""
        var seconds: [Double] = []
        var peakBytes = 0

        var median: Double { seconds.median }
    }

    var benchmark: BenchmarkCase
    var ours = Side()
    var peers: [String: Side] = [:]
    /// Seconds that its convolutions and matrix products take at the peak rate, measured in the same rounds.
    var floor: [Double] = []
    /// The largest relative difference between our losses and gradients and the peer's, where they were compared.
    var differences: [String: Double]?

    /// Why ours computed in fp32 although the case says otherwise, as a stage of that `precision` does here; the peer emulates.
    var fallback: String?

    /// Ours ÷ the peer's time, the median over rounds.
    func ratio(to peer: String) -> Double? {
        guard let side = peers[peer], !side.seconds.isEmpty else { return nil }
        return zip(ours.seconds, side.seconds).map { $0 / $1 }.median
    }

    /// Ours ÷ the peer's peak memory.
    func memoryRatio(to peer: String) -> Double? {
        guard let side = peers[peer], side.peakBytes > 0 else { return nil }
        return Double(ours.peakBytes) / Double(side.peakBytes)
    }

    var text: String {
        func time(_ seconds: [Double]) -> String {
            let scaled = seconds.map { $0 * 1000 }
            guard let least = scaled.min(), let most = scaled.max() else { return "–" }
            let digits = scaled.median < 10 ? 2 : scaled.median < 100 ? 1 : 0
            func number(_ x: Double) -> String { String(format: "%.\(digits)f", x) }
            return "\(number(scaled.median)) ms (\(number(least))–\(number(most)))"
        }
        var lines = ["\(benchmark.name)\n  ours             \(time(ours.seconds))   \(ours.peakBytes >> 20) MiB"]
        for (name, side) in peers.sorted(by: { $0.key < $1.key }) {
            let ratio = ratio(to: name).map { String(format: "ours ÷ %@ %.2f", name, $0) } ?? ""
            let memory = memoryRatio(to: name).map { String(format: ", memory %.2f", $0) } ?? ""
            let label = name.padding(toLength: 16, withPad: " ", startingAt: 0)
            lines.append("  \(label) \(time(side.seconds))   \(side.peakBytes >> 20) MiB   \(ratio)\(memory)")
        }
        if !floor.isEmpty {
            let ratio = zip(ours.seconds, floor).map { $0 / $1 }.median
            lines.append("  floor            \(time(floor))   ours ÷ floor " + String(format: "%.2f", ratio))
        }
        if let fallback {
            lines.append("  note             \(fallback): ours fell back to fp32, as a stage does; the peer emulates")
        }
        if let target = benchmark.target { lines.append("  aim              ours ÷ peer ≤ \(target)") }
        for (name, difference) in (differences ?? [:]).sorted(by: { $0.key < $1.key }) {
            let verdict = difference < 1e-3 ? "agrees" : "DOES NOT AGREE"
            lines.append("  \(name): \(verdict), relative difference \(String(format: "%.1e", difference))")
        }
        return lines.joined(separator: "\n")
    }
}

extension [Double] {
    var median: Double {
        let sorted = sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
