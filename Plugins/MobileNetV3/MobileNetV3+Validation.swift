import Basics
public import DetectorKit

extension MobileNetV3 {
    public func validate(_ architecture: BackboneArchitecture) throws {
        guard let top = architecture.top else {
            throw Failure("a MobileNetV3 ends in a convolution", remedy: "give the architecture a 'top'")
        }
        try architecture.requireWidth(
            architecture.stem.width, channelsPerGroup: architecture.stem.channelsPerGroup, unit: channelUnit, at: "stem"
        )
        try architecture.requireWidth(
            top.width, channelsPerGroup: top.channelsPerGroup, unit: channelUnit, at: "top")
        var stride = 2
        var strides: Set<Int> = []
        var channels = architecture.stem.width
        for (number, stage) in architecture.stages.enumerated() {
            let place = "stage \(number + 1)"
            guard !stage.blocks.isEmpty, let own = stage.stride, own == 1 || own == 2 else {
                throw Failure(
                    "a stage of \(stage.blocks.count) blocks with stride \(stage.stride ?? 0)", at: place,
                    remedy: "give it blocks, and 1 or 2 as its stride")
            }
            // More than 32 is refused below; the product of very many would be no number any more.
            stride = min(stride * own, 64)
            strides.insert(stride)
            try architecture.requireWidth(
                stage.width, channelsPerGroup: stage.channelsPerGroup, unit: channelUnit, at: place)
            for (index, block) in stage.blocks.enumerated() {
                let place = "\(place), block \(index + 1)"
                let kind = try check(block, architecture, at: place)
                if Self.keepsItsInput(kind, index: index, stride: own), channels != stage.width {
                    throw Failure(
                        "a separable block adds its \(channels) channels to a trunk of \(stage.width)", at: place,
                        remedy: "give the stage the width of what stands before it")
                }
                channels = stage.width
            }
        }
        guard strides.isSuperset(of: [4, 8, 16, 32]), stride == 32 else {
            throw Failure(
                "the stages' strides do not lead over 4, 8 and 16 to 32", remedy: "give four of them the stride 2")
        }
    }

    private func check(
        _ block: BackboneArchitecture.Block, _ architecture: BackboneArchitecture, at place: String
    ) throws -> Kind {
        guard let kind = Kind(rawValue: block.kind ?? architecture.block) else {
            let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(
                "unknown MobileNetV3 block '\(block.kind ?? architecture.block)'", at: place,
                remedy: "this plugin has: \(kinds)")
        }
        guard block.widths.count == kind.innerCount || block.widths.count == kind.innerCount + 1 else {
            throw Failure(
                "\(block.widths.count) inner widths", at: place,
                remedy: "give \(kind.innerCount), and one more for squeeze-and-excitation")
        }
        guard Self.kernels.contains(block.kernel ?? 3) else {
            throw Failure("a kernel of \(block.kernel ?? 3)", at: place, remedy: "give 3, 5 or 7")
        }
        for (index, width) in block.widths.enumerated() {
            // Nothing normalises the squeezed channels.
            try architecture.requireWidth(
                width, channelsPerGroup: index < kind.innerCount ? block.channelsPerGroup : 1, unit: channelUnit,
                at: place)
        }
        return kind
    }

    /// Whether a block adds its input to its result. It follows from its place, never from widths: a width that is set must
    /// not make a shortcut come or go.
    static func keepsItsInput(_ kind: Kind, index: Int, stride: Int) -> Bool {
        index > 0 || kind == .separable && stride == 1
    }
}
