import Basics
public import DetectorKit
import Dispatch
import Tensor

/// Measures one operator: the median of warm runs, in milliseconds.
///
/// Operators run as in a detector's inference: same primitives, same layouts, a ReLU fused into what stands before it.
public func measureOperator(_ spec: OperatorSpec, leastRuns: Int = 7, leastMilliseconds: Double = 8) -> Double {
    guard let run = OperatorRun(spec) else { return 0 }
    for _ in 0..<2 { run.body() }
    var samples: [Double] = []
    var total = 0.0
    while samples.count < leastRuns || (total < leastMilliseconds && samples.count < 50) {
        let start = DispatchTime.now().uptimeNanoseconds
        run.body()
        let elapsed = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6
        samples.append(elapsed)
        total += elapsed
    }
    return samples.sorted()[samples.count / 2]
}

private struct OperatorRun {
    let body: () -> Void

    /// Nil for what costs nothing by itself: every ReLU of our graphs runs fused, and norms of fixed statistics are folded
    /// into convolutions.
    init?(_ spec: OperatorSpec) {
        var random = RandomStream(seed: 1)
        func tensor(_ shape: [Int]) -> Tensor {
            // A short period of values is enough, and is filled in no time.
            let values = (0..<251).map { _ in Float(random.uniform(-1, 1)) }
            return Tensor(shape, (0..<shape.reduce(1, *)).map { values[$0 % 251] })
        }
        func image(_ channels: Int, _ height: Int, _ width: Int) -> Tensor {
            tensor([spec.batch, channels, height, width]).blocked(Layout.preferred(channels))
        }
        let tape = Tape(recording: false)
        switch spec.kind {
        case .relu: return nil
        case .norm where spec.groups == 0: return nil
        case .convolution:
            let x = tape.constant(image(spec.inputChannels, spec.height, spec.width))
            let weight = tape.constant(
                tensor([spec.outputChannels, spec.inputChannels / spec.groups, spec.kernel, spec.kernel]))
            let bias = tape.constant(tensor([spec.outputChannels]))
            body = {
                _ = tape.convolution(
                    x, weight: weight, bias: bias, stride: spec.stride, padding: spec.kernel / 2, groups: spec.groups,
                    relu: true)
            }
        case .norm:
            let channels = spec.inputChannels
            let x = tape.constant(image(channels, spec.height, spec.width))
            let scale = tape.constant(tensor([channels]))
            body = {
                _ = tape.groupNorm(
                    x, scale: scale, shift: scale, channelsPerGroup: channels / spec.groups, eps: Norm.epsilon,
                    relu: true)
            }
        case .add:
            let x = tape.constant(image(spec.inputChannels, spec.height, spec.width))
            body = { _ = tape.add(x, x, relu: true) }
        case .hardSwish:
            let x = tape.constant(image(spec.inputChannels, spec.height, spec.width))
            body = { _ = tape.hardSwish(x) }
        case .hardSigmoid:
            let x = tape.constant(image(spec.inputChannels, spec.height, spec.width))
            body = { _ = tape.hardSigmoid(x) }
        case .globalPool:
            let x = tape.constant(image(spec.inputChannels, spec.height, spec.width))
            body = { _ = tape.globalAveragePool(x) }
        case .gate:
            let x = tape.constant(image(spec.inputChannels, spec.height, spec.width))
            let gate = tape.constant(image(spec.inputChannels, 1, 1))
            body = { _ = tape.gated(x, by: gate) }
        case .maxPool:
            let x = tape.constant(image(spec.inputChannels, spec.height, spec.width))
            body = { _ = tape.maxPool(x, kernel: spec.kernel, stride: spec.stride, padding: spec.kernel / 2) }
        case .upsample:
            let x = tape.constant(image(spec.inputChannels, spec.height, spec.width))
            body = { _ = tape.upsampleNearest(x, toHeight: 2 * spec.height, width: 2 * spec.width) }
        case .regions:
            let level = tape.constant(
                tensor([1, spec.inputChannels, spec.height, spec.width]).blocked(Layout.preferred(spec.inputChannels)))
            let regions = (0..<spec.batch).map { _ in
                let (x, y) = (Float(random.uniform(0, 0.7)), Float(random.uniform(0, 0.7)))
                let (width, height) = (Float(spec.width), Float(spec.height))
                return RoI(
                    image: 0, level: 0, x1: x * width, y1: y * height, x2: (x + 0.3) * width, y2: (y + 0.3) * height)
            }
            body = { _ = tape.roiAlign(levels: [level], rois: regions, scales: [1], size: spec.kernel) }
        case .linear:
            let x = tape.constant(tensor([spec.batch, spec.inputChannels]))
            let weight = tape.constant(tensor([spec.outputChannels, spec.inputChannels]))
            let bias = tape.constant(tensor([spec.outputChannels]))
            body = { _ = tape.linear(x, weight: weight, bias: bias, relu: true) }
        }
    }
}
