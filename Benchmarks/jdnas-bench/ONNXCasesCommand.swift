import Basics
import CommandKit
import Detection
import DetectorKit
import Foundation
import InvertedResNet
import MobileNetV3
import ResNet
import Tensor
import Training

/// Detectors, images and what our detector finds in them, for `scripts/check-onnx`.
struct ONNXCasesCommand: Command {
    let name = "onnx-cases"
    let summary = "draw detectors and images, and write what is detected in them"
    let options = [Option("--to", value: "DIR", "the folder to write to: a folder for each case")]

    private struct Case {
        let name, backbone: String
        let norm: Norm
        let isNarrow: Bool
        let input: DetectorArchitecture.InputSize
        var selection = DetectorArchitecture.Selection()
    }

    private static let cases = [
        Case(
            name: "r18-narrow-group", backbone: "resnet18", norm: .group, isNarrow: true,
            input: .init(shorter: 96, longer: 128)),
        Case(
            name: "r18-narrow-frozen", backbone: "resnet18", norm: .frozen, isNarrow: true,
            input: .init(shorter: 240, longer: 320), selection: .init(detectionsPerImage: 300)),
        Case(
            name: "r50-narrow-batch", backbone: "resnet50", norm: .batch, isNarrow: true,
            input: .init(shorter: 240, longer: 320), selection: .init(scoreThreshold: 0.85, detectionsPerImage: 1000)),
        Case(
            name: "r18-batch", backbone: "resnet18", norm: .batch, isNarrow: false,
            input: .init(shorter: 320, longer: 480),
            selection: .init(
                inference: .init(beforeNMS: 300, afterNMS: 150), scoreThreshold: 0.3, detectionsPerImage: 500)),
        Case(
            name: "r18-group", backbone: "resnet18", norm: .group, isNarrow: false,
            input: .init(shorter: 240, longer: 320),
            selection: .init(
                proposalOverlap: 0.6, scoreThreshold: 0.45, detectionOverlap: 0.4, detectionsPerImage: 1000)),
        Case(
            name: "r50-frozen", backbone: "resnet50", norm: .frozen, isNarrow: false,
            input: .init(shorter: 480, longer: 640)),
        Case(
            name: "r50-group", backbone: "resnet50", norm: .group, isNarrow: false,
            input: .init(shorter: 320, longer: 480), selection: .init(scoreThreshold: 0.6)),
        Case(
            name: "mobilenet-batch", backbone: "mobilenet_v3_large", norm: .batch, isNarrow: false,
            input: .init(shorter: 320, longer: 480), selection: .init(scoreThreshold: 0.4)),
        Case(
            name: "mobilenet-group", backbone: "mobilenet_v3_small", norm: .group, isNarrow: false,
            input: .init(shorter: 240, longer: 320), selection: .init(scoreThreshold: 0.4)),
        Case(
            name: "inverted-frozen", backbone: "inverted_resnet_s", norm: .frozen, isNarrow: false,
            input: .init(shorter: 320, longer: 480), selection: .init(scoreThreshold: 0.4)),
        Case(
            name: "r18-narrow-nothing", backbone: "resnet18", norm: .batch, isNarrow: true,
            input: .init(shorter: 96, longer: 128), selection: .init(scoreThreshold: 0.9999)),
    ]
    /// Heights and widths: smaller and larger than the input, upright, as large, and two strips.
    private static let sizes = [(333, 500), (480, 640), (121, 97), (240, 320), (611, 204), (40, 300), (1, 9)]

    func run(_ arguments: Arguments) throws -> Int32 {
        let folder = URL(filePath: try arguments.require("--to"))
        for (number, item) in Self.cases.enumerated() {
            let random = RandomStream(seed: 5).stream("onnx", number)
            let images = Self.sizes.enumerated().map { ImagePlanes(drawn: random.stream("image", $0), $1.0, $1.1) }
            var detector = Detector(graph: try graph(item), weights: [:])
            detector.weights = detector.graph.network.initialWeights(random)
            disturbNorms(&detector, random.stream("norms"))
            try spreadAnswers(&detector, on: images[1])
            let place = folder.appending(path: item.name)
            try DetectorFiles.write(detector, to: place)
            let found = try images.enumerated().map { index, image -> JSON in
                let file = "\(index).rgb"
                try DurableFile.write(Data(image.pixels), to: place.appending(path: file))
                let objects = try detector.detect([image])[0]
                return [
                    "file": .string(file), "height": .integer(image.height), "width": .integer(image.width),
                    "boxes": .array(
                        objects.map {
                            .array([$0.box.x1, $0.box.y1, $0.box.x2, $0.box.y2].map { .number(Double($0)) })
                        }),
                    "scores": .array(objects.map { .number(Double($0.score)) }),
                    "labels": .array(objects.map { .integer($0.label) }),
                ]
            }
            try DurableFile.write(JSON.array(found).prettyText, to: place.appending(path: "detections.json"))
        }
        return 0
    }

    private func graph(_ item: Case) throws -> DetectorGraph {
        let catalog = BackboneCatalog([ResNet(), MobileNetV3(), InvertedResNet()])
        var architecture = try DetectorSettings(
            backbone: item.backbone, norm: item.norm, normGroups: 16, neckWidth: item.isNarrow ? 32 : 256,
            headWidth: item.isNarrow ? 64 : 1024, input: item.input,
            anchors: .init(sizes: [16, 32, 64, 128, 256], ratios: [0.5, 1, 2]), selection: item.selection
        ).architecture(classes: item.isNarrow ? 3 : 80, catalog)
        guard item.isNarrow else { return try DetectorGraph(architecture, catalog) }
        for (index, stage) in architecture.backbone.stages.enumerated() {
            let inner = BackboneArchitecture.Block(
                widths: stage.blocks[0].widths.map { _ in 16 << (index / 2) }, channelsPerGroup: 8)
            architecture.backbone.stages[index] = .init(
                width: 24 + 16 * index, channelsPerGroup: 8, blocks: stage.blocks.map { _ in inner })
        }
        return try DetectorGraph(architecture, catalog)
    }

    /// Norms that do something; residual branches stay small, so that the activations of a deep network stay in bounds.
    private func disturbNorms(_ detector: inout Detector, _ random: RandomStream) {
        let last = detector.architecture.backbone.block == "basic" ? ".bn2.weight" : ".bn3.weight"
        for spec in detector.graph.network.parameters {
            var random = random.stream(spec.name)
            func drawn(_ low: Double, _ high: Double) -> Tensor {
                Tensor(spec.shape, (0..<spec.count).map { _ in Float(random.uniform(low, high)) })
            }
            switch spec.role {
            case .normScale: detector.weights[spec.name] = spec.name.hasSuffix(last) ? drawn(0.1, 0.4) : drawn(0.6, 1.4)
            case .normShift, .runningMean: detector.weights[spec.name] = drawn(-0.2, 0.2)
            case .runningVariance: detector.weights[spec.name] = drawn(0.5, 2)
            case .weight, .bias: break
            }
        }
    }

    /// Scales the predictors so that their answers on an image spread as a trained detector's do: many scores pass the
    /// threshold, and rounding seldom decides which is larger.
    private func spreadAnswers(_ detector: inout Detector, on image: ImagePlanes) throws {
        func pass() -> DetectorPass {
            DetectorPass(detector.graph, weights: detector.weights, tape: Tape(recording: false), mode: .inference)
        }
        func scale(_ layer: String, _ answers: [Tensor], to deviation: Float) {
            let values = answers.flatMap(\.array)
            let mean = values.reduce(0, +) / Float(values.count)
            let spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)).squareRoot()
            for name in ["\(layer).weight", "\(layer).bias"] {
                guard let tensor = detector.weights[name] else { continue }
                detector.weights[name] = Tensor(tensor.shape, tensor.array.map { $0 * deviation / spread })
            }
        }
        let batch = detector.transform.batch([image])
        let first = try pass().features(batch)
        scale("rpn.head.cls_logits", first.objectness.map(\.value), to: 2)
        scale("rpn.head.bbox_pred", first.deltas.map(\.value), to: 0.3)
        let second = pass()
        let pyramid = try second.features(batch)
        let answers = try second.boxHead(pyramid, second.proposals(pyramid).map { $0.map(\.box) })
        scale("roi_heads.box_predictor.cls_score", [answers.classLogits.value], to: 2)
        scale("roi_heads.box_predictor.bbox_pred", [answers.boxDeltas.value], to: 1)
    }
}

extension ImagePlanes {
    /// Blurred noise: neighbouring pixels are alike, as in pictures.
    fileprivate init(drawn random: RandomStream, _ height: Int, _ width: Int) {
        var random = random
        let (rows, columns) = (height / 16 + 2, width / 16 + 2)
        let coarse = (0..<rows * columns * 3).map { _ in random.index(below: 224) }
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for c in 0..<3 {
                    let cell = coarse[(y / 16 * columns + x / 16) * 3 + c]
                    pixels.append(UInt8(cell + random.index(below: 32)))
                }
            }
        }
        self.init(width: width, height: height, pixels: pixels)
    }
}
