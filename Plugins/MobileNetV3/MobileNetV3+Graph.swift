public import DetectorKit

extension MobileNetV3 {
    public func build(
        _ architecture: BackboneArchitecture, into builder: inout GraphBuilder, image: NetworkGraph.NodeID
    ) -> [NetworkGraph.NodeID] {
        let norm = architecture.norm
        var trunk = Trunk(
            node: builder.activated(
                "backbone.body.stem.0", "backbone.body.stem.1", image,
                .init(architecture.stem, kernel: 3, stride: 2, norm: norm, knob: .stem), .hardSwish),
            knob: .stem, perGroup: architecture.stem.channelsPerGroup)
        var stride = 2
        var features: [Int: NetworkGraph.NodeID] = [:]
        for (number, stage) in architecture.stages.enumerated() {
            stride *= stage.stride ?? 1
            for index in stage.blocks.indices {
                trunk.node = block(architecture, number, index, trunk, &builder)
                trunk.knob = .trunk(stage: number)
                trunk.perGroup = stage.channelsPerGroup
            }
            features[stride] = trunk.node
        }
        if let top = architecture.top {
            features[32] = builder.activated(
                "backbone.body.top.0", "backbone.body.top.1", trunk.node, .init(top, kernel: 1, norm: norm, knob: .top),
                .hardSwish)
        }
        return [4, 8, 16, 32].compactMap { features[$0] }
    }

    /// What a block reads, and what sets its width.
    private struct Trunk {
        var node: NetworkGraph.NodeID
        var knob: Knob
        var perGroup: Int
    }

    /// project(gate(depthwise(expand(x)))), plus x where the block keeps its input.
    private func block(
        _ architecture: BackboneArchitecture, _ number: Int, _ index: Int, _ trunk: Trunk, _ builder: inout GraphBuilder
    ) -> NetworkGraph.NodeID {
        let stage = architecture.stages[number]
        let inner = stage.blocks[index]
        let kind = Kind(rawValue: inner.kind ?? architecture.block) ?? .inverted
        let activation = inner.activation ?? .relu
        let stride = index == 0 ? stage.stride ?? 1 : 1
        let prefix = parameterPrefix(stage: number, block: index) + "block."
        var place = 0
        func names() -> (String, String) {
            defer { place += 1 }
            return ("\(prefix)\(place).0", "\(prefix)\(place).1")
        }

        var (node, knob, perGroup) = (trunk.node, trunk.knob, trunk.perGroup)
        if kind == .inverted {
            knob = .inner(stage: number, block: index, index: 0)
            perGroup = inner.channelsPerGroup
            let (convolution, norm) = names()
            node = builder.activated(
                convolution, norm, node,
                .init(
                    width: inner.widths[0], kernel: 1, norm: architecture.norm, channelsPerGroup: perGroup, knob: knob),
                activation)
        }
        let width = builder.channels(of: node)
        let (depthwise, depthwiseNorm) = names()
        node = builder.activated(
            depthwise, depthwiseNorm, node,
            .init(
                width: width, kernel: inner.kernel ?? 3, stride: stride, groups: width, norm: architecture.norm,
                channelsPerGroup: perGroup, knob: knob), activation)
        if inner.widths.count > kind.innerCount {
            node = squeezed(
                node, "\(prefix)\(place).", to: inner.widths[kind.innerCount], knob,
                .inner(stage: number, block: index, index: kind.innerCount), &builder)
            place += 1
        }
        let (projection, projectionNorm) = names()
        node = builder.activated(
            projection, projectionNorm, node,
            .init(
                width: stage.width, kernel: 1, norm: architecture.norm, channelsPerGroup: stage.channelsPerGroup,
                knob: .trunk(stage: number)), nil)
        return Self.keepsItsInput(kind, index: index, stride: stride) ? builder.add(node, trunk.node) : node
    }

    /// Squeeze-and-excitation (Hu et al. 2018): each channel times a gate that is made from all channels' means.
    private func squeezed(
        _ node: NetworkGraph.NodeID, _ prefix: String, to width: Int, _ knob: Knob, _ squeezedKnob: Knob,
        _ builder: inout GraphBuilder
    ) -> NetworkGraph.NodeID {
        let hidden = builder.convolution(
            "\(prefix)fc1", builder.globalPool(node), to: width, kernel: 1, bias: true, initialiser: .heNormalFanOut,
            knob: squeezedKnob)
        let gate = builder.convolution(
            "\(prefix)fc2", builder.relu(hidden), to: builder.channels(of: node), kernel: 1, bias: true,
            initialiser: .heNormalFanOut, knob: knob)
        return builder.gate(node, by: builder.hardSigmoid(gate))
    }
}
