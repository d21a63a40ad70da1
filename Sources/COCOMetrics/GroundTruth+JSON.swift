import Basics
public import Foundation

extension GroundTruth {
    /// Reads a COCO annotation file (`instances_val2017.json` and the like).
    public init(contentsOf url: URL) throws { try self.init(parsing: readFile(url), at: url.path) }

    /// Reads the text of a COCO annotation file: `images`, `categories` and `annotations`; other members are skipped.
    /// `place` names the file in errors.
    public init(parsing data: Data, at place: String = "ground truth") throws {
        let file = try decode(
            GroundTruthFile.self, from: data, at: place, remedy: "see COCO's data format, 'annotations'")
        self.init(
            images: file.images.map(\.id),
            categories: file.categories.map { Category(id: $0.id, name: $0.name ?? "\($0.id)") },
            annotations: try file.annotations.enumerated().map { index, entry in
                let box = try COCOBox(entry.bbox, at: "\(place): annotations[\(index)]")
                return Annotation(
                    id: entry.id, imageID: entry.imageID, categoryID: entry.categoryID, box: box,
                    area: entry.area, isCrowd: entry.iscrowd?.isSet ?? false)
            })
        try check(at: place)
    }
}

extension DetectionRecord {
    /// Reads a COCO results file: an array of `{"image_id", "category_id", "bbox", "score"}`.
    public static func read(contentsOf url: URL) throws -> [DetectionRecord] {
        try read(parsing: readFile(url), at: url.path)
    }

    /// Reads the text of a COCO results file. `place` names the file in errors.
    public static func read(parsing data: Data, at place: String = "detections") throws -> [DetectionRecord] {
        try decode([DetectionEntry].self, from: data, at: place, remedy: "see COCO's results format for detection")
            .enumerated().map { index, entry in
                let box = try COCOBox(entry.bbox, at: "\(place)[\(index)]")
                return DetectionRecord(
                    imageID: entry.imageID, categoryID: entry.categoryID, box: box, score: entry.score)
            }
    }

    /// The text of a COCO results file.
    public static func write(_ detections: [DetectionRecord]) -> Data {
        var text = "["
        for (index, detection) in detections.enumerated() {
            let box = detection.box
            text += index == 0 ? "\n" : ",\n"
            text += "{\"image_id\":\(detection.imageID),\"category_id\":\(detection.categoryID),"
            text += "\"bbox\":[\(box.x),\(box.y),\(box.width),\(box.height)],\"score\":\(detection.score)}"
        }
        return Data((text + "\n]\n").utf8)
    }
}

// The files' own member names.
private struct GroundTruthFile: Decodable {
    struct Image: Decodable { var id: Int }
    struct Category: Decodable {
        var id: Int
        var name: String?
    }
    struct Annotation: Decodable {
        var id: Int
        var imageID: Int
        var categoryID: Int
        var bbox: [Double]
        var area: Double?
        var iscrowd: Flag?

        enum CodingKeys: String, CodingKey {
            case id, bbox, area, iscrowd
            case imageID = "image_id"
            case categoryID = "category_id"
        }
    }
    var images: [Image]
    var categories: [Category]
    var annotations: [Annotation]
}

private struct DetectionEntry: Decodable {
    var imageID: Int
    var categoryID: Int
    var bbox: [Double]
    var score: Double

    enum CodingKeys: String, CodingKey {
        case bbox, score
        case imageID = "image_id"
        case categoryID = "category_id"
    }
}

/// `0`, `1`, `true` or `false`: converters write all of them.
private struct Flag: Decodable {
    var isSet: Bool

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        isSet = try (try? container.decode(Bool.self)) ?? (container.decode(Int.self) != 0)
    }
}

extension COCOBox {
    fileprivate init(_ numbers: [Double], at place: String) throws {
        guard numbers.count == 4 else {
            throw Failure(
                "'bbox' has \(numbers.count) numbers instead of 4", at: place, remedy: "write [x, y, width, height]")
        }
        self.init(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    }
}

private func readFile(_ url: URL) throws -> Data {
    do {
        return try Data(contentsOf: url)
    } catch {
        throw Failure("cannot be read", at: url.path, remedy: "check the path and the file's permissions")
    }
}

private func decode<Value: Decodable>(_ type: Value.Type, from data: Data, at place: String, remedy: String) throws
    -> Value
{
    do {
        return try JSONDecoder().decode(type, from: data)
    } catch let error as DecodingError {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.reduce(into: "") { text, key in
                text += key.intValue.map { "[\($0)]" } ?? (text.isEmpty ? key.stringValue : ".\(key.stringValue)")
            }
        }
        func failure(_ what: String, _ context: DecodingError.Context) -> Failure {
            let path = path(context)
            return Failure(
                what, at: path.isEmpty || path.hasPrefix("[") ? place + path : "\(place): \(path)", remedy: remedy)
        }
        switch error {
        case .keyNotFound(let key, let context): throw failure("lacks '\(key.stringValue)'", context)
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            throw failure(context.debugDescription, context)
        case .dataCorrupted(let context):
            let reason = (context.underlyingError as? NSError)?.userInfo[NSDebugDescriptionErrorKey] as? String
            throw failure("not valid JSON: \(reason ?? context.debugDescription)", context)
        @unknown default: throw Failure("\(error)", at: place, remedy: remedy)
        }
    }
}
