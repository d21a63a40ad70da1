import Basics
import Dataset
import Detection
import DetectorKit
import Foundation
import ModelImport
import Models
import ResNet
import Tensor
import TestSupport
import Testing
import Training

@Suite struct DetectorImportTests {
    let folder: TemporaryFolder
    let detector: Detector

    init() throws {
        folder = try TemporaryFolder()
        detector = try Samples.detector()
    }

    private func read(
        _ data: Data, _ change: (inout DetectorImport.Settings) -> Void = { _ in }
    ) throws -> DetectorImport {
        var settings = DetectorImport.Settings()
        change(&settings)
        return try DetectorImport(from: folder.write(data, to: "w.pth"), settings, Samples.catalog)
    }

    private func refusal(_ weights: NamedTensors) -> String {
        failureText(in: folder) { _ = try read(SafeTensors(weights).encoded()) } ?? "accepted"
    }

    /// The folder that comes out of a .pth and of safetensors is the same, byte for byte, and a detector's.
    @Test func bothFormatsGiveTheSameDetector() throws {
        let torch = try read(Samples.checkpoint(detector.weights).data)
        try torch.write(to: folder["a"])
        try read(SafeTensors(detector.weights).encoded()).write(to: folder["b"])
        #expect(try folder.names(in: "a") == ["architecture.json", "weights.safetensors"])
        for name in try folder.names(in: "a") {
            #expect(try Data(contentsOf: folder["a/\(name)"]) == Data(contentsOf: folder["b/\(name)"]))
        }
        let again = try DetectorFiles.read(from: folder["a"], Samples.catalog)
        #expect(again.architecture == detector.architecture)
        #expect(again.weights == detector.weights)
        #expect(torch.preset == "narrow18")
    }

    @Test(arguments: ["model.", "module.", "state_dict.", "module.model."])
    func prefixesAreStripped(_ prefix: String) throws {
        var checkpoint = Samples.checkpoint(detector.weights) { prefix + Samples.old($0) }
        checkpoint.holders = ["model"]
        #expect(checkpoint.entries.contains { $0.name == "\(prefix)backbone.fpn.inner_blocks.0.weight" })
        #expect(try read(checkpoint.data).detector.weights == detector.weights)
    }

    @Test(arguments: ["narrow18", "narrow34", "narrow50", "narrowx50"]) func backbonesAreFound(_ preset: String) throws
    {
        let detector = try Samples.detector(preset, classes: 90)
        let found = try read(Samples.checkpoint(detector.weights).data)
        #expect(found.preset == preset)
        #expect(found.architecture == detector.architecture)
    }

    @Test func settingsAreTaken() throws {
        let found = try read(Samples.checkpoint(detector.weights).data) {
            $0.norm = .batch
            $0.input = .init(shorter: 320, longer: 640)
        }
        var expected = detector.architecture
        expected.backbone.norm = .batch
        expected.input = .init(shorter: 320, longer: 640)
        #expect(found.architecture == expected)
    }

    @Test func classesGetTheirNames() throws {
        let data = Samples.checkpoint(detector.weights).data
        try read(data) { $0.classNames = ["red", "white", "platelet"] }.write(to: folder["out"])
        let categories = try DetectorFiles.readCategories(from: folder["out"], count: 3)
        #expect(categories.map(\.name) == ["red", "white", "platelet"] && categories.map(\.label) == [1, 2, 3])
        let text = failureText { _ = try read(data) { $0.classNames = ["red"] } }
        #expect(text?.contains("the detector has 3 classes, and 1 are named") == true)
    }

    /// All that is wrong is told at once, with the shapes.
    @Test func misfitsAreListed() throws {
        var weights = detector.weights
        weights["roi_heads.box_predictor.bbox_pred.bias"] = Tensor([4], [0, 0, 0, 0])
        weights["backbone.body.bn1.running_mean"] = nil
        weights["roi_heads.mask_head.weight"] = Tensor([1], [0])
        let text = refusal(weights)
        let total = detector.graph.network.parameters.count
        #expect(
            text
                == "~/w.pth: error: no Faster R-CNN with FPN as torchvision names it; the closest has a narrow18, of whose "
                + "\(total) parameters \(total - 2) match: missing backbone.body.bn1.running_mean [8]; "
                + "roi_heads.box_predictor.bbox_pred.bias is [4], not [16]; unexpected roi_heads.mask_head.weight [1]\n"
                + "  remedy: give the state_dict of a fasterrcnn_*_fpn detector; docs/import.md says which")
    }

    @Test func longListsAreCut() throws {
        let text = refusal(["x": Tensor([1], [0])])
        #expect(text.contains(" 0 match: missing backbone.body.conv1.weight [8, 3, 7, 7]; "))
        #expect(text.contains("; and ") && text.contains(" more\n") && text.utf8.count < 2500)
    }

    @Test func whatIsNotFiniteIsNamed() throws {
        var weights = detector.weights
        for (name, value) in [("rpn.head.cls_logits.bias", Float.nan), ("backbone.body.bn1.bias", .infinity)] {
            weights[name]?.withUnsafeMutableFloats { $0[1] = value }
        }
        #expect(
            refusal(weights)
                == "~/w.pth: error: weights are NaN or infinite: backbone.body.bn1.bias (1 of 8), "
                + "rpn.head.cls_logits.bias (1 of 3)\n  remedy: give weights from before the training diverged")
    }

    @Test func twoOfOneNameAreRefused() throws {
        var weights = detector.weights
        weights["module.rpn.head.conv.weight"] = Tensor([1], [0])
        let text = refusal(weights)
        #expect(
            text.contains(
                "'module.rpn.head.conv.weight' and 'rpn.head.conv.0.0.weight' are both 'rpn.head.conv.0.0.weight'"))
    }

    /// What a norm computes does not change, for the smallest variance either.
    @Test(arguments: [0, 1e-3] as [Float]) func epsilonsOfNormsAreMadeUpFor(_ epsilon: Float) throws {
        var weights = detector.weights
        weights["backbone.body.bn1.running_var"]?.withUnsafeMutableFloats { $0[3] = 1e-12 }
        let found = try read(Samples.checkpoint(weights).data) { $0.normEpsilon = epsilon }.detector.weights
        func factors(_ weights: NamedTensors, _ epsilon: Float) throws -> [Double] {
            let scale = try #require(weights["backbone.body.bn1.weight"]).array
            let variance = try #require(weights["backbone.body.bn1.running_var"]).array
            return zip(scale, variance).map { Double($0) / (Double($1) + Double(epsilon)).squareRoot() }
        }
        for (found, given) in zip(try factors(found, Norm.epsilon), try factors(weights, epsilon)) {
            #expect(abs(found - given) < 1e-6 * abs(given))
        }
    }

    @Test func negativeVariancesAreRefused() throws {
        var weights = detector.weights
        weights["backbone.body.bn1.running_var"]?.withUnsafeMutableFloats { $0[3] = -1 }
        #expect(refusal(weights).contains("'backbone.body.bn1.running_var': error: a variance is negative"))
    }

    @Test func whatIsThereStays() throws {
        try folder.write("mine", to: "out/file")
        let found = try read(Samples.checkpoint(detector.weights).data)
        #expect(
            failureText(in: folder) { try found.write(to: folder["out"]) }
                == "~/out: error: something lies here already\n  remedy: name a new folder")
        #expect(folder.files() == ["out/file", "w.pth"])
    }
}

@Suite struct PretrainedBackboneTests {
    let folder: TemporaryFolder
    let detector: Detector

    init() throws {
        folder = try TemporaryFolder()
        detector = try Samples.detector()
    }

    private func tensors(_ weights: NamedTensors, _ norm: Norm) throws -> NamedTensors {
        let url = try folder.write(Samples.checkpoint(weights).data, to: "r.pth")
        let backbone = try Samples.catalog.architecture(preset: "narrow18", norm: norm, groups: 1)
        return try PretrainedBackbone(opening: url).tensors(for: backbone, Samples.catalog)
    }

    @Test(arguments: [Norm.frozen, .batch]) func allOfTheBackboneIsTaken(_ norm: Norm) throws {
        let found = try tensors(Samples.classifier(detector), norm)
        #expect(found == detector.weights.filter { $0.key.hasPrefix("backbone.body.") })
    }

    @Test func groupNormsStartAfresh() throws {
        let found = try tensors(Samples.classifier(detector), .group)
        #expect(
            found
                == detector.weights.filter { name, tensor in
                    name.hasPrefix("backbone.body.") && tensor.shape.count == 4
                })
        #expect(found.count == 20)
    }

    @Test(arguments: [Norm.frozen, .group]) func misfitsAreListed(_ norm: Norm) throws {
        var weights = Samples.classifier(detector)
        weights["layer1.0.conv1.weight"] = Tensor([1], [0])
        weights["bn1.running_var"] = nil
        let text = failureText(in: folder) { _ = try tensors(weights, norm) }
        #expect(
            text == "~/r.pth: error: the weights do not fit the backbone: missing bn1.running_var [8]; "
                + "layer1.0.conv1.weight is [1], not [8, 8, 3, 3]\n  remedy: give the state_dict of the classifier "
                + "that 'backbone' names, or name its backbone")
    }
}
