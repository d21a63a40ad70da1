import Basics
import Dataset
import Detection
import Foundation
import Images

/// Pictures with what was found in them, in a folder.
struct DetectionPictures {
    private let folder: URL
    private let categories: [Dataset.Category]
    private var names: Set<String> = []

    init(folder: String, _ categories: [Dataset.Category]) throws {
        self.folder = URL(filePath: folder)
        self.categories = categories
        do {
            try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        } catch {
            throw Failure("the folder cannot be made", at: folder, remedy: "check the name and permissions")
        }
    }

    /// Writes `<name>.jpg`, or `<name>-2.jpg` and so on where pictures of one name come from several folders. Small pictures
    /// are enlarged, so that captions can be read.
    mutating func write(_ image: RGBImage, _ objects: [DetectedObject], named file: String) throws {
        let factor = max(1, (800 + max(image.width, image.height) - 1) / max(image.width, image.height))
        let scale = Double(min(factor, 4))
        var canvas = Canvas(image.enlarged(by: min(factor, 4)))
        // The surest last: on top.
        canvas.draw(
            objects.reversed().map { object in
                let category = categories[object.label - 1]
                return CaptionedBox(
                    x1: Double(object.box.x1) * scale, y1: Double(object.box.y1) * scale,
                    x2: Double(object.box.x2) * scale, y2: Double(object.box.y2) * scale,
                    caption: "\(category.name) \(Int((object.score * 100).rounded()))%",
                    color: RGB.palette[(object.label - 1) % RGB.palette.count])
            })
        let name = URL(filePath: file).deletingPathExtension().lastPathComponent
        var target = "\(name).jpg"
        var number = 2
        while !names.insert(target).inserted {
            target = "\(name)-\(number).jpg"
            number += 1
        }
        let url = folder.appending(path: target)
        // The picture itself would be gone.
        guard url.resolvingSymlinksInPath().path != URL(filePath: file).resolvingSymlinksInPath().path else {
            throw Failure(
                "the picture would be written over by the one with boxes", at: file,
                remedy: "give --draw another folder than the pictures'")
        }
        try DurableFile.write(encodeJPEG(canvas.image, quality: 92), to: url)
    }
}
