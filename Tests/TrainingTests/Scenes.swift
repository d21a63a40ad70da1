import Basics
import Dataset
import Detection
import DetectorKit
import Foundation
import ResNet
import Synth
import Tensor
import TestSupport
import Training

let catalog = BackboneCatalog([ResNet()])

/// A few drawn scenes, packed.
func packedScenes(in folder: TemporaryFolder, train: Int = 12) throws -> PackedDataset {
    try writeSyntheticDataset(to: folder["scenes"], train: train, val: 4, size: (96, 64), seed: 3)
    try packDataset(root: folder["scenes"], to: folder["packed"], options: PackOptions())
    return try PackedDataset(folder["packed"])
}

/// A narrow ResNet-18 detector for 96×64 images.
func narrowGraph(classes: Int, norm: Norm = .group) throws -> DetectorGraph {
    var backbone = try catalog.architecture(preset: "resnet18", norm: norm, groups: 4)
    backbone.stem = .init(width: 16, channelsPerGroup: 4)
    for stage in backbone.stages.indices {
        backbone.stages[stage].width = 16
        backbone.stages[stage].channelsPerGroup = 4
        for block in backbone.stages[stage].blocks.indices {
            backbone.stages[stage].blocks[block] = .init(widths: [16], channelsPerGroup: 4)
        }
    }
    return try DetectorGraph(
        DetectorArchitecture(
            backbone: backbone, neck: .init(lateralWidth: 16, outputWidth: 16), proposalWidth: 16,
            headWidths: [32, 32], classes: classes, input: .init(shorter: 64, longer: 96),
            anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [0.5, 1, 2]),
            selection: .init(
                training: .init(beforeNMS: 100, afterNMS: 50), inference: .init(beforeNMS: 50, afterNMS: 20))),
        catalog)
}

func shortPlan(epochs: Int = 3) -> TrainingPlan {
    TrainingPlan(
        epochs: epochs, batchSize: 2,
        schedule: LearningRateSchedule(base: 0.01, decay: .cosine(final: 0), warmUpSteps: 3), momentum: 0.9,
        weightDecay: 1e-4, clipNorm: 10, mirrors: [.horizontal, .vertical])
}

/// Few regions: these tests are about the bits, not about what is learnt.
func fewRegions() -> TrainingSettings {
    var settings = TrainingSettings()
    settings.regions.count = 16
    settings.anchors.count = 32
    return settings
}
