import Basics
import Detection
import DetectorKit
import Foundation
import ModelImport
import ResNet
import Tensor
import TestSupport

/// ResNets an eighth as wide, so that files are small; found by names and shapes like the real ones.
struct NarrowResNet: Backbone {
    private let resnet = ResNet()
    let name = "resnet"
    let summary = "narrow ResNets"
    let channelUnit = 8
    let presets = ["narrow18", "narrow34", "narrow50", "narrowx50"]

    func architecture(preset: String, norm: Norm, groups: Int) throws -> BackboneArchitecture {
        let model =
            ["narrow18": "resnet18", "narrow34": "resnet34", "narrow50": "resnet50"][preset] ?? "resnext50_32x4d"
        var architecture = try resnet.architecture(preset: model, norm: norm, groups: groups)
        architecture.stem.width /= 8
        architecture.stem.channelsPerGroup = 8
        for stage in architecture.stages.indices {
            architecture.stages[stage].width /= 8
            architecture.stages[stage].channelsPerGroup = 8
            for block in architecture.stages[stage].blocks.indices {
                architecture.stages[stage].blocks[block].channelsPerGroup = 8
                for index in architecture.stages[stage].blocks[block].widths.indices {
                    architecture.stages[stage].blocks[block].widths[index] /= 8
                }
            }
        }
        return architecture
    }

    func validate(_ architecture: BackboneArchitecture) throws { try resnet.validate(architecture) }

    func build(
        _ architecture: BackboneArchitecture, into builder: inout GraphBuilder, image: NetworkGraph.NodeID
    ) -> [NetworkGraph.NodeID] { resnet.build(architecture, into: &builder, image: image) }

    func parameterPrefix(stage: Int, block: Int) -> String { resnet.parameterPrefix(stage: stage, block: block) }

    func newBlock(_ architecture: BackboneArchitecture, stage: Int) -> BackboneArchitecture.Block {
        resnet.newBlock(architecture, stage: stage)
    }
}

enum Samples {
    static let catalog = BackboneCatalog([NarrowResNet()])

    /// A detector with weights that all differ.
    static func detector(_ preset: String = "narrow18", classes: Int = 3) throws -> Detector {
        let architecture = DetectorArchitecture(
            backbone: try catalog.architecture(preset: preset, norm: .frozen, groups: 1),
            neck: .init(lateralWidth: 8, outputWidth: 16), proposalWidth: 24, headWidths: [16, 8], classes: classes,
            input: .init(shorter: 800, longer: 1333),
            anchors: .init(sizes: [32, 64, 128, 256, 512], ratios: [0.5, 1, 2]),
            selection: .init())
        let graph = try DetectorGraph(architecture, catalog)
        var random = RandomStream(seed: 5)
        var weights: NamedTensors = [:]
        for spec in graph.network.parameters {
            let low: Float = spec.role == .runningVariance ? 0.5 : -0.1
            weights[spec.name] = Tensor(
                spec.shape, (0..<spec.count).map { _ in Float.random(in: low...low + 1, using: &random) })
        }
        return Detector(graph: graph, weights: weights)
    }

    /// The weights as a state_dict, under names that `rename` gives.
    static func checkpoint(_ weights: NamedTensors, rename: (String) -> String = { $0 }) -> TorchCheckpoint {
        var entries = weights.sorted.map { TorchCheckpoint.Entry(rename($0.name), $0.tensor.shape, $0.tensor.array) }
        for name in weights.keys.sorted() where name.hasSuffix("running_var") {
            let counter = rename(name.replacing("running_var", with: "num_batches_tracked"))
            entries.append(.init(counter, [], type: "LongStorage", bytes: Data(count: 8)))
        }
        return TorchCheckpoint(entries)
    }

    /// Names as torchvision had them before 0.13.
    static func old(_ name: String) -> String {
        name.replacing("rpn.head.conv.0.0.", with: "rpn.head.conv.")
            .replacing(/(inner|layer)_blocks\.(\d)\.0\./) { "\($0.1)_blocks.\($0.2)." }
    }

    /// A classifier's weights: the backbone's, and a last layer.
    static func classifier(_ detector: Detector) -> NamedTensors {
        var weights: NamedTensors = [
            "fc.weight": Tensor([2, 3], [1, 2, 3, 4, 5, 6]), "fc.bias": Tensor([2], [0, 1]),
        ]
        for (name, tensor) in detector.weights where name.hasPrefix("backbone.body.") {
            weights[String(name.dropFirst("backbone.body.".count))] = tensor
        }
        return weights
    }
}
