import Basics

/// A backbone plugin: it turns an architecture into a graph, and says what may be changed. Everything else about it
/// (parameters, channel groups, cost, the forward pass) is derived from the graph.
public protocol Backbone: Sendable {
    /// The name in an architecture: `resnet`.
    var name: String { get }
    /// One line for people.
    var summary: String { get }
    /// The named architectures that it knows, such as `resnet18`.
    var presets: [String] { get }
    /// Widths are multiples of this, and of the norms' channels per group.
    var channelUnit: Int { get }

    /// The architecture of a preset. `groups` is the number of groups of each norm at its full width (for
    /// `Norm.group`): its channels per group stay when the width changes.
    func architecture(preset: String, norm: Norm, groups: Int) throws -> BackboneArchitecture

    /// Refuses an architecture that it cannot build.
    func validate(_ architecture: BackboneArchitecture) throws

    /// Appends the backbone to a graph; returns the features of strides 4, 8, 16 and 32. The architecture is valid.
    ///
    /// Whether a block has a projection or a shortcut is best made to follow from its place: widths that would make layers
    /// come or go are closed to the search.
    func build(
        _ architecture: BackboneArchitecture, into builder: inout GraphBuilder, image: NetworkGraph.NodeID
    ) -> [NetworkGraph.NodeID]

    /// The prefix of the parameter names of a block, with its dot: `backbone.body.layer1.0.`.
    func parameterPrefix(stage: Int, block: Int) -> String

    /// A new block for the end of a stage: it keeps resolution and width.
    func newBlock(_ architecture: BackboneArchitecture, stage: Int) -> BackboneArchitecture.Block
}

/// The backbone plugins that a program was built with.
public struct BackboneCatalog: Sendable {
    private let backbones: [any Backbone]

    public init(_ backbones: [any Backbone]) { self.backbones = backbones }

    public var names: [String] { backbones.map(\.name) }
    public var presets: [String] { backbones.flatMap(\.presets) }

    /// The plugin of this name.
    public func backbone(_ name: String, at place: String? = nil) throws -> any Backbone {
        if let backbone = backbones.first(where: { $0.name == name }) { return backbone }
        let near = suggestion(for: name, among: names).map { "did you mean '\($0)'? " } ?? ""
        throw Failure(
            "unknown backbone plugin '\(name)'", at: place,
            remedy: "\(near)this program has: \(names.joined(separator: ", "))")
    }

    /// The architecture of a preset, whichever plugin has it.
    public func architecture(
        preset: String, norm: Norm, groups: Int = 16, at place: String? = nil
    ) throws -> BackboneArchitecture {
        for backbone in backbones where backbone.presets.contains(preset) {
            return try backbone.architecture(preset: preset, norm: norm, groups: groups)
        }
        let near = suggestion(for: preset, among: presets).map { "did you mean '\($0)'? " } ?? ""
        throw Failure(
            "unknown backbone '\(preset)'", at: place,
            remedy: "\(near)this program has: \(presets.joined(separator: ", "))")
    }
}
