public import Basics
public import Foundation

/// A published result that a stage reads.
public struct Artifact: Sendable, Hashable {
    public var kind: ArtifactKind
    /// Where its members lie. Read only.
    public var directory: URL
    /// Over all members.
    public var digest: Digest
    /// What its maker said of it.
    public var summary: JSON
    /// How the manifest named it.
    public var reference: String

    public init(kind: ArtifactKind, directory: URL, digest: Digest, summary: JSON = [:], reference: String) {
        self.kind = kind
        self.directory = directory
        self.digest = digest
        self.summary = summary
        self.reference = reference
    }
}

/// What a stage was given, in the order of its `needs`: one of a kind at most, unless it takes several.
public struct StageInputs: Sendable {
    public let artifacts: [Artifact]

    public init(_ artifacts: [Artifact]) { self.artifacts = artifacts }

    public func first(_ kind: ArtifactKind) -> Artifact? { artifacts.first { $0.kind == kind } }

    public func all(_ kind: ArtifactKind) -> [Artifact] { artifacts.filter { $0.kind == kind } }

    public func require(_ kind: ArtifactKind) throws -> Artifact {
        if let artifact = first(kind) { return artifact }
        throw Failure(
            "no \(kind.rawValue) among the inputs",
            remedy: "add a stage that makes \(kind.withArticle) to this stage's 'needs'")
    }
}
