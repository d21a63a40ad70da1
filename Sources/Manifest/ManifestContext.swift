public import Basics
public import Foundation

/// What a manifest reads besides itself.
public struct ManifestContext: Sendable {
    /// What relative paths in it refer to, those of included files too.
    public var base: URL
    /// What `${env:NAME}` stands for.
    public var environment: [String: String]
    /// The manifest's own file, to tell when it includes itself; nil where it is not known.
    public var url: URL?

    /// By default what this process has around it.
    public init(
        base: URL = URL(filePath: FileManager.default.currentDirectoryPath),
        environment: [String: String] = ProcessInfo.processInfo.environment, url: URL? = nil
    ) {
        self.base = base
        self.environment = environment
        self.url = url
    }
}

/// A file that a manifest included, as it was when the manifest was read.
public struct IncludedFile: Sendable, Hashable, Codable {
    /// As `include` names it.
    public var file: String
    public var sha256: Digest
}
