import Basics
import DetectorKit
import ResNet
import Testing

private let catalog = BackboneCatalog([ResNet()])

private func detector(_ preset: String, norm: Norm = .group, classes: Int = 3) throws -> DetectorArchitecture {
    DetectorArchitecture(
        backbone: try catalog.architecture(preset: preset, norm: norm),
        neck: .init(lateralWidth: 128, outputWidth: 128), proposalWidth: 128, headWidths: [512, 512],
        classes: classes, input: .init(shorter: 240, longer: 320),
        anchors: .init(sizes: [16, 32, 64, 128, 256], ratios: [0.5, 1, 2]), selection: .init())
}

@Suite struct DetectorGraphTests {
    /// torchvision's `fasterrcnn_resnet50_fpn` with 91 outputs counts 41,755,286 parameters; its norms are frozen.
    @Test func parameterCountIsTorchvisions() throws {
        var architecture = try detector("resnet50", norm: .frozen, classes: 90)
        architecture.neck = .init(lateralWidth: 256, outputWidth: 256)
        architecture.proposalWidth = 256
        architecture.headWidths = [1024, 1024]
        let graph = try DetectorGraph(architecture, catalog)
        let trained = graph.network.parameters.filter(\.isTrainable).reduce(0) { $0 + $1.count }
        #expect(trained == 41_755_286)
    }

    @Test func architectureRoundTripsThroughJSON() throws {
        let architecture = try detector("resnet18")
        let again = try DetectorArchitecture(json: architecture.json, at: "test")
        #expect(again == architecture)
        #expect(try again.digest == architecture.digest)
    }

    /// What other plugins' architectures have leaves no trace in a ResNet's text, and with it none in its digest.
    @Test func whatIsNotThereIsNotWritten() throws {
        let backbone = try #require(detector("resnet18").json["backbone"])
        func keys(_ json: JSON?) -> [String] {
            guard case .object(let members) = json else { return [] }
            return members.keys.sorted()
        }
        #expect(keys(backbone) == ["block", "norm", "plugin", "stages", "stem"])
        #expect(keys(backbone["stages"]?[0]) == ["blocks", "channelsPerGroup", "width"])
        #expect(keys(backbone["stages"]?[0]?["blocks"]?[0]) == ["channelsPerGroup", "widths"])
    }

    /// Sizes are products of widths: none may come near what an Int holds.
    @Test(arguments: [
        Knob.stem, .trunk(stage: 1), .inner(stage: 2, block: 1, index: 0), .lateral, .neck, .proposal, .head(1), nil,
    ])
    func widthsHaveABound(_ knob: Knob?) throws {
        var architecture = try detector("resnet18")
        let width = Int.max / 128 * 128
        if let knob { architecture[knob] = width } else { architecture.classes = width }
        let failure = #expect(throws: Failure.self) { try DetectorGraph(architecture, catalog, at: "file") }
        #expect(failure?.remedy == "give at most 65536")
    }

    @Test func residualTrunkIsOneGroup() throws {
        let graph = try DetectorGraph(detector("resnet18"), catalog)
        let trunk = try #require(graph.group(of: .trunk(stage: 1)))
        #expect(trunk.knobs == [.trunk(stage: 1)])
        #expect(trunk.width == 128)
        let producers = trunk.slices.filter { $0.role == .producer }.map(\.parameter)
        #expect(
            producers == [
                "backbone.body.layer2.0.conv2.weight", "backbone.body.layer2.0.downsample.0.weight",
                "backbone.body.layer2.1.conv2.weight",
            ])
        let consumers = Set(trunk.slices.filter { $0.role == .consumer }.map(\.parameter))
        #expect(
            consumers == [
                "backbone.body.layer2.1.conv1.weight", "backbone.body.layer3.0.conv1.weight",
                "backbone.body.layer3.0.downsample.0.weight", "backbone.fpn.inner_blocks.1.0.weight",
            ])
    }

    /// ResNet-18's first stage has no projection: the stem and the trunk are the same channels.
    @Test func stemAndFirstTrunkAreCoupledInBasicResNets() throws {
        #expect(try DetectorGraph(detector("resnet18"), catalog).group(of: .stem)?.knobs == [.stem, .trunk(stage: 0)])
        #expect(try DetectorGraph(detector("resnet50"), catalog).group(of: .stem)?.knobs == [.stem])
    }

    @Test func neckFeedsBoxHeadWithAllPositions() throws {
        let graph = try DetectorGraph(detector("resnet18"), catalog)
        let neck = try #require(graph.group(of: .neck))
        let fc6 = try #require(neck.slices.first { $0.parameter == "roi_heads.box_head.fc6.weight" })
        #expect(fc6.span == 49)
        #expect(fc6.axis == 1)
        // The proposal head runs on five levels but is one set of parameters.
        #expect(neck.slices.filter { $0.parameter == "rpn.head.conv.0.0.weight" }.count == 1)
    }

    @Test func everyParameterAxisBelongsToOneGroup() throws {
        for preset in ["resnet18", "resnet50"] {
            let graph = try DetectorGraph(detector(preset), catalog)
            var seen: [String: Int] = [:]
            for group in graph.channelGroups {
                for slice in group.slices {
                    seen["\(slice.parameter)/\(slice.axis)", default: 0] += 1
                    let spec = try #require(graph.network.parameters.first { $0.name == slice.parameter })
                    #expect(spec.shape[slice.axis] == group.width * slice.span, "\(slice)")
                }
            }
            for spec in graph.network.parameters {
                for axis in 0..<min(2, spec.shape.count) {
                    #expect(seen["\(spec.name)/\(axis)"] == 1, "\(spec.name)/\(axis)")
                }
            }
        }
    }

    /// Coupled widths go by the largest norm group on them.
    @Test func unitsFollowNormGroups() throws {
        let graph = try DetectorGraph(detector("resnet18"), catalog)
        #expect(graph.units[.stem] == 8)
        #expect(graph.units[.trunk(stage: 3)] == 32)
        #expect(graph.units[.neck] == 8)
    }

    /// The convolutions of ResNet-50 on 224×224 cost 4.09 G multiply-accumulates without the classifier (He et al. 2016 say 3.8
    /// with the stride in the 1×1; torchvision's variant counts 4.087).
    @Test func backboneCost() throws {
        var architecture = try detector("resnet50")
        architecture.input = .init(shorter: 224, longer: 224)
        let graph = try DetectorGraph(architecture, catalog)
        let body = graph.network.operators(height: 224, width: 224, regions: 1).prefix { $0.kind != .upsample }
        let convolutions = body.filter { $0.kind == .convolution }.dropLast(4)  // the four laterals
        #expect(convolutions.reduce(0) { $0 + $1.multiplyAccumulates } == 4_087_136_256)
    }

    /// torchvision's counts of the classifiers, without their last layers of 2048·1000 + 1000.
    @Test(arguments: [
        ("resnext50_32x4d", 25_028_904), ("resnext101_32x8d", 88_791_336), ("resnext101_64x4d", 83_455_272),
    ])
    func groupedBottlenecksCountAsTorchvisions(_ preset: String, _ count: Int) throws {
        let graph = try DetectorGraph(detector(preset, norm: .batch), catalog)
        let body = graph.network.parameters.filter { $0.name.hasPrefix("backbone.body.") && $0.isTrainable }
        #expect(body.reduce(0) { $0 + $1.count } == count - 2_049_000)
        // Channels of a grouped convolution come and go by whole groups, on both sides.
        let inner = try #require(graph.group(of: .inner(stage: 0, block: 0, index: 0)))
        #expect(inner.knobs == [0, 1].map { .inner(stage: 0, block: 0, index: $0) })
        let width = try #require(graph.architecture.backbone.stages[0].blocks[0].convolutionGroupWidth)
        #expect(inner.unitWidths == [1, width])
        #expect(graph.group(of: .trunk(stage: 0)) != nil)
    }

    /// What an architecture doesn't have is not in its JSON: digests of those that were before stay.
    @Test func ungroupedArchitecturesSayNothingOfGroups() throws {
        let architecture = try detector("resnet50", norm: .frozen)
        #expect(try !architecture.json.canonicalText.contains("convolutionGroup"))
        #expect(
            try architecture.digest.hex == "9415b35387a74088ac0e8f0871cf2b819c0807d6b30576850ca3c258a1960501")
        let grouped = try detector("resnext50_32x4d")
        #expect(grouped.backbone.stages.map { $0.blocks[0].convolutionGroupWidth } == [4, 8, 16, 32])
        #expect(try DetectorArchitecture(json: grouped.json, at: "test") == grouped)
    }

    @Test func badGroupsAreRefused() throws {
        var architecture = try detector("resnext50_32x4d")
        architecture.backbone.stages[1].blocks[2].widths = [256, 128]
        let failure = #expect(throws: Failure.self) { try DetectorGraph(architecture, catalog) }
        #expect(failure?.what == "widths of 256 and 128 around convolution groups of 8")
        architecture = try detector("resnet18")
        architecture.backbone.stages[0].blocks[0].convolutionGroupWidth = 32
        #expect(throws: Failure.self) { try DetectorGraph(architecture, catalog) }
        architecture = try detector("resnet50")
        architecture.backbone.stages[0].blocks[0].convolutionGroupWidth = 64
        #expect(throws: Failure.self) { try DetectorGraph(architecture, catalog) }
    }

    /// Numbers that no detector has are refused before anything is computed with them.
    @Test func hugeAndNegativeNumbersAreRefused() throws {
        func requireRefusal(_ preset: String, _ change: (inout DetectorArchitecture) -> Void) throws {
            var architecture = try detector(preset)
            change(&architecture)
            #expect(throws: Failure.self) { try DetectorGraph(architecture, catalog) }
        }
        try requireRefusal("resnext50_32x4d") {
            $0.backbone.stages[0].blocks[0].widths = [1 << 62, 1 << 62]
            $0.backbone.stages[0].blocks[0].convolutionGroupWidth = 1 << 62
        }
        try requireRefusal("resnet18") { $0.selection.inference.beforeNMS = -1 }
        try requireRefusal("resnet18") { $0.selection.training.afterNMS = 0 }
        try requireRefusal("resnet18") { $0.selection.detectionsPerImage = .max }
        try requireRefusal("resnet18") { $0.selection.detectionOverlap = .nan }
        try requireRefusal("resnet18") { $0.selection.scoreThreshold = 2 }
    }

    @Test func badArchitecturesAreRefused() throws {
        var architecture = try detector("resnet18")
        architecture.backbone.stages[1].width = 100
        #expect(throws: (any Error).self) { try DetectorGraph(architecture, catalog) }
        architecture = try detector("resnet18")
        architecture.backbone.plugin = "resnets"
        #expect { try DetectorGraph(architecture, catalog) } throws: { "\($0)".contains("did you mean 'resnet'?") }
    }
}
