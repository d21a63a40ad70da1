import Basics
import Foundation

/// `index.json`: the classes, the shards with their digests, and for each split a line a picture.
struct DatasetIndex {
    static let format = "jdnas-dataset/1"

    struct Shard: Hashable {
        var name: String
        /// Bytes.
        var size: Int
        var sha256: Digest
    }

    var categories: CategoryTable
    var shards: [Shard] = []
    var splits: [String: [DatasetRecord]] = [:]

    init(categories: CategoryTable) { self.categories = categories }

    /// JSON with a line for each class, shard and picture, so that `grep` and `diff` are of use.
    var text: String {
        var text = "{\n\"format\": \(quoted(Self.format)),\n"
        let classes = categories.categories.map { "{\"id\":\($0.id),\"name\":\(quoted($0.name))}" }
        text += "\"categories\": [\n\(classes.joined(separator: ",\n"))\n],\n"
        let files = shards.map { "{\"name\":\(quoted($0.name)),\"size\":\($0.size),\"sha256\":\"\($0.sha256)\"}" }
        text += "\"shards\": [\n\(files.joined(separator: ",\n"))\n],\n\"splits\": {\n"
        let lists = SplitName.all.map { name in
            let records = splits[name] ?? []
            return "\"\(name)\": [\n\(records.map { $0.indexText(categories) }.joined(separator: ",\n"))\n]"
        }
        return text + lists.joined(separator: ",\n") + "\n}\n}\n"
    }
}

func quoted(_ text: String) -> String { JSON.string(text).canonicalText }

extension DatasetRecord {
    /// The record's line in the index.
    func indexText(_ categories: CategoryTable) -> String {
        "{\"key\":\"\(key)\",\"shard\":\(shard),\"offset\":\(offset),\"size\":\(size),"
            + memberText(categories).dropFirst()
    }

    /// What the shard holds beside the picture: the picture's entry and its annotations as in a COCO file.
    func memberText(_ categories: CategoryTable) -> String {
        var text = "{\"id\":\(image.id),\"file_name\":\(quoted(image.fileName)),"
        text += "\"width\":\(image.width),\"height\":\(image.height),\"annotations\":["
        for (index, object) in annotations.enumerated() {
            let category = categories[label: object.label]?.id ?? 0
            let box = object.sourceBox
            text += index > 0 ? "," : ""
            text += "{\"id\":\(object.id),\"category_id\":\(category),"
            text += "\"bbox\":[\(number(box.x)),\(number(box.y)),\(number(box.width)),\(number(box.height))],"
            text += "\"area\":\(number(object.area)),\"iscrowd\":\(object.isCrowd ? 1 : 0)}"
        }
        return text + "]}"
    }
}

/// The shortest text that reads back as the same number.
func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
}
