import DatasetPack
import DetectorKit
import Foundation
import Models
import StageKit
import Synchronization
import Tensor
import TestSupport
import Testing
import Train

@Suite(.serialized) struct PretrainedBackboneOptionTests {
    private let stages: Stages
    private let train: Train

    init() throws {
        stages = try Stages()
        train = Train(backbones: stages.backbones)
    }

    /// A ResNet-18 of known numbers, as a classifier's state_dict.
    private func writeClassifier(_ name: String, without dropped: String? = nil) throws {
        let backbone = try stages.backbones.architecture(preset: "resnet18", norm: .batch, groups: 16)
        var builder = GraphBuilder()
        let image = builder.input("image", channels: 3)
        _ = try stages.backbones.backbone("resnet").build(backbone, into: &builder, image: image)
        var tensors: NamedTensors = ["fc.bias": Tensor([2], [1, 2])]
        for spec in builder.graph.parameters {
            let own = String(spec.name.dropFirst("backbone.body.".count))
            if own == dropped { continue }
            // Small enough that nothing grows without bound on its way through the layers.
            let scale = spec.shape.count == 4 ? 1 / Float(spec.count / spec.shape[0]) : 1
            tensors[own] = Tensor(spec.shape, (0..<spec.count).map { Float($0 % 7 + 1) * scale / 4 })
        }
        try SafeTensors.write(tensors, to: stages.folder[name])
    }

    @Test func badFilesAreToldAtValidation() throws {
        try stages.folder.write("GIF89a, say, and more", to: "bad.pth")
        #expect(
            try stages.problems(train, "detector: detector.yaml\npretrained_backbone: bad.pth").first?
                .hasPrefix("job.yaml:2:22: error: the header's length") == true)
        #expect(
            try stages.problems(train, "detector: detector.yaml\npretrained_backbone: none.pth").first?
                .hasPrefix("job.yaml:2:22: error: there is no file 'none.pth'") == true)
        try writeClassifier("short.safetensors", without: "layer4.1.conv2.weight")
        #expect(
            try stages.problems(train, "detector: detector.yaml\npretrained_backbone: short.safetensors").first?
                .hasPrefix(
                    "job.yaml:2:22: error: the weights do not fit the backbone: "
                        + "missing layer4.1.conv2.weight [512, 512, 3, 3]\n") == true)
        #expect(
            try stages.problems(train, "pretrained_backbone: short.safetensors").contains {
                $0.hasPrefix("job.yaml:1:22: error: 'pretrained_backbone' is given without 'detector'")
            })
    }

    @Test(arguments: [Norm.frozen, .group]) func trainingStartsFromTheFile(_ norm: Norm) throws {
        try writeClassifier("r18.safetensors")
        let text = Stages.detector.replacing("norm_groups: 16", with: "norm_groups: 16\nnorm: \(norm)")
        try stages.folder.write(text, to: "own.yaml")
        let data = try stages.run(
            DatasetPack(), "format: synth\ntrain: 4\nval: 1\nwidth: 96\nheight: 64\nsearch_fraction: 0.25", in: "data")
        let lines = Mutex<[String]>([])
        let artifact = try stages.run(
            train,
            "detector: own.yaml\npretrained_backbone: r18.safetensors\nepochs: 1\nbatch_size: 2\nwarm_up: 1\n"
                + "evaluate_on: none\nfreeze: [backbone.body]", on: [data], in: "\(norm)"
        ) { line in lines.withLock { $0.append(line) } }
        let given = try SafeTensors.read(stages.folder["r18.safetensors"]).tensors
        let trained = try SafeTensors.read(artifact.directory.appending(path: "weights.safetensors")).tensors
        for (name, tensor) in given where name != "fc.bias" {
            guard norm == .frozen || tensor.shape.count == 4 else { continue }
            #expect(trained["backbone.body.\(name)"] == tensor, "\(name)")
        }
        if norm == .group { #expect(trained["backbone.body.bn1.weight"]?.array == [Float](repeating: 1, count: 64)) }
        let told = lines.withLock { $0.first { $0.contains("the backbone starts from r18.safetensors") } }
        #expect(told?.contains("its convolutions only") == (norm == .group))
    }
}
