import Basics
import CommandKit
import Detection
import DetectorKit
import Devices
import Foundation
import Images
import InvertedResNet
import MobileNetV3
import ResNet
import Tensor
import Training

/// The losses of one training step of a detector's folder, for `scripts/parity`.
struct LossesCommand: Command {
    let name = "losses"
    let summary = "the training losses of a detector on pictures, with every anchor and every region sampled"
    let options = [
        Option("--detector", value: "DIR", "a detector's folder"),
        Option("--targets", value: "FILE", "JSON: an array of {file, boxes: [[x1, y1, x2, y2]], labels: [1…K]}"),
        Option("--threads", value: "N", "threads to compute with"),
    ]

    private struct Entry: Decodable {
        let file: String
        let boxes: [[Float]]
        let labels: [Int]
    }

    func run(_ arguments: Arguments) throws -> Int32 {
        let folder = URL(filePath: try arguments.require("--detector"))
        let list = URL(filePath: try arguments.require("--targets"))
        let threads = try arguments.integer("--threads", in: 1...1024)
        Compute.prepare(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, precision: .float32) { _ in }
        let detector = try DetectorFiles.read(
            from: folder, BackboneCatalog([ResNet(), MobileNetV3(), InvertedResNet()]))
        let entries = try JSONDecoder().decode([Entry].self, from: Data(contentsOf: list))
        let images = try entries.map { entry in
            let image = try decodeImage(Data(contentsOf: URL(filePath: entry.file)), place: entry.file)
            return ImagePlanes(width: image.width, height: image.height, pixels: image.pixels)
        }
        for entry in entries {
            guard entry.boxes.allSatisfy({ $0.count == 4 }), entry.labels.count == entry.boxes.count,
                entry.labels.allSatisfy({ (1...detector.architecture.classes).contains($0) })
            else {
                throw Failure(
                    "the targets of '\(entry.file)' are no boxes of four numbers with a label each", at: list.path,
                    remedy: "give labels from 1 to \(detector.architecture.classes)")
            }
        }
        let targets = entries.map { entry in
            DetectionTarget(
                boxes: entry.boxes.map { Box(x1: $0[0], y1: $0[1], x2: $0[2], y2: $0[3]) }, labels: entry.labels)
        }
        let losses = try DetectorPass(
            detector.graph, weights: detector.weights, tape: Tape(recording: true), mode: .training
        ).trainingLosses(
            images: images, targets: targets, settings: .everythingSampled, random: RandomStream(seed: 0))
        Terminal.print(JSON.object(losses.values.mapValues { .number(Double($0)) }).prettyText)
        return 0
    }
}

extension TrainingSettings {
    /// Nothing is drawn: every anchor and every region takes part.
    static var everythingSampled: TrainingSettings {
        var settings = TrainingSettings()
        settings.anchors.count = 1 << 24
        settings.regions.count = 1 << 24
        return settings
    }
}
