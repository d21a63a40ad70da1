import BackboneConformance
import Basics
import DetectorKit

/// A small backbone of inverted residuals that can make a mistake. Cost, pruning, sequences and exports follow from the graph
/// alone: no plugin can get them wrong without a mistake of those below.
struct FaultyBackbone: Backbone {
    enum Fault: String, CaseIterable, Sendable {
        case none
        /// The first stage does not halve the resolution.
        case strides
        /// A block's branch ends in a ReLU after a sum with a constant: no zero of its own.
        case branch
        /// A trunk's width is nobody's knob.
        case knob
        /// Any width is taken.
        case validation
        /// The prefix of a block is that of others too.
        case prefix
        /// A parameter that nothing reads.
        case unread

        var aspect: BackboneConformance.Aspect {
            switch self {
            case .none, .validation, .prefix, .knob: .description
            case .strides: .shapes
            case .branch: .growth
            case .unread: .gradients
            }
        }
    }

    let fault: Fault
    let name = "tiny"
    let summary = "for tests"
    let presets = ["tiny"]
    let channelUnit = 8

    init(_ fault: Fault) { self.fault = fault }

    func architecture(preset: String, norm: Norm, groups: Int) throws -> BackboneArchitecture {
        let block = BackboneArchitecture.Block(widths: [32], channelsPerGroup: 8)
        return BackboneArchitecture(
            plugin: name, block: "inverted", norm: norm, stem: .init(width: 16, channelsPerGroup: 8),
            stages: [24, 32, 40, 48].map { .init(width: $0, channelsPerGroup: 8, blocks: [block, block]) })
    }

    func validate(_ architecture: BackboneArchitecture) throws {
        if fault == .validation { return }
        guard architecture.block == "inverted", architecture.stages.count == 4,
            architecture.stages.allSatisfy({ stage in
                !stage.blocks.isEmpty && stage.blocks.allSatisfy { $0.widths.count == 1 }
            })
        else { throw Failure("not four stages with blocks") }
        try architecture.requireWidth(architecture.stem.width, channelsPerGroup: 8, unit: 8, at: "stem")
        for width in architecture.stages.flatMap({ [$0.width] + $0.blocks.flatMap(\.widths) }) {
            try architecture.requireWidth(width, channelsPerGroup: 8, unit: 8, at: "stage")
        }
    }

    func parameterPrefix(stage: Int, block: Int) -> String {
        fault == .prefix ? "backbone.body.\(stage)." : "backbone.body.\(stage).\(block)."
    }

    func newBlock(_ architecture: BackboneArchitecture, stage: Int) -> BackboneArchitecture.Block {
        architecture.stages[stage].blocks[0]
    }

    func build(
        _ architecture: BackboneArchitecture, into builder: inout GraphBuilder, image: NetworkGraph.NodeID
    ) -> [NetworkGraph.NodeID] {
        var node = builder.activated(
            "backbone.body.stem.conv", "backbone.body.stem.norm", image,
            .init(architecture.stem, kernel: 3, stride: 2, norm: architecture.norm, knob: .stem), .hardSwish)
        if fault == .unread {
            _ = builder.convolution(
                "backbone.body.unread", node, to: 8, kernel: 1, initialiser: .heNormalFanOut, knob: nil)
        }
        return architecture.stages.enumerated().map { number, stage in
            for (index, block) in stage.blocks.enumerated() {
                let input = node
                let prefix = "backbone.body.\(number).\(index)."
                let stride = index == 0 && !(fault == .strides && number == 1) ? 2 : 1
                func layer(
                    _ name: String, _ width: Int, kernel: Int, stride: Int = 1, groups: Int = 1, knob: Knob,
                    _ activation: Activation?
                ) {
                    node = builder.activated(
                        "\(prefix)\(name)", "\(prefix)\(name).norm", node,
                        .init(
                            width: width, kernel: kernel, stride: stride, groups: groups, norm: architecture.norm,
                            channelsPerGroup: 8, knob: knob), activation)
                }
                let (width, inner) = (block.widths[0], Knob.inner(stage: number, block: index, index: 0))
                layer("expand", width, kernel: 1, knob: inner, .relu)
                layer(
                    "depthwise", width, kernel: 3, stride: stride, groups: width,
                    knob: inner, .relu)
                // Set by a knob that is another's.
                layer(
                    "project", stage.width, kernel: 1, knob: fault == .knob ? .stem : .trunk(stage: number), nil)
                if index > 0 {
                    let branch = fault == .branch ? builder.hardSigmoid(node) : node
                    node = builder.add(branch, input)
                }
            }
            return node
        }
    }
}
