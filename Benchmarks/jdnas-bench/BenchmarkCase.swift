import Devices
import Foundation

/// What is measured: one piece of work that we and a peer do alike.
struct BenchmarkCase: Codable, Hashable {
    enum Work: String, Codable {
        /// Forward, backward and update of a whole detector.
        case training
        /// From decoded pixels to boxes.
        case detection
        /// Backbone and pyramid, at inference.
        case features
        /// A program's start to the end of its first training step.
        case start
        /// COCO's metrics: evaluate and accumulate.
        case metrics
        case convolution, convolutionBackward, linear, groupNorm, roiAlign, roiAlignBackward, suppression
    }

    var name: String
    var work: Work
    /// A preset of the ResNet plugin; for single operators not read.
    var backbone = "resnet50"
    /// The image's side in pixels; for single operators that of the feature map.
    var size = 320
    var batch = 1
    /// Single operators: channels of input and output.
    var channels = 256
    var kernel = 3
    /// Of convolutions and matrix products; PyTorch's side runs under autocast.
    var precision = Precision.float32
    /// The peers that do it too.
    var peers = ["torch"]
    /// The highest ratio, ours ÷ the peer's time, that we aim at.
    var target: Double?

    static let all: [BenchmarkCase] = {
        var cases: [BenchmarkCase] = []
        for (short, backbone) in [("r50", "resnet50"), ("r18", "resnet18")] {
            for size in [320, 640] {
                let isTarget = size == 320
                cases.append(
                    BenchmarkCase(
                        name: "train-\(short)-\(size)", work: .training, backbone: backbone, size: size, batch: 2,
                        target: isTarget ? 0.6 : nil))
                cases.append(
                    BenchmarkCase(
                        name: "detect-\(short)-\(size)", work: .detection, backbone: backbone, size: size,
                        target: isTarget && short == "r50" ? 0.65 : nil))
                cases.append(
                    BenchmarkCase(
                        name: "features-\(short)-\(size)", work: .features, backbone: backbone, size: size,
                        peers: ["torch", "onnx"], target: isTarget ? 1.0 : nil))
            }
        }
        cases.append(
            BenchmarkCase(
                name: "train-r50-320-bf16", work: .training, size: 320, batch: 2, precision: .bfloat16, target: 0.55))
        cases.append(
            BenchmarkCase(name: "start-r50-320", work: .start, size: 320, batch: 2, target: 0.25))
        func operation(_ name: String, _ work: Work, size: Int, channels: Int, kernel: Int = 3) {
            cases.append(
                BenchmarkCase(name: name, work: work, size: size, batch: 2, channels: channels, kernel: kernel))
        }
        for (channels, size) in [(64, 80), (256, 40), (512, 10)] {
            operation("conv3x3-\(channels)-\(size)", .convolution, size: size, channels: channels)
            operation("conv3x3-backward-\(channels)-\(size)", .convolutionBackward, size: size, channels: channels)
        }
        operation("conv1x1-256-40", .convolution, size: 40, channels: 256, kernel: 1)
        operation("conv1x1-backward-256-40", .convolutionBackward, size: 40, channels: 256, kernel: 1)
        operation("linear-1024x12544", .linear, size: 1, channels: 1024)
        operation("group-norm-256-80", .groupNorm, size: 80, channels: 256)
        operation("roi-align", .roiAlign, size: 80, channels: 256)
        operation("roi-align-backward", .roiAlignBackward, size: 80, channels: 256)
        operation("nms-2000", .suppression, size: 320, channels: 1)
        cases.append(
            BenchmarkCase(
                name: "coco-metrics", work: .metrics, peers: ["pycocotools", "faster_coco_eval"], target: 1))
        return cases
    }()
}

/// A line to a worker.
struct WorkerRequest: Codable {
    var benchmark: BenchmarkCase
    /// Where `weights.safetensors` and `inputs.safetensors` lie.
    var folder: String
    var threads: Int
    /// Instead of timing: writes losses and gradients of one step to this file, with every anchor and region sampled.
    var gradients: String?
}

/// A line from a worker, after each run.
struct WorkerReply: Codable {
    /// Of the run; nil when the worker says that it is ready.
    var seconds: Double?
    /// The most memory that the process has held, in bytes.
    var peakBytes: Int?
    /// Multiply-accumulates of convolutions and matrix products of the run.
    var products: Int?
    /// What the worker is: its versions.
    var version: String?
}
