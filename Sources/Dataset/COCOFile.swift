import Basics
public import Foundation

/// A COCO annotation file (cocodataset.org, "data format"), checked entry by entry.
///
/// `problems` holds every bad entry, which is then not among the images and annotations. What makes the file as a whole
/// useless (it is no JSON, has no images, two classes of one id) is thrown.
public struct COCOFile: Sendable {
    public let file: String
    public let categories: CategoryTable
    /// By ascending id.
    public let images: [Entry]
    public let problems: [AnnotationProblem]
    /// Boxes that reach beyond their picture; they are clipped for training.
    public let beyondCount: Int

    /// A picture with its objects in the file's order.
    public struct Entry: Sendable, Hashable {
        public var image: ImageRecord
        public var annotations: [ObjectAnnotation]
        /// `file:line:column` and `images[5]`, for messages.
        var place: String
        var name: String
    }

    /// Parses and checks a file; with `classes`, objects of other classes are left out.
    public init(parsing url: URL, classes: [String]? = nil) throws {
        let data: Data
        do { data = try Data(contentsOf: url, options: .mappedIfSafe) } catch {
            throw Failure(
                "cannot read the annotation file", at: url.path, remedy: "check that it exists and can be read")
        }
        try self.init(parsing: data, file: url.path, classes: classes)
    }

    init(parsing data: Data, file: String, classes: [String]? = nil) throws {
        let raw = try COCORawFile(parsing: data, file: file)
        self.file = file
        let all = try COCOFile.table(raw)
        categories = try classes.map { try all.keeping($0, place: file) } ?? all
        var check = COCOCheck(declared: all, kept: categories)
        images = check.entries(raw)
        problems = check.problems
        beyondCount = check.beyondCount
    }

    private static func table(_ raw: COCORawFile) throws -> CategoryTable {
        var ids: Set<Int> = []
        var names: Set<String> = []
        var named: [(id: Int, name: String)] = []
        for (index, category) in raw.categories.enumerated() {
            func wrong(_ what: String) -> Failure {
                Failure("categories[\(index)]: \(what)", at: category.place, remedy: "mend the annotation file")
            }
            guard let id = category.id, let name = category.name, !name.isEmpty else {
                throw wrong("it needs an 'id' (a whole number) and a 'name'")
            }
            guard ids.insert(id).inserted else { throw wrong("there is another class of id \(id)") }
            guard names.insert(name).inserted else { throw wrong("there is another class named '\(name)'") }
            named.append((id, name))
        }
        return CategoryTable(named)
    }
}
