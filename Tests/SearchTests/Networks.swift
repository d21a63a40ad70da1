import Basics
import DetectorKit
import ResNet
import Search
import Tensor

/// Small detectors for tests.
enum Networks {
    static let catalog = BackboneCatalog([ResNet()])

    /// A detector with two stages of two blocks and two of one, narrow enough to run in a moment.
    static func architecture(
        norm: Norm = .group, preset: String = "resnet18", size: Int = 64
    ) throws -> DetectorArchitecture {
        var backbone = try catalog.architecture(preset: preset, norm: norm, groups: 8)
        let widths = [32, 32, 64, 64]
        let bottleneck = backbone.block == "bottleneck"
        backbone.stem = .init(width: 32, channelsPerGroup: 4)
        for stage in backbone.stages.indices {
            let trunk = bottleneck ? 2 * widths[stage] : widths[stage]
            backbone.stages[stage].width = trunk
            backbone.stages[stage].channelsPerGroup = 8
            backbone.stages[stage].blocks.removeLast(backbone.stages[stage].blocks.count - (stage < 2 ? 2 : 1))
            for block in backbone.stages[stage].blocks.indices {
                backbone.stages[stage].blocks[block].widths = backbone.stages[stage].blocks[block].widths.map { _ in
                    widths[stage]
                }
                backbone.stages[stage].blocks[block].channelsPerGroup = 4
            }
        }
        return DetectorArchitecture(
            backbone: backbone, neck: .init(lateralWidth: 32, outputWidth: 32), proposalWidth: 32,
            headWidths: [64, 64], classes: 3, input: .init(shorter: size, longer: size),
            anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [0.5, 1, 2]),
            selection: .init(
                training: .init(beforeNMS: 100, afterNMS: 100), inference: .init(beforeNMS: 50, afterNMS: 50)))
    }

    static func graph(norm: Norm = .group, preset: String = "resnet18") throws -> DetectorGraph {
        try DetectorGraph(architecture(norm: norm, preset: preset), catalog)
    }

    /// Weights that no test passes by chance: norms and biases are random too.
    static func weights(_ graph: DetectorGraph, seed: UInt64 = 1) -> NamedTensors {
        let random = RandomStream(seed: seed)
        var weights = graph.network.initialWeights(random.stream("weights"))
        for spec in graph.network.parameters {
            var draw = random.stream(spec.name)
            let center: Double
            switch spec.role {
            case .normScale, .runningVariance: center = 1
            case .normShift, .runningMean, .bias: center = 0
            case .weight: continue
            }
            weights[spec.name] = Tensor(
                spec.shape, (0..<spec.count).map { _ in Float(center + draw.uniform(-0.4, 0.4)) })
        }
        return weights
    }

    /// An action that is legal more often than not.
    static func randomAction(_ graph: DetectorGraph, _ random: inout RandomStream) -> StudentAction {
        let stages = graph.architecture.backbone.stages
        let stage = random.index(below: stages.count)
        switch random.index(below: 4) {
        case 0: return .addBlock(stage: stage)
        case 1: return .removeBlock(stage: stage, block: random.index(below: stages[stage].blocks.count + 1))
        default:
            let knobs = graph.units.keys.sorted()
            let knob = knobs[random.index(below: knobs.count)]
            let unit = graph.units[knob] ?? 1
            let change = (random.index(below: 5) - 2) * unit
            return .setWidth(knob: knob, width: graph.architecture[knob] + change)
        }
    }
}
