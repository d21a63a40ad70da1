public import DetectorKit

extension InvertedResNet {
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

    /// project(expand(x)), plus x but for a stage's first block.
    private func block(
        _ architecture: BackboneArchitecture, _ number: Int, _ index: Int, _ input: NetworkGraph.NodeID,
        _ builder: inout GraphBuilder
    ) -> NetworkGraph.NodeID {
        let stage = architecture.stages[number]
        let inner = stage.blocks[index]
        let kind = Kind(rawValue: inner.kind ?? architecture.block) ?? .inverted
        let stride = index == 0 ? 2 : 1
        let prefix = parameterPrefix(stage: number, block: index)
        func layer(
            _ name: String, _ node: NetworkGraph.NodeID, kernel: Int, stride: Int = 1, groups: Int = 1
        ) -> NetworkGraph.NodeID {
            builder.activated(
                "\(prefix)\(name).conv", "\(prefix)\(name).norm", node,
                .init(
                    width: inner.widths[0], kernel: kernel, stride: stride, groups: groups, norm: architecture.norm,
                    channelsPerGroup: inner.channelsPerGroup, knob: .inner(stage: number, block: index, index: 0)),
                .relu)
        }

        var node: NetworkGraph.NodeID
        switch kind {
        case .fused: node = layer("expand", input, kernel: 3, stride: stride)
        case .inverted:
            node = layer("expand", input, kernel: 1)
            node = layer("depthwise", node, kernel: 3, stride: stride, groups: inner.widths[0])
        }
        node = builder.activated(
            "\(prefix)project.conv", "\(prefix)project.norm", node,
            .init(
                width: stage.width, kernel: 1, norm: architecture.norm, channelsPerGroup: stage.channelsPerGroup,
                knob: .trunk(stage: number)), nil)
        return index == 0 ? node : builder.add(node, input)
    }
}
