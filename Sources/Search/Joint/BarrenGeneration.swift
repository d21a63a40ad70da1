import Basics

/// A generation in which nothing was left to try.
public struct BarrenGeneration: Sendable, Hashable, Codable, CustomStringConvertible {
    public var generation: Int
    /// What its children might have taken, in milliseconds.
    public var limit: Double
    /// Children that could not be made: no cut brought them within the limit, or the change itself is not legal; and those that
    /// were known.
    public var refused: Int
    public var duplicates: Int

    public init(generation: Int, limit: Double, refused: Int, duplicates: Int) {
        self.generation = generation
        self.limit = limit
        self.refused = refused
        self.duplicates = duplicates
    }

    public var description: String {
        "generation \(generation) has no candidates: of \(refused + duplicates) children \(refused) could not be made within its "
            + "limit of \(tenths(limit)) ms, and \(duplicates) were known already"
    }
}

extension [BarrenGeneration] {
    /// All of them in a sentence, without its stop; nil where there is none.
    public var sentence: String? {
        guard let first, let last else { return nil }
        return count == 1
            ? "\(first)" : "\(first); \(count - 1) more up to generation \(last.generation) have none either"
    }
}
