import Basics
public import DetectorKit

/// MobileNetV3 (Howard et al., ICCV 2019, arXiv:1905.02244): inverted residuals with depthwise 3×3 or 5×5 convolutions,
/// squeeze-and-excitation, and hard-swish where the paper has it; widths and layers as in its tables 1 and 2.
///
/// The trunk is linear: a block ends in a projection without an activation, so that a block that gives 0 changes nothing.
/// Stages end where resolution or the trunk's width changes, so that some have stride 1. Each stage's first block changes
/// the trunk and has no shortcut, whatever its widths; only the depthwise-separable one that keeps its channels does.
/// Parameters are called as in torchvision (`block.0.0`, `block.2.fc1`), each block by stage and place.
public struct MobileNetV3: Backbone {
    public let name = "mobilenetv3"
    public let summary = "MobileNetV3-large and -small: depthwise inverted residuals with squeeze-and-excitation"
    public let channelUnit = 8

    public init() {}

    enum Kind: String, CaseIterable {
        /// Expansion, depthwise convolution, squeeze-and-excitation where it has a width, projection.
        case inverted
        /// The same without the expansion: the depthwise convolution runs on the block's input.
        case separable

        /// The widths inside, without that of squeeze-and-excitation.
        var innerCount: Int { self == .inverted ? 1 : 0 }
    }

    static let kernels = [3, 5, 7]

    public var presets: [String] { Self.table.map(\.name) }

    public func architecture(preset name: String, norm: Norm, groups: Int) throws -> BackboneArchitecture {
        guard let preset = Self.table.first(where: { $0.name == name }) else {
            throw Failure(
                "unknown MobileNetV3 '\(name)'", remedy: "this plugin has: \(presets.joined(separator: ", "))")
        }
        guard groups >= 1 else { throw Failure("\(groups) norm groups", remedy: "give at least one") }
        func perGroup(_ width: Int) -> Int {
            BackboneArchitecture.channelsPerGroup(of: width, groups: groups, unit: channelUnit)
        }
        return BackboneArchitecture(
            plugin: self.name, block: Kind.inverted.rawValue, norm: norm,
            stem: .init(width: 16, channelsPerGroup: perGroup(16)),
            stages: preset.stages.map { stage in
                BackboneArchitecture.Stage(
                    width: stage.width, channelsPerGroup: perGroup(stage.width),
                    blocks: stage.blocks.map { $0.architecture(perGroup) }, stride: stage.stride)
            }, top: .init(width: preset.top, channelsPerGroup: perGroup(preset.top)))
    }

    public func parameterPrefix(stage: Int, block: Int) -> String { "backbone.body.layer\(stage + 1).\(block)." }

    /// As the stage's last block.
    public func newBlock(_ architecture: BackboneArchitecture, stage: Int) -> BackboneArchitecture.Block {
        let blocks = architecture.stages[stage].blocks
        return blocks[blocks.count - 1]
    }
}
