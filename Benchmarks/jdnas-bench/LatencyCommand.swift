import Basics
import CommandKit
import Detection
import DetectorKit
import Devices
import Foundation
import InvertedResNet
import MobileNetV3
import ResNet
import Search
import Tensor
import Training

/// How well latencies are predicted: random relatives of a base, predicted as in a search, and measured.
struct LatencyCommand: Command {
    let name = "latency"
    let summary = "predicted against measured latency of random architectures"
    let options = [
        Option("--backbone", value: "PRESET", "the base's (default resnet18)"),
        Option("--input", value: "SIDE", "shorter side of the images; the longer one is a third longer (default 240)"),
        Option("--neck", value: "N", "channels of the pyramid (default 128)"),
        Option("--architectures", value: "N", "how many (default 30)"),
        Option("--rounds", value: "N", "passes over four images (default 6)"),
        Option("--seed", value: "N", "other seeds draw others (default 0)"),
        Option("--threads", value: "N", "threads to compute with (default: the processor's)"),
        Option("--out", value: "FILE", "write the figures as JSON"),
    ]

    private let catalog = BackboneCatalog([ResNet(), MobileNetV3(), InvertedResNet()])

    func run(_ arguments: Arguments) throws -> Int32 {
        let threads =
            try arguments.integer("--threads", in: 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
        let count = try arguments.integer("--architectures", in: 2...10_000) ?? 30
        let rounds = try arguments.integer("--rounds", in: 1...10_000) ?? 6
        let seed = try arguments.integer("--seed", in: 0...Int.max) ?? 0
        let random = RandomStream(seed: UInt64(seed))
        Compute.prepare(threads: threads, precision: .float32) { Terminal.error($0) }

        let base = try self.base(arguments)
        let images = (0..<4).map { image(base.architecture.input, random.stream("image", $0)) }
        let model = LatencyModel(LatencyTable(device: .current(threads: threads)))
        _ = try model.calibrate(on: base, images: images, rounds: rounds, catalog, log: Terminal.error)
        let relatives = try (0..<count).map { try relative(of: base.graph, random.stream("architecture", $0)) }
        let predicted = relatives.map { model.predict($0.graph) }
        let measured = try measureLatency(of: relatives, images: images, rounds: rounds) { done in
            Terminal.error("measured \(Int(100 * done)) %")
        }.map(\.median)

        let errors = zip(predicted, measured).map { $0 / $1 - 1 }
        let rows = relatives.indices.map { index in
            [
                "\(index)", String(format: "%.2f", Double(relatives[index].graph.cost.multiplyAccumulates) / 1e9),
                tenths(predicted[index]), tenths(measured[index]), String(format: "%+.1f %%", 100 * errors[index]),
            ]
        }
        Terminal.print(
            Table(header: ["", "GMACs", "predicted ms", "measured ms", "error"], rows: rows, right: [0, 1, 2, 3, 4])
                .text())
        let sizes = errors.map(abs).sorted()
        let correlation = rankCorrelation(predicted, measured)
        Terminal.print(
            "median error \(tenths(100 * sizes[count / 2])) %, largest \(tenths(100 * (sizes.last ?? 0))) %, "
                + String(format: "rank correlation %.3f", correlation)
                + " (aim: 10 % or less, 0.95 or more)")
        if let file = arguments.value("--out") {
            let json: JSON = [
                "device": try JSON(encoding: model.table.device), "predicted_ms": .array(predicted.map { .number($0) }),
                "measured_ms": .array(measured.map { .number($0) }), "rank_correlation": .number(correlation),
            ]
            try DurableFile.write(json.prettyText, to: URL(filePath: file))
        }
        return sizes[count / 2] <= 0.1 && correlation >= 0.95 ? 0 : 1
    }

    private func base(_ arguments: Arguments) throws -> Detector {
        let shorter = try arguments.integer("--input", in: 64...2048) ?? 240
        let neck = try arguments.integer("--neck", in: 16...1024) ?? 128
        let architecture = try DetectorSettings(
            backbone: arguments.value("--backbone") ?? "resnet18", norm: .group, normGroups: 16, neckWidth: neck,
            headWidth: 4 * neck, input: .init(shorter: shorter, longer: shorter * 4 / 3),
            anchors: .init(sizes: [16, 32, 64, 128, 256], ratios: [0.5, 1, 2]),
            selection: .init(inference: .init(beforeNMS: 500, afterNMS: 300))
        ).architecture(classes: 3, catalog)
        let graph = try DetectorGraph(architecture, catalog)
        return Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: 1)))
    }

    /// Every width between four tenths and five quarters of the base's, blocks come and go.
    private func relative(of base: DetectorGraph, _ random: RandomStream) throws -> Detector {
        var draw = random
        var graph = base
        func apply(_ action: StudentAction) {
            // What is not legal here is left out.
            if let child = try? action.apply(to: graph, catalog) { graph = child }
        }
        for stage in base.architecture.backbone.stages.indices {
            switch draw.index(below: 3) {
            case 0: apply(.addBlock(stage: stage))
            case 1: apply(.removeBlock(stage: stage, block: 1))
            default: break
            }
        }
        let overall = draw.uniform(0.4, 1.1)
        for group in graph.channelGroups {
            guard let knob = group.knobs.first else { continue }
            let unit = graph.searchUnit(of: knob)
            let share = min(max(overall * draw.uniform(0.7, 1.3), 0.4), 1.25)
            apply(.setWidth(knob: knob, width: max(1, Int(share * Double(group.width / unit))) * unit))
        }
        return Detector(graph: graph, weights: graph.network.initialWeights(random.stream("weights")))
    }

    private func image(_ input: DetectorArchitecture.InputSize, _ random: RandomStream) -> ImagePlanes {
        var random = random
        let coarse = (0..<64 * 48 * 3).map { _ in UInt8(random.index(below: 256)) }
        let (width, height) = (input.longer, input.shorter)
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for c in 0..<3 { pixels.append(coarse[(y * 48 / height * 64 + x * 64 / width) * 3 + c]) }
            }
        }
        return ImagePlanes(width: width, height: height, pixels: pixels)
    }

    /// Spearman's: Pearson's correlation of the ranks.
    private func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double {
        func ranks(_ values: [Double]) -> [Double] {
            values.map { value in
                let below = values.count { $0 < value }
                let equal = values.count { $0 == value }
                return Double(below) + Double(equal - 1) / 2
            }
        }
        let (x, y) = (ranks(a), ranks(b))
        let mean = Double(a.count - 1) / 2
        func sum(_ p: [Double], _ q: [Double]) -> Double { zip(p, q).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } }
        return sum(x, y) / (sum(x, x) * sum(y, y)).squareRoot()
    }
}
