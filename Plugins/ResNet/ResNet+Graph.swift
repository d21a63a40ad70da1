public import DetectorKit

extension ResNet {
    public func build(
        _ architecture: BackboneArchitecture, into builder: inout GraphBuilder, image: NetworkGraph.NodeID
    ) -> [NetworkGraph.NodeID] {
        let block = Block(rawValue: architecture.block) ?? .basic
        let stem = architecture.stem
        var node = builder.convolution(
            "backbone.body.conv1", image, to: stem.width, kernel: 7, stride: 2, initialiser: .heNormalFanOut,
            knob: .stem)
        node = builder.norm("backbone.body.bn1", node, architecture.norm, channelsPerGroup: stem.channelsPerGroup)
        node = builder.maxPool(builder.relu(node), kernel: 3, stride: 2, padding: 1)

        return architecture.stages.indices.map { stage in
            for index in architecture.stages[stage].blocks.indices {
                node = residual(block, architecture, stage, index, node, &builder)
            }
            return node
        }
    }

    /// relu(shortcut(x) + branch(x)): the sum is post-activation, so a branch that gives 0 leaves x as it is.
    private func residual(
        _ block: Block, _ architecture: BackboneArchitecture, _ stage: Int, _ index: Int,
        _ input: NetworkGraph.NodeID, _ builder: inout GraphBuilder
    ) -> NetworkGraph.NodeID {
        let settings = architecture.stages[stage]
        let inner = settings.blocks[index]
        let prefix = parameterPrefix(stage: stage, block: index)
        let stride = stage > 0 && index == 0 ? 2 : 1

        func normalised(
            _ number: Int, _ node: NetworkGraph.NodeID, to width: Int, kernel: Int, stride: Int, groups: Int = 1,
            perGroup: Int, knob: Knob
        ) -> NetworkGraph.NodeID {
            let node = builder.convolution(
                "\(prefix)conv\(number)", node, to: width, kernel: kernel, stride: stride, groups: groups,
                initialiser: .heNormalFanOut, knob: knob)
            return builder.norm("\(prefix)bn\(number)", node, architecture.norm, channelsPerGroup: perGroup)
        }
        func hidden(
            _ number: Int, _ node: NetworkGraph.NodeID, kernel: Int, stride: Int, groups: Int = 1
        ) -> NetworkGraph.NodeID {
            builder.relu(
                normalised(
                    number, node, to: inner.widths[number - 1], kernel: kernel, stride: stride,
                    groups: groups, perGroup: inner.channelsPerGroup,
                    knob: .inner(stage: stage, block: index, index: number - 1)))
        }

        var node: NetworkGraph.NodeID
        switch block {
        case .basic:
            node = hidden(1, input, kernel: 3, stride: stride)
            node = normalised(
                2, node, to: settings.width, kernel: 3, stride: 1, perGroup: settings.channelsPerGroup,
                knob: .trunk(stage: stage))
        case .bottleneck:
            node = hidden(
                2, hidden(1, input, kernel: 1, stride: 1), kernel: 3, stride: stride,
                groups: inner.convolutionGroupWidth.map { inner.widths[1] / $0 } ?? 1)
            node = normalised(
                3, node, to: settings.width, kernel: 1, stride: 1, perGroup: settings.channelsPerGroup,
                knob: .trunk(stage: stage))
        }

        var shortcut = input
        if stride != 1 || builder.channels(of: input) != settings.width {
            shortcut = builder.convolution(
                "\(prefix)downsample.0", input, to: settings.width, kernel: 1, stride: stride,
                initialiser: .heNormalFanOut, knob: .trunk(stage: stage))
            shortcut = builder.norm(
                "\(prefix)downsample.1", shortcut, architecture.norm, channelsPerGroup: settings.channelsPerGroup)
        }
        return builder.relu(builder.add(node, shortcut))
    }
}
