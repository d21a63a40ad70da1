import Basics
import Detection
import DetectorKit
import Foundation
import Models
import ResNet
import Tensor

/// Weights, images and targets that both sides read, in safetensors files.
struct SharedInputs {
    static let classes = 90
    static let boxesPerImage = 8

    let graph: DetectorGraph
    let weights: NamedTensors
    let images: [ImagePlanes]
    let targets: [DetectionTarget]

    /// Reads what `write` wrote.
    init(_ benchmark: BenchmarkCase, from folder: URL) throws {
        graph = try Self.graph(benchmark)
        weights = try SafeTensors.read(folder.appending(path: "weights.safetensors")).tensors
        let inputs = try SafeTensors.read(folder.appending(path: "inputs.safetensors")).tensors
        func input(_ name: String) throws -> [Float] {
            guard let tensor = inputs[name] else { throw Failure("the inputs lack '\(name)'", at: folder.path) }
            return tensor.array
        }
        var images: [ImagePlanes] = []
        var targets: [DetectionTarget] = []
        for i in 0..<benchmark.batch {
            images.append(
                ImagePlanes(
                    width: benchmark.size, height: benchmark.size, pixels: try input("image\(i)").map { UInt8($0) }))
            let corners = try input("boxes\(i)")
            let boxes = stride(from: 0, to: corners.count, by: 4).map {
                Box(x1: corners[$0], y1: corners[$0 + 1], x2: corners[$0 + 2], y2: corners[$0 + 3])
            }
            targets.append(DetectionTarget(boxes: boxes, labels: try input("labels\(i)").map { Int($0) }))
        }
        self.images = images
        self.targets = targets
    }

    private static let catalog = BackboneCatalog([ResNet()])

    private static func graph(_ benchmark: BenchmarkCase) throws -> DetectorGraph {
        let settings = DetectorSettings(
            backbone: benchmark.backbone, norm: .frozen, normGroups: 1, neckWidth: 256, headWidth: 1024,
            input: DetectorArchitecture.InputSize(shorter: benchmark.size, longer: benchmark.size),
            anchors: DetectorArchitecture.Anchors(sizes: [32, 64, 128, 256, 512], ratios: [0.5, 1, 2]),
            selection: DetectorArchitecture.Selection())
        return try DetectorGraph(settings.architecture(classes: Self.classes, catalog), catalog)
    }

    /// Draws them, always the same.
    init(_ benchmark: BenchmarkCase) throws {
        graph = try Self.graph(benchmark)
        let random = RandomStream(seed: 20)
        var weights = graph.network.initialWeights(random.stream("weights"))
        for (name, tensor) in weights {
            // Residual branches that start small keep the activations of a deep network in bounds.
            let isLast =
                name.hasSuffix("bn3.weight") || (benchmark.backbone == "resnet18" && name.hasSuffix("bn2.weight"))
            if isLast { weights[name] = Tensor(repeating: 0.25, tensor.shape) }
            // Scores apart from each other: with a fresh proposal head rounding would decide which are best.
            if name == "rpn.head.cls_logits.weight" {
                weights[name] = Tensor(tensor.shape, tensor.array.map { $0 * 20 })
            }
        }
        self.weights = weights

        var draw = random.stream("images")
        let side = benchmark.size
        var images: [ImagePlanes] = []
        var targets: [DetectionTarget] = []
        for _ in 0..<benchmark.batch {
            // Blurred noise: neighbouring pixels are alike, as in pictures.
            let coarse = (0..<(side / 8 + 1) * (side / 8 + 1) * 3).map { _ in draw.index(below: 224) }
            var pixels: [UInt8] = []
            pixels.reserveCapacity(side * side * 3)
            for y in 0..<side {
                for x in 0..<side {
                    for c in 0..<3 {
                        let cell = coarse[((y / 8) * (side / 8 + 1) + x / 8) * 3 + c]
                        pixels.append(UInt8(cell + draw.index(below: 32)))
                    }
                }
            }
            images.append(ImagePlanes(width: side, height: side, pixels: pixels))
            let boxes = (0..<Self.boxesPerImage).map { _ -> Box in
                let (w, h) = (Float(draw.uniform(0.1, 0.5)) * Float(side), Float(draw.uniform(0.1, 0.5)) * Float(side))
                let (x, y) = (
                    Float(draw.uniform()) * (Float(side) - w), Float(draw.uniform()) * (Float(side) - h)
                )
                return Box(x1: x, y1: y, x2: x + w, y2: y + h)
            }
            targets.append(
                DetectionTarget(boxes: boxes, labels: boxes.map { _ in 1 + draw.index(below: Self.classes) }))
        }
        self.images = images
        self.targets = targets
    }

    func write(to folder: URL) throws {
        try SafeTensors.write(weights, to: folder.appending(path: "weights.safetensors"))
        var inputs: NamedTensors = [:]
        for (i, (image, target)) in zip(images, targets).enumerated() {
            inputs["image\(i)"] = Tensor([image.height, image.width, 3], image.pixels.map { Float($0) })
            inputs["boxes\(i)"] = Tensor(
                [target.boxes.count, 4], target.boxes.flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] })
            inputs["labels\(i)"] = Tensor([target.labels.count], target.labels.map { Float($0) })
        }
        try SafeTensors.write(inputs, to: folder.appending(path: "inputs.safetensors"))
    }
}
