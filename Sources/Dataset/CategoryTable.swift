import Basics

/// A class of objects.
public struct Category: Sendable, Hashable {
    /// As in the annotation file; ids may have gaps.
    public var id: Int
    public var name: String
    /// 1…K without gaps, in the order of the ids. 0 is the background.
    public var label: Int

    public init(id: Int, name: String, label: Int) {
        self.id = id
        self.name = name
        self.label = label
    }
}

/// The classes of a data set, and the way from the file's ids to a detector's labels and back.
public struct CategoryTable: Sendable, Hashable {
    /// In the order of ids and of labels.
    public let categories: [Category]
    private let labels: [Int: Int]

    /// Numbers the classes by ascending id.
    public init(_ named: [(id: Int, name: String)]) {
        let sorted = named.sorted { $0.id < $1.id }
        categories = sorted.enumerated().map { Category(id: $1.id, name: $1.name, label: $0 + 1) }
        labels = Dictionary(categories.map { ($0.id, $0.label) }, uniquingKeysWith: { first, _ in first })
    }

    public var count: Int { categories.count }

    /// The label of a file's category id.
    public func label(ofID id: Int) -> Int? { labels[id] }

    /// The class of a label from 1 to `count`.
    public subscript(label label: Int) -> Category? {
        categories.indices.contains(label - 1) ? categories[label - 1] : nil
    }

    /// Only the classes of these names, numbered anew.
    public func keeping(_ names: [String], place: String) throws -> CategoryTable {
        for name in names where !categories.contains(where: { $0.name == name }) {
            let near = suggestion(for: name, among: categories.map(\.name)).map { "did you mean '\($0)'?" }
            let all = categories.map(\.name).prefix(20).joined(separator: ", ")
            throw Failure("there is no class '\(name)'", at: place, remedy: near ?? "the classes are: \(all)")
        }
        return CategoryTable(categories.filter { names.contains($0.name) }.map { ($0.id, $0.name) })
    }
}
