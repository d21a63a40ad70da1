import Archive
import Basics
import Bundles
import Dataset
import Detection
import DetectorKit
import Foundation
import ResNet
import TestSupport
import Testing
import Training

/// `jdnas export` from outside.
@Suite struct ExportTests {
    private let folder: TemporaryFolder

    /// A folder with a detector of two classes in `student`.
    init() throws {
        folder = try TemporaryFolder()
        let catalog = BackboneCatalog([ResNet()])
        var architecture = try DetectorSettings(
            backbone: "resnet18", norm: .group, normGroups: 4, neckWidth: 8, headWidth: 8,
            input: .init(shorter: 96, longer: 128), anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [1]),
            selection: .init()
        ).architecture(classes: 2, catalog)
        for stage in architecture.backbone.stages.indices {
            let blocks = architecture.backbone.stages[stage].blocks.map { _ in
                BackboneArchitecture.Block(widths: [8], channelsPerGroup: 4)
            }
            architecture.backbone.stages[stage] = .init(width: 8, channelsPerGroup: 4, blocks: blocks)
        }
        let graph = try DetectorGraph(architecture, catalog)
        let weights = graph.network.initialWeights(RandomStream(seed: 3))
        try DetectorFiles.write(Detector(graph: graph, weights: weights), to: folder["student"])
        try DetectorFiles.write(
            [
                Dataset.Category(id: 1, name: "red cell", label: 1),
                Dataset.Category(id: 4, name: "platelet", label: 2),
            ], to: folder["student"])
    }

    private func export(_ arguments: String...) throws -> Outcome {
        try run(["export"] + arguments, in: folder.url)
    }

    /// A bundle with the detector in these folders.
    private func bundle(_ name: String, _ folders: [String]) throws {
        let files = try folder.names(in: "student")
        let members = folders.flatMap { place in
            files.map { ArchiveMember(path: "\(place)/\($0)", contents: .file(folder["student/\($0)"])) }
        }
        try BundleBuilder.build(members: members, about: ["job": "night"], to: folder[name])
    }

    @Test func aDetectorsFolderAndABundleGiveTheSameModel() throws {
        let outcome = try export("--detector", "student", "--onnx", "a.onnx")
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(outcome.output == "a.onnx: takes images of any size, finds 2 classes\n")
        try bundle("top.tar.zst", ["student", "search/student", "search/base"])
        #expect(try export("--bundle", "top.tar.zst", "--onnx", "b.onnx").code == 0)
        try bundle("stage.tar.zst", ["search/student", "search/base"])
        #expect(try export("--bundle", "stage.tar.zst", "--onnx", "c.onnx").code == 0)
        let model = try Data(contentsOf: folder["a.onnx"])
        for name in ["b.onnx", "c.onnx"] { #expect(try Data(contentsOf: folder[name]) == model) }
    }

    @Test func sizeAndClassesAreInTheModel() throws {
        let outcome = try export("--detector", "student", "--onnx", "a.onnx", "--size", "61x83")
        #expect(outcome.output == "a.onnx: takes images of 61×83, finds 2 classes\n")
        let model = try Data(contentsOf: folder["a.onnx"])
        #expect(model.range(of: Data(#"["red cell","platelet"]"#.utf8)) != nil)
        // A side of any length has its name there: field 2, six bytes.
        let anyHeight = Data([0x12, 6] + Array("height".utf8))
        #expect(model.range(of: anyHeight) == nil)
        #expect(try export("--detector", "student", "--onnx", "b.onnx").code == 0)
        #expect(try Data(contentsOf: folder["b.onnx"]).range(of: anyHeight) != nil)
    }

    static let mistakes: [(arguments: [String], code: Int32, error: String)] = [
        (["--detector", "student"], 2, "jdnas: error: '--onnx' is missing\n"),
        (["--onnx", "x"], 2, "jdnas: error: one detector is wanted\n"),
        (["--onnx", "x", "--detector", "d", "--bundle", "b"], 2, "jdnas: error: one detector is wanted\n"),
        (["--onnx", "x", "--detector", "student", "--size", "0x5"], 2, "jdnas: error: '--size' must be a height and"),
        (["--onnx", "x", "--detector", "student", "--size", "640"], 2, "jdnas: error: '--size' must be a height and"),
        (["--onnx", "x", "--detector", "nowhere"], 1, "~/nowhere: error: no detector here"),
        (["--onnx", "x", "--bundle", "nowhere"], 1, "~/nowhere: error: "),
        (["--onnx", "x", "--bundle", "base.tar.zst"], 1, "~/base.tar.zst: error: the bundle holds no student\n"),
        (["--onnx", "no/x", "--detector", "student"], 1, "~/no/.x."),
    ]

    @Test(arguments: mistakes) func mistakesAreTold(_ arguments: [String], _ code: Int32, _ error: String) throws {
        try bundle("base.tar.zst", ["search/base"])
        let before = folder.files()
        let outcome = try run(["export"] + arguments, in: folder.url)
        #expect(outcome.code == code)
        #expect(outcome.error.replacing(folder.url.path, with: "~").hasPrefix(error), "\(outcome.error)")
        #expect(outcome.error.contains("\n  remedy: "))
        #expect(folder.files() == before)
    }
}
