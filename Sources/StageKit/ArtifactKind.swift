/// What a stage makes and others read.
public enum ArtifactKind: String, Sendable, Codable, CaseIterable {
    case dataset
    case detector
    case teacherPool = "teacher-pool"
    case searchResult = "search-result"
    case evaluation

    /// With its article, for sentences: `a dataset`, `an evaluation`.
    public var withArticle: String { "\(self == .evaluation ? "an" : "a") \(rawValue)" }
}

/// A kind of artifact that a stage reads, and whether it can do without.
public struct InputRequirement: Sendable, Hashable, Codable {
    public var kind: ArtifactKind
    public var required: Bool

    public init(_ kind: ArtifactKind, required: Bool = true) {
        self.kind = kind
        self.required = required
    }
}
