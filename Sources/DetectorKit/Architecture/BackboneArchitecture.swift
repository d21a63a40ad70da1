/// A backbone as a value: which plugin builds it, and the width of everything in it.
///
/// A stage is a run of residual blocks at one resolution; its `width` is that of the trunk which the blocks add to.
/// Features are taken at strides 4, 8, 16 and 32 with respect to the image.
///
/// What is optional is written only where a plugin's architectures have it: without it the canonical JSON, and with it the
/// digest, are those of an architecture that never had such a member.
public struct BackboneArchitecture: Sendable, Hashable, Codable {
    /// The first convolution, or the last one.
    public struct Stem: Sendable, Hashable, Codable {
        public var width: Int
        /// Channels in a norm group (used by `Norm.group` only).
        public var channelsPerGroup: Int
        public init(width: Int, channelsPerGroup: Int) {
            self.width = width
            self.channelsPerGroup = channelsPerGroup
        }
    }

    public struct Stage: Sendable, Hashable, Codable {
        /// The trunk's width.
        public var width: Int
        /// Channels in a norm group of the trunk.
        public var channelsPerGroup: Int
        /// The first block changes resolution and width; the others are removable.
        public var blocks: [Block]
        /// The first block's stride; nil where the plugin's stages all halve the resolution, or as it lays down.
        public var stride: Int?
        public init(width: Int, channelsPerGroup: Int, blocks: [Block], stride: Int? = nil) {
            self.width = width
            self.channelsPerGroup = channelsPerGroup
            self.blocks = blocks
            self.stride = stride
        }
    }

    public struct Block: Sendable, Hashable, Codable {
        /// The widths inside the block: one in a basic block, two in a bottleneck.
        public var widths: [Int]
        /// Channels in a norm group inside the block.
        public var channelsPerGroup: Int
        /// The plugin's kind of block, where it is not the architecture's `block`.
        public var kind: String?
        /// The side of the block's spatial convolution, where a plugin's blocks differ in it.
        public var kernel: Int?
        /// Channels in a group of the block's spatial convolution, where it is grouped (Xie et al. 2017): another width has
        /// more or fewer such groups.
        public var convolutionGroupWidth: Int?
        /// The activation inside, where a plugin's blocks differ in it.
        public var activation: Activation?
        public init(
            widths: [Int], channelsPerGroup: Int, kind: String? = nil, kernel: Int? = nil,
            convolutionGroupWidth: Int? = nil, activation: Activation? = nil
        ) {
            self.widths = widths
            self.channelsPerGroup = channelsPerGroup
            self.kind = kind
            self.kernel = kernel
            self.convolutionGroupWidth = convolutionGroupWidth
            self.activation = activation
        }
    }

    /// The plugin's name: `resnet`.
    public var plugin: String
    /// The plugin's kind of block: `basic` or `bottleneck`.
    public var block: String
    public var norm: Norm
    public var stem: Stem
    public var stages: [Stage]
    /// A convolution behind the last stage, where a plugin has one.
    public var top: Stem?

    public init(
        plugin: String, block: String, norm: Norm, stem: Stem, stages: [Stage], top: Stem? = nil
    ) {
        self.plugin = plugin
        self.block = block
        self.norm = norm
        self.stem = stem
        self.stages = stages
        self.top = top
    }
}
