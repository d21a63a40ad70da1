public import Manifest

/// The stage plugins that there are.
public struct StageCatalog: Sendable {
    public let plugins: [any StagePlugin]

    public init(_ plugins: [any StagePlugin]) { self.plugins = plugins }

    public func plugin(named name: String) -> (any StagePlugin)? { plugins.first { $0.name == name } }

    public var names: [String] { plugins.map(\.name) }

    /// What `jdnas plugins --json` says of each.
    public var descriptions: [StageDescription] { plugins.map(StageDescription.init) }
}

/// A plugin as it describes itself.
public struct StageDescription: Sendable, Codable {
    public var name: String
    public var version: Int
    public var summary: String
    public var consumes: [InputRequirement]
    public var produces: ArtifactKind
    public var options: [OptionDescription]

    public init(_ plugin: any StagePlugin) {
        name = plugin.name
        version = plugin.version
        summary = plugin.summary
        consumes = plugin.consumes
        produces = plugin.produces
        options = plugin.describedOptions
    }
}
