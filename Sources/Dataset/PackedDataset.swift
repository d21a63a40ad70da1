public import Basics
public import Foundation

/// A packed data set: `index.json` and the shards beside it. Shards are read by offset, from any thread.
public struct PackedDataset: Sendable {
    public let directory: URL
    public let table: CategoryTable
    /// Of the index, which holds the digests of all shards: two data sets of one digest are the same.
    public let digest: Digest
    private let splits: [String: [DatasetRecord]]
    private let shards: [ShardFile]

    /// Opens the data set in a folder; that the shards' bytes are right is the receipt's business, not checked here.
    public init(_ directory: URL) throws {
        let file = directory.appending(path: "index.json")
        let data: Data
        do { data = try Data(contentsOf: file) } catch {
            throw Failure(
                "there is no packed data set", at: directory.path, remedy: "pack one with the stage 'dataset-pack'")
        }
        let index = try DatasetIndex(parsing: data, file: file.path)
        self.directory = directory
        table = index.categories
        digest = Digest(of: data)
        splits = index.splits
        shards = try index.shards.map { try ShardFile($0, in: directory.appending(path: "shards")) }
    }

    /// The classes in the order of their labels.
    public var categories: [Category] { table.categories }

    public var splitNames: [String] { SplitName.all.filter { splits[$0] != nil } }

    /// The pictures of a split: `train`, `search` or `val`.
    public func split(_ name: String) throws -> DatasetSplit {
        guard let records = splits[name] else {
            throw Failure(
                "there is no split '\(name)'", at: directory.path,
                remedy: "the splits are: \(splitNames.joined(separator: ", "))")
        }
        return DatasetSplit(name: name, records: records, table: table, shards: shards)
    }
}
