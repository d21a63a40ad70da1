import Basics
public import DetectorKit

/// Inverted residuals for processors: dense as long as the image is large, depthwise behind, and nothing but ReLU.
///
/// - Strides 4 to 16 have fused inverted residuals (EfficientNetV2; Tan and Le, ICML 2021, arXiv:2104.00298): a dense 3×3 to
///   twice the channels, a 1×1 back. Stride 32 has inverted residuals (MobileNetV2; Sandler et al., CVPR 2018,
///   arXiv:1801.04381): 1×1 to four times the channels, a depthwise 3×3, a 1×1 back.
/// - The trunk is linear. A stage's first block halves the resolution and has no shortcut; all others have one.
///
/// Chosen by what operators take here (one thread, AVX2, float32, a 320-pixel image; milliseconds of a block on a trunk of
/// 32, 64, 128 and 256 channels at strides 4, 8, 16 and 32):
///
/// | | 4 | 8 | 16 | 32 |
/// | --- | --- | --- | --- | --- |
/// | fused, twice the channels (131 M products) | 1.30 | 1.04 | 0.98 | 3.10 |
/// | inverted, four times (60 to 53 M) | 1.44 | 1.27 | 1.19 | 1.16 |
/// | two dense 3×3 on the trunk (118 M) | 1.06 | 0.81 | 0.73 | 2.71 |
///
/// By Winograd's algorithm dense 3×3 convolutions do 100 to 160 G products a second, where an image has tiles enough for it;
/// 1×1 and depthwise ones do 41 to 47 whatever the size. So dense layers with twice the products are the faster ones down to
/// stride 16, and the slower ones behind. What does not multiply costs time all the same: at stride 4 a hard swish over the
/// expanded channels takes 0.12 ms beside 0.28 of the depthwise convolution before it, squeeze-and-excitation 0.2, while a
/// ReLU runs within the convolution at no cost.
public struct InvertedResNet: Backbone {
    public let name = "invertedresnet"
    public let summary = "inverted residuals for processors: dense 3×3 up to stride 16, depthwise behind, ReLU only"
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
            let kind = stage < 3 ? Kind.fused : .inverted
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
