import Basics
import COCOMetrics
import Detection
import DetectorKit
import Foundation
import Models
import Tensor

/// Our side of a benchmark: made ready once, then run again and again.
struct Workload {
    /// What is timed.
    let run: () throws -> Void

    init(_ benchmark: BenchmarkCase, _ folder: URL) throws {
        switch benchmark.work {
        case .training, .start: run = try Self.training(benchmark, folder)
        case .detection:
            let shared = try SharedInputs(benchmark, from: folder)
            let detector = Detector(graph: shared.graph, weights: shared.weights)
            run = { _ = try detector.detect(shared.images) }
        case .features:
            let shared = try SharedInputs(benchmark, from: folder)
            let execution = GraphExecution(shared.graph.network)
            let images = InputTransform(shared.graph.architecture.input).batch(shared.images)
            let levels = (0..<DetectorGraph.levels).map { "p\($0)" }
            run = {
                let tape = Tape(recording: false)
                _ = try execution.run(
                    levels, on: tape, weights: shared.weights, feeds: ["image": tape.constant(images.pixels)],
                    mode: .inference)
            }
        case .metrics:
            let shared = try SharedDetections(from: folder)
            run = { _ = try evaluate(shared.groundTruth, shared.detections) }
        case .convolution, .convolutionBackward, .linear, .groupNorm, .roiAlign, .roiAlignBackward, .suppression:
            run = Self.operation(benchmark)
        }
    }

    private static func training(_ benchmark: BenchmarkCase, _ folder: URL) throws -> () throws -> Void {
        let shared = try SharedInputs(benchmark, from: folder)
        let (graph, images, targets) = (shared.graph, shared.images, shared.targets)
        var weights = shared.weights
        var optimiser = SGD(momentum: 0.9, weightDecay: 1e-4)
        var step = 0
        return {
            let tape = Tape(recording: true)
            let pass = DetectorPass(graph, weights: weights, tape: tape, mode: .training)
            let losses = try pass.trainingLosses(
                images: images, targets: targets, settings: TrainingSettings(),
                random: RandomStream(seed: 3).stream("step", step))
            optimiser.step(&weights, gradients: tape.gradients(of: losses.total), learningRate: 1e-4)
            step += 1
        }
    }

    /// Losses and gradients of one step for which nothing is drawn: every anchor and every region takes part.
    static func gradients(_ benchmark: BenchmarkCase, _ folder: URL, to file: URL) throws {
        let shared = try SharedInputs(benchmark, from: folder)
        let tape = Tape(recording: true)
        let pass = DetectorPass(shared.graph, weights: shared.weights, tape: tape, mode: .training)
        let losses = try pass.trainingLosses(
            images: shared.images, targets: shared.targets, settings: .everythingSampled,
            random: RandomStream(seed: 3))
        var tensors = tape.gradients(of: losses.total)
        for (name, value) in losses.values { tensors["loss.\(name)"] = Tensor(Float(value)) }
        try SafeTensors.write(tensors, to: file)
    }

    private static func operation(_ benchmark: BenchmarkCase) -> () throws -> Void {
        var random = RandomStream(seed: 5)
        func tensor(_ shape: [Int]) -> Tensor {
            Tensor(shape, (0..<shape.reduce(1, *)).map { _ in Float(random.uniform(-1, 1)) })
        }
        let (channels, side, kernel) = (benchmark.channels, benchmark.size, benchmark.kernel)
        func image() -> Tensor {
            tensor([benchmark.batch, channels, side, side]).blocked(Layout.preferred(channels))
        }
        /// Forward on a recording tape once, then backward alone, each time from a fresh tape.
        func backward(_ forward: @escaping (Tape) -> Variable) -> () throws -> Void {
            {
                let tape = Tape(recording: true)
                let result = forward(tape)
                let seed = Tensor(repeating: 1, result.shape, block: result.value.block)
                _ = tape.gradients(from: [(result, seed)])
            }
        }
        switch benchmark.work {
        case .convolution, .convolutionBackward:
            let x = image()
            let weight = tensor([channels, channels, kernel, kernel])
            func forward(_ tape: Tape) -> Variable {
                tape.convolution(
                    tape.parameter(x, named: "x"), weight: tape.parameter(weight, named: "w"), padding: kernel / 2)
            }
            if benchmark.work == .convolutionBackward { return backward(forward) }
            return { _ = forward(Tape(recording: false)) }
        case .linear:
            let x = tensor([channels, 12544])
            let weight = tensor([1024, 12544])
            return backward {
                $0.linear($0.parameter(x, named: "x"), weight: $0.parameter(weight, named: "w"))
            }
        case .groupNorm:
            let x = image()
            let one = Tensor(repeating: 1, [channels])
            return backward {
                $0.groupNorm(
                    $0.parameter(x, named: "x"), scale: $0.parameter(one, named: "s"),
                    shift: $0.parameter(one, named: "b"), channelsPerGroup: channels / 16, relu: true)
            }
        case .roiAlign, .roiAlignBackward:
            let level = image()
            let extent = Float(side * 4)
            let rois = (0..<1024).map { index in
                let (w, h) = (Float(random.uniform(0.05, 0.4)) * extent, Float(random.uniform(0.05, 0.4)) * extent)
                let (x, y) = (Float(random.uniform()) * (extent - w), Float(random.uniform()) * (extent - h))
                return RoI(image: index % benchmark.batch, level: 0, x1: x, y1: y, x2: x + w, y2: y + h)
            }
            func forward(_ tape: Tape) -> Variable {
                tape.roiAlign(levels: [tape.parameter(level, named: "x")], rois: rois, scales: [0.25])
            }
            if benchmark.work == .roiAlignBackward { return backward(forward) }
            return { _ = forward(Tape(recording: false)) }
        default:
            var boxes: [Float] = []
            for _ in 0..<2000 {
                let (x, y) = (Float(random.uniform(0, 280)), Float(random.uniform(0, 280)))
                boxes += [x, y, x + Float(random.uniform(8, 80)), y + Float(random.uniform(8, 80))]
            }
            let scores = (0..<2000).map { _ in Float(random.uniform()) }
            return { _ = nonMaximumSuppression(boxes: boxes, scores: scores, threshold: 0.7) }
        }
    }
}

/// The rate of convolutions and matrix products at their best, by which the floor of other work is reckoned.
struct Peak {
    /// Multiply-accumulates a second: the better of a convolution and a matrix product that fit the caches.
    static func measure() -> Double {
        let tape = Tape(recording: false)
        let image = tape.constant(Tensor(repeating: 0.5, [2, 256, 40, 40], block: Layout.preferred(256)))
        // 1×1: no implementation saves products here, as those of 3×3 kernels may.
        let weight = tape.constant(Tensor(repeating: 0.5, [1024, 256, 1, 1]))
        let rows = tape.constant(Tensor(repeating: 0.5, [1024, 1024]))
        func rate(_ body: () -> Void) -> Double {
            let before = Work.multiplyAccumulates
            let start = ContinuousClock.now
            body()
            let elapsed = ContinuousClock.now - start
            return Double(Work.multiplyAccumulates - before) / (elapsed / .seconds(1))
        }
        var best = 0.0
        for _ in 0..<3 {
            best = max(best, rate { _ = tape.convolution(image, weight: weight) })
            best = max(best, rate { _ = tape.linear(rows, weight: rows) })
        }
        return best
    }
}
