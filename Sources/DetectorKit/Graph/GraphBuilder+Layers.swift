/// What most convolutions of a backbone are made of.
public struct LayerSettings: Sendable {
    public var width: Int
    public var kernel: Int
    public var stride: Int
    /// As many as channels for a depthwise convolution.
    public var groups: Int
    public var norm: Norm
    /// Channels in a norm group.
    public var channelsPerGroup: Int
    /// What sets the width.
    public var knob: Knob

    public init(
        width: Int, kernel: Int, stride: Int = 1, groups: Int = 1, norm: Norm, channelsPerGroup: Int, knob: Knob
    ) {
        (self.width, self.kernel, self.stride, self.groups) = (width, kernel, stride, groups)
        (self.norm, self.channelsPerGroup, self.knob) = (norm, channelsPerGroup, knob)
    }

    /// Of a stem, or of a last convolution.
    public init(_ stem: BackboneArchitecture.Stem, kernel: Int, stride: Int = 1, norm: Norm, knob: Knob) {
        self.init(
            width: stem.width, kernel: kernel, stride: stride, norm: norm, channelsPerGroup: stem.channelsPerGroup,
            knob: knob)
    }
}

extension GraphBuilder {
    /// A convolution without bias, the norm behind it, and an activation where one is given.
    public mutating func activated(
        _ convolutionName: String, _ normName: String, _ input: NetworkGraph.NodeID, _ settings: LayerSettings,
        _ activation: Activation?
    ) -> NetworkGraph.NodeID {
        let convolved = convolution(
            convolutionName, input, to: settings.width, kernel: settings.kernel, stride: settings.stride,
            groups: settings.groups, initialiser: .heNormalFanOut, knob: settings.knob)
        let normalised = norm(normName, convolved, settings.norm, channelsPerGroup: settings.channelsPerGroup)
        switch activation {
        case nil: return normalised
        case .relu: return relu(normalised)
        case .hardSwish: return hardSwish(normalised)
        }
    }
}
