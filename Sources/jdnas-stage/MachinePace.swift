import DetectorKit
import Devices
import Search
import Tensor

/// How many multiply-accumulates a second this machine does, in layers as detectors have them: measured, in a moment.
struct MachinePace {
    private var known: [Int: Double] = [:]

    mutating func rate(threads: Int) -> Double {
        if let rate = known[threads] { return rate }
        Compute.prepare(threads: threads, precision: .float32) { _ in }
        // The quickest of a few: what else the machine does at this moment is not what it will do all night.
        let times = MachinePace.layers.map { layer in
            (0..<8).map { _ in measureOperator(layer, leastRuns: 3, leastMilliseconds: 0) }.min() ?? 0
        }
        let products = MachinePace.layers.reduce(0) { $0 + $1.multiplyAccumulates }
        let rate = Double(products) / (times.reduce(0, +) / 1000)
        known[threads] = rate
        return rate
    }

    /// Of a ResNet with a feature pyramid, at 320 pixels; wide and narrow ones, each a like share of the whole.
    private static let layers: [OperatorSpec] = [
        convolution(64, 64, side: 80, kernel: 3), convolution(256, 64, side: 80, kernel: 1),
        convolution(128, 128, side: 40, kernel: 3), convolution(256, 256, side: 20, kernel: 3),
        convolution(256, 256, side: 40, kernel: 3), convolution(512, 512, side: 10, kernel: 3),
        OperatorSpec(
            kind: .linear, batch: 100, inputChannels: 12544, outputChannels: 256, height: 1, width: 1, kernel: 1,
            stride: 1, groups: 1, multiplyAccumulates: 100 * 12544 * 256),
    ]

    private static func convolution(_ inputs: Int, _ outputs: Int, side: Int, kernel: Int) -> OperatorSpec {
        OperatorSpec(
            kind: .convolution, batch: 1, inputChannels: inputs, outputChannels: outputs, height: side, width: side,
            kernel: kernel, stride: 1, groups: 1,
            multiplyAccumulates: side * side * inputs * outputs * kernel * kernel)
    }
}
