import DetectorKit
import Devices
import Foundation
import Search
import Tensor

/// How many multiply-accumulates a second this machine does, in layers as detectors have them: measured, in a moment.
struct MachinePace {
    private var one: Double?

    /// Threads in step with each other wait for whatever else the machine does at this moment, which is not what it will do all
    /// night: one thread is measured, at its quickest, and others are taken to add nearly as much each.
    mutating func rate(threads: Int) -> Double {
        let rate = one ?? MachinePace.measured()
        one = rate
        return rate * pow(Double(min(threads, ProcessInfo.processInfo.processorCount)), 0.9)
    }

    private static func measured() -> Double {
        Compute.prepare(threads: 1, precision: .float32) { _ in }
        let times = layers.map { layer in
            (0..<6).map { _ in measureOperator(layer, leastRuns: 3, leastMilliseconds: 0) }.min() ?? 0
        }
        return Double(layers.reduce(0) { $0 + $1.multiplyAccumulates }) / (times.reduce(0, +) / 1000)
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
