import Archive
import Basics
import Foundation

extension DatasetIndex {
    /// Reads an index and checks that each picture lies inside its shard.
    init(parsing data: Data, file: String) throws {
        var reader = IndexReader(file: file)
        var scanner = JSONScanner(data, file: file)
        _ = try scanner.object { scanner, key in try reader.member(key, &scanner) }
        try scanner.end()
        guard reader.format == DatasetIndex.format else {
            throw reader.wrong("its format is '\(reader.format ?? "none")', not '\(DatasetIndex.format)'", at: file)
        }
        self.init(categories: CategoryTable(reader.categories))
        shards = reader.shards
        splits = reader.splits
    }
}

/// Collects an index's members in the order in which `DatasetIndex.text` writes them: classes and shards come first.
private struct IndexReader {
    let file: String
    var format: String?
    var categories: [(id: Int, name: String)] = []
    var shards: [DatasetIndex.Shard] = []
    var splits: [String: [DatasetRecord]] = [:]

    init(file: String) { self.file = file }

    func wrong(_ what: String, at place: String) -> Failure {
        Failure(
            "this is no index of a packed data set: \(what)", at: place,
            remedy: "pack the data set again with this version")
    }

    mutating func member(_ key: String, _ scanner: inout JSONScanner) throws {
        switch key {
        case "format": format = try scanner.string()
        case "categories":
            _ = try scanner.array { scanner, _ in
                let place = scanner.place
                var (id, name): (Int?, String?)
                _ = try scanner.object { scanner, key in
                    switch key {
                    case "id": id = try scanner.integer()
                    case "name": name = try scanner.string()
                    default: try scanner.skip()
                    }
                }
                guard let id, let name else { throw wrong("a class lacks its id or name", at: place) }
                categories.append((id, name))
            }
        case "shards": _ = try scanner.array { scanner, _ in shards.append(try shard(&scanner)) }
        case "splits":
            let table = CategoryTable(categories)
            _ = try scanner.object { scanner, name in
                var records: [DatasetRecord] = []
                _ = try scanner.array { scanner, _ in records.append(try record(&scanner, table)) }
                splits[name] = records
            }
        default: try scanner.skip()
        }
    }

    private func shard(_ scanner: inout JSONScanner) throws -> DatasetIndex.Shard {
        let place = scanner.place
        var (name, size, digest): (String?, Int?, Digest?)
        _ = try scanner.object { scanner, key in
            switch key {
            case "name": name = try scanner.string()
            case "size": size = try scanner.integer()
            case "sha256": digest = try scanner.string().flatMap { Digest(hex: $0) }
            default: try scanner.skip()
            }
        }
        guard let name, let size, let digest, !name.contains("/"), MemberPath.problem(with: name) == nil else {
            throw wrong("a shard lacks its name, size or digest", at: place)
        }
        return DatasetIndex.Shard(name: name, size: size, sha256: digest)
    }

    private func record(_ scanner: inout JSONScanner, _ table: CategoryTable) throws -> DatasetRecord {
        let place = scanner.place
        var record = DatasetRecord(
            key: "", image: ImageRecord(id: 0, fileName: "", width: 0, height: 0), shard: -1, offset: -1, size: -1,
            annotations: [])
        var objects: [(id: Int, category: Int, box: [Double], area: Double, isCrowd: Bool)] = []
        _ = try scanner.object { scanner, key in
            switch key {
            case "key": record.key = try scanner.string() ?? ""
            case "shard": record.shard = try scanner.integer() ?? -1
            case "offset": record.offset = try scanner.integer() ?? -1
            case "size": record.size = try scanner.integer() ?? -1
            case "id": record.image.id = try scanner.integer() ?? 0
            case "file_name": record.image.fileName = try scanner.string() ?? ""
            case "width": record.image.width = try scanner.integer() ?? 0
            case "height": record.image.height = try scanner.integer() ?? 0
            case "annotations": _ = try scanner.array { scanner, _ in objects.append(try object(&scanner)) }
            default: try scanner.skip()
            }
        }
        let image = record.image
        guard shards.indices.contains(record.shard), image.width > 0, image.height > 0 else {
            throw wrong("a picture lacks its shard or size", at: place)
        }
        let end = record.offset.addingReportingOverflow(record.size)
        guard record.offset >= 0, record.size > 0, !end.overflow, end.partialValue <= shards[record.shard].size else {
            throw wrong("picture '\(record.key)' lies outside its shard", at: place)
        }
        record.annotations = try objects.map { object in
            guard object.box.count == 4, let label = table.label(ofID: object.category) else {
                throw wrong("picture '\(record.key)' has a bad annotation", at: place)
            }
            let box = SourceBox(x: object.box[0], y: object.box[1], width: object.box[2], height: object.box[3])
            return ObjectAnnotation(
                id: object.id, box: box.clipped(toWidth: image.width, height: image.height), sourceBox: box,
                label: label, isCrowd: object.isCrowd, area: object.area)
        }
        return record
    }

    private func object(
        _ scanner: inout JSONScanner
    ) throws -> (id: Int, category: Int, box: [Double], area: Double, isCrowd: Bool) {
        var (id, category, box, area, isCrowd): (Int, Int, [Double], Double, Bool) = (0, 0, [], 0, false)
        _ = try scanner.object { scanner, key in
            switch key {
            case "id": id = try scanner.integer() ?? 0
            case "category_id": category = try scanner.integer() ?? 0
            case "bbox": _ = try scanner.array { scanner, _ in box.append(try scanner.number() ?? 0) }
            case "area": area = try scanner.number() ?? 0
            case "iscrowd": isCrowd = try scanner.flag() ?? false
            default: try scanner.skip()
            }
        }
        return (id, category, box, area, isCrowd)
    }
}
