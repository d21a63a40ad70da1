import Basics
import Detection
import DetectorKit
import Foundation
import MobileNetV3
import ONNX
import ResNet
import Tensor
import TestSupport
import Testing

@Suite struct ExportTests {
    /// A narrow detector with weights of its own for each seed.
    private func detector(_ norm: Norm, seed: UInt64 = 1, preset: String = "resnet18") throws -> Detector {
        let catalog = BackboneCatalog([ResNet()])
        var architecture = try DetectorSettings(
            backbone: preset, norm: norm, normGroups: 4, neckWidth: 16, headWidth: 24,
            input: .init(shorter: 96, longer: 128), anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [0.5, 1, 2]),
            selection: .init()
        ).architecture(classes: 3, catalog)
        for stage in architecture.backbone.stages.indices {
            architecture.backbone.stages[stage].width = 16
            architecture.backbone.stages[stage].channelsPerGroup = 4
            for block in architecture.backbone.stages[stage].blocks.indices {
                let inner = architecture.backbone.stages[stage].blocks[block].widths.map { _ in 8 }
                architecture.backbone.stages[stage].blocks[block] = .init(widths: inner, channelsPerGroup: 4)
            }
        }
        let graph = try DetectorGraph(architecture, catalog)
        return Detector(graph: graph, weights: graph.network.initialWeights(RandomStream(seed: seed)))
    }

    private func encoded(
        _ detector: Detector, size: ImageSize? = nil, classNames: [String] = ["a", "b,c", "d"]
    ) throws -> Data {
        try ONNXModel(detector, size: size, classNames: classNames, producerVersion: "1.2.3").encoded()
    }

    @Test func theFileSaysWhatItIs() throws {
        let detector = try detector(.frozen)
        let model = try ReadModel(encoded(detector))
        #expect(model.formatVersion == 8)
        #expect(model.producer == ["jdnas", "1.2.3"])
        #expect(model.operatorSets.map(\.version) == [17] && model.operatorSets[0].domain == "")
        #expect(
            model.metadata == [
                "jdnas_version": "1.2.3", "architecture": try detector.architecture.digest.hex,
                "input_size": #"{"longer":128,"shorter":96}"#, "classes": #"["a","b,c","d"]"#,
            ])
    }

    @Test func inputsAndOutputs() throws {
        let detector = try detector(.group)
        let model = try ReadModel(encoded(detector))
        #expect(model.inputs == [.init(name: "image", type: 2, shape: ["1", "3", "height", "width"])])
        #expect(
            model.outputs == [
                .init(name: "boxes", type: 1, shape: ["detections", "4"]),
                .init(name: "scores", type: 1, shape: ["detections"]),
                .init(name: "labels", type: 7, shape: ["detections"]),
            ])
        let fixed = try ReadModel(encoded(detector, size: ImageSize(width: 70, height: 50)))
        #expect(fixed.inputs[0].shape == ["1", "3", "50", "70"])
    }

    /// Nothing is read before it is there, nothing is written twice, and nothing but the outputs is left unread.
    @Test(arguments: Norm.allCases, ["resnet18", "resnet50"])
    func nodesAreInOrder(_ norm: Norm, _ preset: String) throws {
        let model = try ReadModel(encoded(detector(norm, preset: preset)))
        var there = Set(model.inputs.map(\.name) + model.initialisers.map(\.name))
        var read: Set<String> = []
        for node in model.nodes {
            for input in node.inputs where !input.isEmpty {
                #expect(there.contains(input), "\(node.name) reads '\(input)'")
                read.insert(input)
            }
            for output in node.outputs { #expect(there.insert(output).inserted, "'\(output)' is there twice") }
        }
        let outputs = model.outputs.map(\.name)
        #expect(outputs.allSatisfy(there.contains))
        #expect(Set(model.nodes.map(\.name)).count == model.nodes.count)
        // Where the k largest are asked for, only one of the two results may be wanted.
        let unread = there.subtracting(read).subtracting(outputs)
        #expect(unread.allSatisfy { $0.hasPrefix("TopK") }, "\(unread)")
    }

    @Test(arguments: Norm.allCases) func parametersAreInitialisers(_ norm: Norm) throws {
        let detector = try detector(norm)
        let model = try ReadModel(encoded(detector))
        let specs = detector.graph.network.parameters
        #expect(model.initialisers.map(\.name) == specs.map(\.name))
        for (name, tensor) in model.initialisers {
            let weights = try #require(detector.weights[name])
            #expect(tensor.shape == weights.shape && tensor.type == 1)
            #expect(tensor.bytes == weights.array.withUnsafeBytes { Array($0) })
        }
    }

    /// One node for each node of the network, with what the graph says of it.
    @Test(arguments: Norm.allCases) func operationsOfTheNetwork(_ norm: Norm) throws {
        let detector = try detector(norm)
        let model = try ReadModel(encoded(detector))
        func nodes(_ operation: String) -> [ReadModel.Node] { model.nodes.filter { $0.operation == operation } }
        let convolutions = detector.graph.network.nodes.compactMap { node in
            if case .convolution(let layer) = node.operation { layer } else { nil }
        }
        let written = nodes("Conv")
        #expect(written.count == convolutions.count)
        for (node, layer) in zip(written, convolutions) {
            #expect(node.inputs[1] == "\(layer.name).weight" && node.inputs.count == (layer.bias ? 3 : 2))
            #expect(node.attributes["strides"]?.integers(8) == [layer.stride, layer.stride])
            #expect(node.attributes["pads"]?.integers(8) == [Int](repeating: layer.padding, count: 4))
            #expect(node.attributes["strides"]?.integers(20) == [7])
        }
        let norms = detector.graph.network.nodes.filter {
            if case .norm = $0.operation { true } else { false }
        }
        let operation = norm == .group ? "InstanceNormalization" : "BatchNormalization"
        #expect(nodes(operation).count == norms.count)
        #expect(nodes(operation).allSatisfy { $0.attributes["epsilon"]?.float(2) == 1e-5 })
        #expect(nodes("Resize").count == 3 && nodes("Gemm").count == 4 && nodes("RoiAlign").count == 4)
        #expect(nodes("NonMaxSuppression").count == 6)
    }

    /// Squeeze-and-excitation: hard activations, gates and what they are made of.
    @Test func gatesAndHardActivations() throws {
        let catalog = BackboneCatalog([MobileNetV3()])
        let architecture = try DetectorSettings(
            backbone: "mobilenet_v3_small", norm: .frozen, normGroups: 4, neckWidth: 16, headWidth: 24,
            input: .init(shorter: 96, longer: 128), anchors: .init(sizes: [8, 16, 32, 64, 128], ratios: [0.5, 1, 2]),
            selection: .init()
        ).architecture(classes: 3, catalog)
        let graph = try DetectorGraph(architecture, catalog)
        let weights = graph.network.initialWeights(RandomStream(seed: 1))
        let model = try ReadModel(encoded(Detector(graph: graph, weights: weights)))
        func nodes(_ operation: String) -> [ReadModel.Node] { model.nodes.filter { $0.operation == operation } }
        let gates = nodes("HardSigmoid")
        #expect(gates.count == 9 && nodes("GlobalAveragePool").count == 9)
        for gate in gates {
            #expect(gate.attributes["alpha"]?.float(2) == 1 / 6 && gate.attributes["beta"]?.float(2) == 0.5)
            #expect(nodes("Mul").contains { $0.inputs.last == gate.outputs[0] })
        }
        let swishes = graph.network.nodes.filter { if case .hardSwish = $0.operation { true } else { false } }
        #expect(nodes("HardSwish").count == swishes.count && swishes.count == 18)
    }

    @Test func theSameDetectorGivesTheSameFile() throws {
        #expect(try encoded(detector(.group)) == encoded(detector(.group)))
        #expect(try encoded(detector(.group)) != encoded(detector(.group, seed: 2)))
    }

    @Test func missingAndMisshapenWeightsAreRefused() throws {
        var broken = try detector(.batch)
        let name = "rpn.head.bbox_pred.bias"
        for wrong in [nil, Tensor(repeating: 0, [5])] {
            broken.weights[name] = wrong
            #expect(
                failureText { _ = try encoded(broken) }
                    == "error: the weights lack '\(name)' of shape [12]\n"
                    + "  remedy: give weights that were saved with this architecture")
        }
    }

    @Test func tooLargeAFileIsRefused() throws {
        let model = try ONNXModel(detector(.group), size: nil, classNames: [], producerVersion: "1")
        let bytes = try model.encoded().count
        #expect(try model.encoded(limit: bytes).count == bytes)
        for limit in [bytes - 1, 1000] {
            let text = failureText { _ = try model.encoded(limit: limit, at: "model.onnx") }
            #expect(text?.hasPrefix("model.onnx: error: the model would take ") == true)
            #expect(text?.contains("an ONNX file holds at most \(limit)\n  remedy: ") == true)
        }
    }

    @Test func nothingIsLeftWhereTheFileCannotBeWritten() throws {
        let folder = try TemporaryFolder()
        let model = try ONNXModel(detector(.group), size: nil, classNames: [], producerVersion: "1")
        #expect(failureText(in: folder) { try model.write(to: folder["none/model.onnx"]) } != nil)
        try FileManager.default.createDirectory(at: folder["taken"], withIntermediateDirectories: true)
        #expect(failureText(in: folder) { try model.write(to: folder["taken"]) } != nil)
        #expect(folder.files().isEmpty)
        try model.write(to: folder["model.onnx"])
        #expect(folder.files() == ["model.onnx"])
    }

    /// The areas at which the level rises, told apart from their neighbours by `regionLevel` itself.
    @Test func levelsRiseWhereRegionLevelDoes() throws {
        let model = try ReadModel(encoded(detector(.group)))
        let constants = Dictionary(
            uniqueKeysWithValues: try model.nodes.filter { $0.operation == "Constant" }.map { node in
                let tensor = try #require(node.attributes["value"]?.messages(5).first)
                return (node.outputs[0], ReadModel.Tensor(tensor))
            })
        let areas = model.nodes.filter { $0.operation == "GreaterOrEqual" }.compactMap { constants[$0.inputs[1]] }
            .map { $0.bytes.withUnsafeBytes { $0.loadUnaligned(as: Float.self) } }.filter { $0 > 100 }
        #expect(areas.map { ($0 / 112 / 112).rounded() } == [1, 4, 16])
        for (number, area) in areas.enumerated() {
            func level(_ area: Float) -> Int { DetectorPass.regionLevel(of: Box(x1: 0, y1: 0, x2: area, y2: 1)) }
            #expect(level(area) == number + 1 && level(area.nextDown) == number)
        }
    }
}
