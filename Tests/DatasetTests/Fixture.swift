import Basics
import Dataset
import Foundation
import Images
import TestSupport

/// A small data set in COCO layout that a test can spoil in one place.
struct Fixture {
    let folder: TemporaryFolder
    var categories = #"[{"id": 3, "name": "cat"}, {"id": 90, "name": "dog"}, {"id": 7, "name": "bird"}]"#
    var images: [String] = []
    var annotations: [String] = []

    /// Two splits; the tests spoil train.
    init() throws {
        folder = try TemporaryFolder()
        for id in 1...6 {
            images.append(#"{"id": \#(id), "file_name": "p\#(id).jpg", "width": 40, "height": 30}"#)
            annotations.append(Self.annotation(id: id, image: id, category: [3, 7, 90][id % 3]))
            for split in ["train", "val"] { try picture("\(split)/p\(id).jpg", seed: id) }
        }
        try writeAnnotations("val")
    }

    static func annotation(
        id: Int, image: Int, category: Int = 3, box: String = "[5, 6, 10, 12.5]", more: String = ""
    ) -> String {
        #"{"id": \#(id), "image_id": \#(image), "category_id": \#(category), "bbox": \#(box)\#(more)}"#
    }

    func picture(_ path: String, seed: Int, width: Int = 40, height: Int = 30) throws {
        var canvas = Canvas(RGBImage(width: width, height: height, fill: RGB(200, 190, 180)))
        canvas.fillEllipse(center: (Double(10 + seed), 12), radii: (5, 6), RGB(120, UInt8(seed * 20), 60))
        try folder.write(path.hasSuffix("png") ? encodePNG(canvas.image) : encodeJPEG(canvas.image), to: path)
    }

    func writeAnnotations(_ split: String) throws {
        let text = """
            {"info": {"description": "näme \\u00e9"}, "categories": \(categories),
            "images": [\(images.joined(separator: ",\n"))],
            "annotations": [\(annotations.joined(separator: ",\n"))]}
            """
        try folder.write(text, to: "annotations/instances_\(split).json")
    }

    /// Writes train's annotations and packs; the folder's path is `~` in the message.
    func packMessage(_ change: (inout PackOptions) -> Void = { _ in }) throws -> String? {
        try writeAnnotations("train")
        return failureText(in: folder) { try pack(change) }
    }

    @discardableResult func pack(
        to name: String = "packed", _ change: (inout PackOptions) -> Void = { _ in }
    ) throws -> PackReport {
        var options = PackOptions()
        change(&options)
        return try packDataset(root: folder.url, to: folder[name], options: options)
    }
}
