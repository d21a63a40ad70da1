import Basics
public import Dataset
public import Foundation

extension DetectorFiles {
    /// The classes that a detector's labels stand for: `categories.json` beside its architecture. A detector may do without.
    public static let categoriesName = "categories.json"

    /// Writes the classes in the order of their labels.
    public static func write(_ categories: [Dataset.Category], to folder: URL) throws {
        let json: JSON = [
            "format": "jdnas-categories/1",
            "categories": .array(
                categories.sorted { $0.label < $1.label }.map { ["id": .integer($0.id), "name": .string($0.name)] }),
        ]
        try DurableFile.write(json.prettyText, to: folder.appendingPathComponent(categoriesName))
    }

    /// Refuses a detector whose labels stand for the data set's classes in another order: it would take one for another. Gives a
    /// notice where they have other names, which may be but other words for the same; nil too where the folder does not name them.
    ///
    /// - Parameters:
    ///   - role: what the message calls the detector: `the base`.
    ///   - place: what gave it.
    public static func checkNames(
        in folder: URL, against data: PackedDataset, _ role: String, at place: String
    ) throws -> String? {
        let own = data.categories.sorted { $0.label < $1.label }.map(\.name)
        guard FileManager.default.fileExists(atPath: folder.appendingPathComponent(categoriesName).path) else {
            return nil
        }
        let names = try readCategories(from: folder, count: own.count).map(\.name)
        guard names != own else { return nil }
        let others = zip(names, own).filter { $0 != $1 }
        let first = others.first.map { "its '\($0.0)' is '\($0.1)' there" } ?? ""
        let what =
            "\(others.count) of \(own.count) classes of \(role) have other names than those of the data set (\(first))"
        guard names.sorted() != own.sorted() else {
            throw Failure(
                "\(what): they are the same ones in another order", at: place,
                remedy: "give the data set's categories the ids that they had when \(role) was trained")
        }
        return "\(what): they are taken for the same, in this order"
    }

    /// The classes of a detector of so many; `class 1`, `class 2`, … where the folder does not name them.
    public static func readCategories(from folder: URL, count: Int) throws -> [Dataset.Category] {
        let file = folder.appendingPathComponent(categoriesName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            return (1...max(count, 1)).map { Dataset.Category(id: $0, name: "class \($0)", label: $0) }
        }
        let json = try JSON(parsing: Data(contentsOf: file), at: file.path)
        let named = (json["categories"]?.array ?? []).enumerated().compactMap { index, entry in
            entry["id"]?.integer.map {
                Dataset.Category(id: $0, name: entry["name"]?.string ?? "class \($0)", label: index + 1)
            }
        }
        guard json["format"]?.string == "jdnas-categories/1", named.count == count else {
            throw Failure(
                "this does not name the detector's \(count) classes", at: file.path,
                remedy: "mend it, or remove it: the classes are then numbered")
        }
        return named
    }
}
