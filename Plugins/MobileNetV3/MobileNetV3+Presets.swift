import DetectorKit

extension MobileNetV3 {
    struct Preset {
        let name: String
        let stages: [Stage]
        /// The last convolution's width.
        let top: Int

        struct Stage {
            let width: Int
            let stride: Int
            let blocks: [Block]
        }
    }

    /// A row of the paper's tables.
    struct Block {
        let kernel: Int
        /// Nil for a block whose expansion is its input.
        let expanded: Int?
        /// The squeezed width: a quarter of what is gated, in multiples of 8 (torchvision rounds so).
        let squeezed: Int?
        let activation: Activation

        init(_ kernel: Int, _ expanded: Int?, squeezed: Int? = nil, _ activation: Activation) {
            self.kernel = kernel
            self.expanded = expanded
            self.squeezed = squeezed
            self.activation = activation
        }

        func architecture(_ perGroup: (Int) -> Int) -> BackboneArchitecture.Block {
            BackboneArchitecture.Block(
                widths: [expanded, squeezed].compactMap { $0 }, channelsPerGroup: expanded.map(perGroup) ?? 8,
                kind: (expanded == nil ? Kind.separable : .inverted).rawValue, kernel: kernel, activation: activation)
        }
    }

    static let table: [Preset] = [
        Preset(
            name: "mobilenet_v3_large",
            stages: [
                .init(width: 16, stride: 1, blocks: [Block(3, nil, .relu)]),
                .init(width: 24, stride: 2, blocks: [Block(3, 64, .relu), Block(3, 72, .relu)]),
                .init(
                    width: 40, stride: 2,
                    blocks: [
                        Block(5, 72, squeezed: 24, .relu), Block(5, 120, squeezed: 32, .relu),
                        Block(5, 120, squeezed: 32, .relu),
                    ]),
                .init(
                    width: 80, stride: 2,
                    blocks: [
                        Block(3, 240, .hardSwish), Block(3, 200, .hardSwish), Block(3, 184, .hardSwish),
                        Block(3, 184, .hardSwish),
                    ]),
                .init(
                    width: 112, stride: 1,
                    blocks: [Block(3, 480, squeezed: 120, .hardSwish), Block(3, 672, squeezed: 168, .hardSwish)]),
                .init(
                    width: 160, stride: 2,
                    blocks: [
                        Block(5, 672, squeezed: 168, .hardSwish), Block(5, 960, squeezed: 240, .hardSwish),
                        Block(5, 960, squeezed: 240, .hardSwish),
                    ]),
            ], top: 960),
        Preset(
            name: "mobilenet_v3_small",
            stages: [
                .init(width: 16, stride: 2, blocks: [Block(3, nil, squeezed: 8, .relu)]),
                .init(width: 24, stride: 2, blocks: [Block(3, 72, .relu), Block(3, 88, .relu)]),
                .init(
                    width: 40, stride: 2,
                    blocks: [
                        Block(5, 96, squeezed: 24, .hardSwish), Block(5, 240, squeezed: 64, .hardSwish),
                        Block(5, 240, squeezed: 64, .hardSwish),
                    ]),
                .init(
                    width: 48, stride: 1,
                    blocks: [Block(5, 120, squeezed: 32, .hardSwish), Block(5, 144, squeezed: 40, .hardSwish)]),
                .init(
                    width: 96, stride: 2,
                    blocks: [
                        Block(5, 288, squeezed: 72, .hardSwish), Block(5, 576, squeezed: 144, .hardSwish),
                        Block(5, 576, squeezed: 144, .hardSwish),
                    ]),
            ], top: 576),
    ]
}
