public import Foundation
public import Images

/// The pictures of one split, in a fixed order.
public struct DatasetSplit: Sendable {
    public let name: String
    public let records: [DatasetRecord]
    public let table: CategoryTable
    let shards: [ShardFile]

    public var count: Int { records.count }
    public var categories: [Category] { table.categories }

    /// Reads and decodes a picture.
    public func image(_ index: Int) throws -> RGBImage {
        let record = records[index]
        let image = try decodeImage(try encodedImage(index), place: place(record))
        guard image.width == record.image.width, image.height == record.image.height else {
            throw ShardFile.changed(place(record))
        }
        return image
    }

    /// A picture's bytes as packed: JPEG or PNG.
    public func encodedImage(_ index: Int) throws -> Data {
        let record = records[index]
        return try shards[record.shard].read(at: record.offset, count: record.size)
    }

    private func place(_ record: DatasetRecord) -> String { "\(shards[record.shard].path):\(record.key)" }
}
