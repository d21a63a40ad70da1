import Basics
public import DetectorKit

/// A small residual network: a strided convolution, then four stages of two 3×3 convolutions a block.
public struct SampleBackbone: Backbone {
    public let name = "samplebackbone"
    public let summary = "a small residual network"
    /// Widths are multiples of this: what convolutions like side by side.
    public let channelUnit = 8

    public init() {}

    public var presets: [String] { ["samplebackbone_small"] }

    public func architecture(preset: String, norm: Norm, groups: Int) throws -> BackboneArchitecture {
        guard presets.contains(preset) else {
            throw Failure("unknown preset '\(preset)'", remedy: "this plugin has: \(presets.joined(separator: ", "))")
        }
        func perGroup(_ width: Int) -> Int {
            BackboneArchitecture.channelsPerGroup(of: width, groups: groups, unit: channelUnit)
        }
        let stages = zip([32, 64, 128, 256], [2, 2, 3, 2]).map { width, depth in
            let block = BackboneArchitecture.Block(widths: [width], channelsPerGroup: perGroup(width))
            return BackboneArchitecture.Stage(
                width: width, channelsPerGroup: perGroup(width), blocks: Array(repeating: block, count: depth))
        }
        return BackboneArchitecture(
            plugin: name, block: "basic", norm: norm, stem: .init(width: 32, channelsPerGroup: perGroup(32)),
            stages: stages)
    }

    public func validate(_ architecture: BackboneArchitecture) throws {
        guard architecture.block == "basic" else {
            throw Failure("unknown block '\(architecture.block)'", remedy: "this plugin has: basic")
        }
        guard architecture.stages.count == 4, architecture.stages.allSatisfy({ !$0.blocks.isEmpty }) else {
            throw Failure("it has 4 stages of at least one block", remedy: "give four stages with blocks")
        }
        func check(_ width: Int, _ channelsPerGroup: Int, _ place: String) throws {
            try architecture.requireWidth(width, channelsPerGroup: channelsPerGroup, unit: channelUnit, at: place)
        }
        try check(architecture.stem.width, architecture.stem.channelsPerGroup, "stem")
        for (number, stage) in architecture.stages.enumerated() {
            try check(stage.width, stage.channelsPerGroup, "stage \(number + 1)")
            for (index, block) in stage.blocks.enumerated() {
                let place = "stage \(number + 1), block \(index + 1)"
                guard block.widths.count == 1 else {
                    throw Failure("\(block.widths.count) inner widths", at: place, remedy: "give one")
                }
                try check(block.widths[0], block.channelsPerGroup, place)
            }
        }
    }

    public func build(
        _ architecture: BackboneArchitecture, into builder: inout GraphBuilder, image: NetworkGraph.NodeID
    ) -> [NetworkGraph.NodeID] {
        var node = builder.activated(
            "backbone.body.stem.conv", "backbone.body.stem.norm", image,
            .init(architecture.stem, kernel: 3, stride: 2, norm: architecture.norm, knob: .stem), .relu)
        return architecture.stages.indices.map { stage in
            for index in architecture.stages[stage].blocks.indices {
                node = block(architecture, stage, index, node, &builder)
            }
            return node
        }
    }

    /// relu(shortcut(x) + branch(x)). A stage's first block halves the resolution, so its shortcut is a projection.
    private func block(
        _ architecture: BackboneArchitecture, _ number: Int, _ index: Int, _ input: NetworkGraph.NodeID,
        _ builder: inout GraphBuilder
    ) -> NetworkGraph.NodeID {
        let stage = architecture.stages[number]
        let inner = stage.blocks[index]
        let prefix = parameterPrefix(stage: number, block: index)
        let stride = index == 0 ? 2 : 1
        func trunk(_ name: String, _ node: NetworkGraph.NodeID, kernel: Int, stride: Int) -> NetworkGraph.NodeID {
            builder.activated(
                "\(prefix)\(name).conv", "\(prefix)\(name).norm", node,
                .init(
                    width: stage.width, kernel: kernel, stride: stride, norm: architecture.norm,
                    channelsPerGroup: stage.channelsPerGroup, knob: .trunk(stage: number)), nil)
        }
        let hidden = builder.activated(
            "\(prefix)first.conv", "\(prefix)first.norm", input,
            .init(
                width: inner.widths[0], kernel: 3, stride: stride, norm: architecture.norm,
                channelsPerGroup: inner.channelsPerGroup, knob: .inner(stage: number, block: index, index: 0)), .relu)
        let branch = trunk("second", hidden, kernel: 3, stride: 1)
        let shortcut = index == 0 ? trunk("shortcut", input, kernel: 1, stride: stride) : input
        return builder.relu(builder.add(branch, shortcut))
    }

    public func parameterPrefix(stage: Int, block: Int) -> String { "backbone.body.layer\(stage + 1).\(block)." }

    /// As the stage's last block.
    public func newBlock(_ architecture: BackboneArchitecture, stage: Int) -> BackboneArchitecture.Block {
        let blocks = architecture.stages[stage].blocks
        return blocks[blocks.count - 1]
    }
}
