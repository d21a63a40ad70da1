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
    private var leastOfSeveral: Int?

    private enum CodingKeys: String, CodingKey {
        case kind, required, several
        case leastOfSeveral = "least"
    }

    public init(_ kind: ArtifactKind, required: Bool = true, several: Bool = false) {
        self.kind = kind
        self.required = required
        self.several = several ? true : nil
    }

    /// Several of a kind that are held against each other: two or more.
    public init(_ kind: ArtifactKind, atLeast least: Int) {
        self.init(kind, several: true)
        leastOfSeveral = least
    }

    /// Whether there may be more than one.
    public var isSeveral: Bool { several == true }

    /// How many there must be.
    public var least: Int { required ? leastOfSeveral ?? 1 : 0 }

    /// What a stage needs that is given fewer of the kind: `a dataset`, or `2 evaluations or more, and is given 1`; nil if it is
    /// given enough.
    public func lack(given count: Int) -> String? {
        guard count < least else { return nil }
        return least == 1 ? kind.withArticle : "\(least) \(kind.rawValue)s or more, and is given \(count)"
    }
}

extension [InputRequirement] {
    /// Whether a stage that reads these takes several of a kind.
    public func takesSeveral(_ kind: ArtifactKind) -> Bool { contains { $0.kind == kind && $0.isSeveral } }
}
