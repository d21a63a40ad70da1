import Basics
public import DetectorKit

/// ResNet (He et al. 2016) and ResNeXt (Xie et al. 2017), stride in the 3×3 convolution (torchvision's variant), per-block
/// widths, torchvision's names.
public struct ResNet: Backbone {
    public let name = "resnet"
    public let summary =
        "ResNet-18/34/50/101/152, ResNeXt-50/101: basic, bottleneck and grouped bottleneck residual blocks"
    public let channelUnit = 8

    public init() {}

    enum Block: String, CaseIterable {
        case basic, bottleneck

        /// The trunk's width by the width inside, at full size.
        var expansion: Int { self == .basic ? 1 : 4 }
        /// The widths inside a block.
        var innerCount: Int { self == .basic ? 1 : 2 }
    }

    private struct Preset {
        let block: Block
        let depths: [Int]
        /// Groups of the 3×3 convolutions, and the channels of each in the first stage.
        var cardinality: (groups: Int, width: Int)?

        /// The width inside the first stage's blocks.
        var inner: Int { cardinality.map { $0.groups * $0.width } ?? 64 }
    }

    private static let table: [(name: String, preset: Preset)] = [
        ("resnet18", Preset(block: .basic, depths: [2, 2, 2, 2])),
        ("resnet34", Preset(block: .basic, depths: [3, 4, 6, 3])),
        ("resnet50", Preset(block: .bottleneck, depths: [3, 4, 6, 3])),
        ("resnet101", Preset(block: .bottleneck, depths: [3, 4, 23, 3])),
        ("resnet152", Preset(block: .bottleneck, depths: [3, 8, 36, 3])),
        ("resnext50_32x4d", Preset(block: .bottleneck, depths: [3, 4, 6, 3], cardinality: (32, 4))),
        ("resnext101_32x8d", Preset(block: .bottleneck, depths: [3, 4, 23, 3], cardinality: (32, 8))),
        ("resnext101_64x4d", Preset(block: .bottleneck, depths: [3, 4, 23, 3], cardinality: (64, 4))),
    ]

    public var presets: [String] { Self.table.map(\.name) }

    public func architecture(preset name: String, norm: Norm, groups: Int) throws -> BackboneArchitecture {
        guard let preset = Self.table.first(where: { $0.name == name })?.preset else {
            throw Failure(
                "unknown ResNet '\(name)'", remedy: "this plugin has: \(presets.joined(separator: ", "))")
        }
        guard groups >= 1, 64 % groups == 0 else {
            throw Failure(
                "\(groups) norm groups do not divide 64, the smallest width of \(name)",
                remedy: "give 1, 2, 4, 8, 16, 32 or 64")
        }
        let stages = preset.depths.enumerated().map { stage, depth in
            let inner = preset.inner << stage
            let trunk = (64 << stage) * preset.block.expansion
            let block = BackboneArchitecture.Block(
                widths: Array(repeating: inner, count: preset.block.innerCount), channelsPerGroup: inner / groups,
                convolutionGroupWidth: preset.cardinality.map { $0.width << stage })
            return BackboneArchitecture.Stage(
                width: trunk, channelsPerGroup: trunk / groups, blocks: Array(repeating: block, count: depth))
        }
        return BackboneArchitecture(
            plugin: self.name, block: preset.block.rawValue, norm: norm,
            stem: BackboneArchitecture.Stem(width: 64, channelsPerGroup: 64 / groups), stages: stages)
    }

    public func validate(_ architecture: BackboneArchitecture) throws {
        guard let block = Block(rawValue: architecture.block) else {
            let kinds = Block.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure("unknown ResNet block '\(architecture.block)'", remedy: "this plugin has: \(kinds)")
        }
        func check(_ width: Int, _ channelsPerGroup: Int, _ place: String) throws {
            guard width >= channelUnit, width % channelUnit == 0 else {
                throw Failure(
                    "a width of \(width) channels", at: place, remedy: "give a positive multiple of \(channelUnit)")
            }
            guard architecture.norm != .group || channelsPerGroup > 0 && width % channelsPerGroup == 0 else {
                throw Failure(
                    "norm groups of \(channelsPerGroup) channels do not divide a width of \(width)", at: place,
                    remedy: "give a width that is a multiple of the group")
            }
        }
        guard architecture.stages.count == 4, architecture.stages.allSatisfy({ !$0.blocks.isEmpty }) else {
            throw Failure("a ResNet has 4 stages of at least one block", remedy: "give four stages with blocks")
        }
        try checkConvolutionGroups(architecture, block)
        try check(architecture.stem.width, architecture.stem.channelsPerGroup, "stem")
        for (number, stage) in architecture.stages.enumerated() {
            try check(stage.width, stage.channelsPerGroup, "stage \(number + 1)")
            for (index, inner) in stage.blocks.enumerated() {
                let place = "stage \(number + 1), block \(index + 1)"
                guard inner.widths.count == block.innerCount else {
                    throw Failure(
                        "\(inner.widths.count) inner widths", at: place,
                        remedy: "a \(block.rawValue) block has \(block.innerCount)")
                }
                for width in inner.widths { try check(width, inner.channelsPerGroup, place) }
            }
        }
    }

    /// Grouped convolutions are those inside bottlenecks; each group has as many channels on both sides. Two groups are the
    /// least: with one, the two sides would no longer belong together.
    private func checkConvolutionGroups(_ architecture: BackboneArchitecture, _ block: Block) throws {
        for (number, stage) in architecture.stages.enumerated() {
            for (index, inner) in stage.blocks.enumerated() {
                guard let width = inner.convolutionGroupWidth else { continue }
                let place = "stage \(number + 1), block \(index + 1)"
                guard block == .bottleneck, width >= 1 else {
                    throw Failure(
                        "convolution groups of \(width) channels in \(block.rawValue) blocks", at: place,
                        remedy:
                            "give a positive width to bottleneck blocks, and leave convolutionGroupWidth out elsewhere")
                }
                guard inner.widths.allSatisfy({ $0 % width == 0 && $0 / width >= 2 }), Set(inner.widths).count == 1
                else {
                    throw Failure(
                        "widths of \(inner.widths.map(String.init).joined(separator: " and ")) around convolution "
                            + "groups of \(width)", at: place,
                        remedy: "give one width, twice the group's or a larger multiple, on both sides")
                }
            }
        }
    }

    public func parameterPrefix(stage: Int, block: Int) -> String { "backbone.body.layer\(stage + 1).\(block)." }

    /// As wide inside as the stage's last block.
    public func newBlock(_ architecture: BackboneArchitecture, stage: Int) -> BackboneArchitecture.Block {
        let blocks = architecture.stages[stage].blocks
        return blocks[blocks.count - 1]
    }
}
