import Basics
import Foundation

/// The entries of a COCO file as they stand there; what is missing or of another type is nil.
struct COCORawFile {
    struct Image {
        var place: String
        var id: Int?
        var fileName: String?
        var width: Int?
        var height: Int?
    }

    struct Annotation {
        var line: Int32
        var column: Int32
        var id: Int?
        var imageID: Int?
        var categoryID: Int?
        var box: [Double] = []
        var area: Double?
        var isCrowd: Bool? = false
    }

    struct RawCategory {
        var place: String
        var id: Int?
        var name: String?
    }

    let file: String
    var images: [Image] = []
    var annotations: [Annotation] = []
    var categories: [RawCategory] = []

    init(parsing data: Data, file: String) throws {
        self.file = file
        var scanner = JSONScanner(data, file: file)
        var missing: Set = ["images", "annotations", "categories"]
        let isObject = try scanner.object { scanner, key in
            guard ["images", "annotations", "categories"].contains(key) else { return try scanner.skip() }
            let place = scanner.place
            guard missing.remove(key) != nil else {
                throw Failure("'\(key)' is there twice", at: place, remedy: "merge the two lists")
            }
            let isList = try scanner.array { scanner, _ in
                switch key {
                case "images": images.append(try Self.image(&scanner))
                case "annotations": annotations.append(try Self.annotation(&scanner))
                default: categories.append(try Self.category(&scanner))
                }
            }
            if !isList { throw Failure("'\(key)' is not a list", at: place, remedy: "write it as COCO does: [ … ]") }
        }
        try scanner.end()
        guard isObject, missing.isEmpty else {
            let lacking = missing.sorted().map { "'\($0)'" }.joined(separator: ", ")
            throw Failure(
                "this is no COCO annotation file: \(lacking) missing", at: file,
                remedy: "it must be an object with the lists images, annotations and categories")
        }
        guard !categories.isEmpty else {
            throw Failure("there are no categories", at: file, remedy: "list the classes under 'categories'")
        }
        guard !images.isEmpty else {
            throw Failure("there are no images", at: file, remedy: "list the pictures under 'images'")
        }
    }

    private static func image(_ scanner: inout JSONScanner) throws -> Image {
        var image = Image(place: scanner.place)
        _ = try scanner.object { scanner, key in
            switch key {
            case "id": image.id = try scanner.integer()
            case "file_name": image.fileName = try scanner.string()
            case "width": image.width = try scanner.integer()
            case "height": image.height = try scanner.integer()
            default: try scanner.skip()
            }
        }
        return image
    }

    private static func annotation(_ scanner: inout JSONScanner) throws -> Annotation {
        let (line, column) = scanner.lineAndColumn
        var annotation = Annotation(line: Int32(clamping: line), column: Int32(clamping: column))
        _ = try scanner.object { scanner, key in
            switch key {
            case "id": annotation.id = try scanner.integer()
            case "image_id": annotation.imageID = try scanner.integer()
            case "category_id": annotation.categoryID = try scanner.integer()
            case "area": annotation.area = try scanner.number()
            case "iscrowd": annotation.isCrowd = try scanner.flag()
            case "bbox":
                _ = try scanner.array { scanner, _ in
                    // A value that is no number makes the list as wrong as a missing one does.
                    annotation.box.append(try scanner.number() ?? .nan)
                }
            default: try scanner.skip()
            }
        }
        return annotation
    }

    private static func category(_ scanner: inout JSONScanner) throws -> RawCategory {
        var category = RawCategory(place: scanner.place)
        _ = try scanner.object { scanner, key in
            switch key {
            case "id": category.id = try scanner.integer()
            case "name": category.name = try scanner.string()
            default: try scanner.skip()
            }
        }
        return category
    }
}
