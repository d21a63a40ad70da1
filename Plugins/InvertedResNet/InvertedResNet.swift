import Basics
public import DetectorKit

/// Inverted residuals for processors: dense where the image is large, depthwise 3×3 behind, and nothing but ReLU.
///
/// - Stride 4 has fused inverted residuals (EfficientNetV2; Tan and Le, ICML 2021, arXiv:2104.00298): a dense 3×3 to twice
///   the channels, a 1×1 back. The others have inverted residuals (MobileNetV2; Sandler et al., CVPR 2018,
///   arXiv:1801.04381): 1×1 to four times the channels, a depthwise 3×3, a 1×1 back.
/// - The trunk is linear. A stage's first block halves the resolution and has no shortcut; all others have one.
///
/// Chosen by what operators take here (one thread, AVX2, float32; trunks of 32, 64, 128 and 256 channels at strides 4 to 32
/// of a 320-pixel image). Time follows the products, whatever the kind of block: 47 G multiply-accumulates a second in
/// pairs of dense 3×3, 47 in fused blocks, 41 to 47 in inverted ones, depthwise convolutions included. So the kind that
/// needs the fewest products for its channels is the fastest: an inverted residual of four times the trunk takes 1.4, 1.3,
/// 1.2 and 1.1 ms at these strides, a pair of dense 3×3 on the trunk alone 2.5 to 2.6. What does not multiply costs time
/// all the same: at stride 4 a hard swish over the expanded channels takes 0.10 ms beside 0.29 of the depthwise
/// convolution that it follows, a squeeze-and-excitation 0.20, while a ReLU runs within the convolution. And a depthwise
/// 3×3's weights are trained at twice the time of its forward pass, a 5×5's at many times that.
public struct InvertedResNet: Backbone {
    public let name = "invertedresnet"
    public let summary = "inverted residuals chosen for processors: fused at stride 4, depthwise 3×3 behind, ReLU only"
    public let channelUnit = 8

    public init() {}

    enum Kind: String, CaseIterable {
        /// Dense 3×3 expansion, 1×1 projection.
        case fused
        /// 1×1 expansion, depthwise 3×3, 1×1 projection.
        case inverted

        /// The width inside, by what the block reads.
        var expansion: Int { self == .fused ? 2 : 4 }
    }

    private struct Preset {
        let name: String
        let stem: Int
        let widths: [Int]
        let depths: [Int]
    }

    private static let table = [
        Preset(name: "inverted_resnet_s", stem: 16, widths: [24, 48, 96, 160], depths: [2, 3, 5, 3]),
        Preset(name: "inverted_resnet_m", stem: 24, widths: [32, 64, 128, 224], depths: [2, 4, 6, 4]),
        Preset(name: "inverted_resnet_l", stem: 32, widths: [48, 96, 192, 320], depths: [3, 4, 8, 4]),
    ]

    public var presets: [String] { Self.table.map(\.name) }

    public func architecture(preset name: String, norm: Norm, groups: Int) throws -> BackboneArchitecture {
        guard let preset = Self.table.first(where: { $0.name == name }) else {
            throw Failure(
                "unknown inverted ResNet '\(name)'", remedy: "this plugin has: \(presets.joined(separator: ", "))")
        }
        guard groups >= 1 else { throw Failure("\(groups) norm groups", remedy: "give at least one") }
        func perGroup(_ width: Int) -> Int {
            BackboneArchitecture.channelsPerGroup(of: width, groups: groups, unit: channelUnit)
        }
        var channels = preset.stem
        let stages = zip(preset.widths, preset.depths).enumerated().map { stage, size in
            let kind = stage == 0 ? Kind.fused : .inverted
            let blocks = (0..<size.1).map { _ in
                let inner = channels * kind.expansion
                channels = size.0
                return BackboneArchitecture.Block(
                    widths: [inner], channelsPerGroup: perGroup(inner), kind: kind.rawValue)
            }
            return BackboneArchitecture.Stage(width: size.0, channelsPerGroup: perGroup(size.0), blocks: blocks)
        }
        return BackboneArchitecture(
            plugin: self.name, block: Kind.inverted.rawValue, norm: norm,
            stem: .init(width: preset.stem, channelsPerGroup: perGroup(preset.stem)), stages: stages)
    }

    public func validate(_ architecture: BackboneArchitecture) throws {
        guard architecture.stages.count == 4, architecture.stages.allSatisfy({ !$0.blocks.isEmpty }) else {
            throw Failure(
                "an inverted ResNet has 4 stages of at least one block", remedy: "give four stages with blocks")
        }
        func check(_ width: Int, _ channelsPerGroup: Int, _ place: String) throws {
            try architecture.requireWidth(width, channelsPerGroup: channelsPerGroup, unit: channelUnit, at: place)
        }
        try check(architecture.stem.width, architecture.stem.channelsPerGroup, "stem")
        for (number, stage) in architecture.stages.enumerated() {
            try check(stage.width, stage.channelsPerGroup, "stage \(number + 1)")
            for (index, block) in stage.blocks.enumerated() {
                let place = "stage \(number + 1), block \(index + 1)"
                guard Kind(rawValue: block.kind ?? architecture.block) != nil else {
                    let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Failure(
                        "unknown block '\(block.kind ?? architecture.block)'", at: place,
                        remedy: "this plugin has: \(kinds)")
                }
                guard block.widths.count == 1 else {
                    throw Failure("\(block.widths.count) inner widths", at: place, remedy: "give one")
                }
                try check(block.widths[0], block.channelsPerGroup, place)
            }
        }
    }

    public func parameterPrefix(stage: Int, block: Int) -> String { "backbone.body.layer\(stage + 1).\(block)." }

    /// As the stage's last block.
    public func newBlock(_ architecture: BackboneArchitecture, stage: Int) -> BackboneArchitecture.Block {
        let blocks = architecture.stages[stage].blocks
        var new = blocks[blocks.count - 1]
        // A first block expands what it reads, a later one its own trunk.
        if blocks.count == 1, let kind = Kind(rawValue: new.kind ?? architecture.block) {
            let trunk = architecture.stages[stage]
            new.widths = [trunk.width * kind.expansion]
            new.channelsPerGroup = trunk.channelsPerGroup
        }
        return new
    }
}
