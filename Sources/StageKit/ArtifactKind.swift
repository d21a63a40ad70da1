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

/// A kind of artifact that a stage reads, whether it can do without, and whether it takes several.
public struct InputRequirement: Sendable, Hashable, Codable {
    public var kind: ArtifactKind
    public var required: Bool
    private var several: Bool?

    public init(_ kind: ArtifactKind, required: Bool = true, several: Bool = false) {
        self.kind = kind
        self.required = required
        self.several = several ? true : nil
    }

    /// Whether there may be more than one.
    public var isSeveral: Bool { several == true }
}

extension [InputRequirement] {
    /// Whether a stage that reads these takes several of a kind.
    public func takesSeveral(_ kind: ArtifactKind) -> Bool { contains { $0.kind == kind && $0.isSeveral } }
}
