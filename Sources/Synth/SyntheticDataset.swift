import Basics
import Dataset
public import Foundation
import Glibc
import Images

/// Writes a synthetic data set in COCO layout: `annotations/instances_{train,val}.json`, `train/`, `val/`.
///
/// A scene depends on the seed, its split and its number only: more scenes leave the first ones as they are.
/// `progress` gets the part that is done and a line; it may throw to stop.
///
/// The folder is there when all is drawn, and not before: drawing goes on in a hidden one beside it, which takes its
/// place by rename(2). What is there already must be an empty folder.
public func writeSyntheticDataset(
    to folder: URL, train: Int, val: Int, size: (width: Int, height: Int), seed: UInt64,
    progress: (Double, String) throws -> Void = { _, _ in }
) throws {
    guard size.width >= 48, size.height >= 48, size.width <= 4096, size.height <= 4096, train > 0, val > 0 else {
        throw Failure(
            "cannot draw \(train) and \(val) scenes of \(size.width)×\(size.height) pixels",
            remedy: "ask for at least one scene a split, and 48 to 4096 pixels in both directions")
    }
    let parent = folder.deletingLastPathComponent()
    let hidden = parent.appending(path: ".\(folder.lastPathComponent).\(getpid()).drawing")
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    try? FileManager.default.removeItem(at: hidden)
    do {
        try draw(to: hidden, train: train, val: val, size: size, seed: seed, progress: progress)
        guard rename(hidden.path, folder.path) == 0 else {
            let code = errno
            throw Failure.system(
                "rename", at: folder.path, errno: code, remedy: "name a folder that is not there yet")
        }
    } catch {
        try? FileManager.default.removeItem(at: hidden)
        throw error
    }
    try DurableFile.syncDirectory(parent)
}

private func draw(
    to folder: URL, train: Int, val: Int, size: (width: Int, height: Int), seed: UInt64,
    progress: (Double, String) throws -> Void
) throws {
    let random = RandomStream(seed: seed).stream("smear")
    var done = 0
    for (split, count) in [("train", train), ("val", val)] {
        let pictures = folder.appending(path: split)
        let annotations = folder.appending(path: "annotations")
        for needed in [pictures, annotations] {
            try FileManager.default.createDirectory(at: needed, withIntermediateDirectories: true)
        }
        var images: [JSON] = []
        var objects: [JSON] = []
        for number in 0..<count {
            let scene = SmearScene(
                width: size.width, height: size.height, random: random.stream(split).stream("scene", number))
            // Ids of the splits don't meet, so that files can be merged.
            let id = number + 1 + (split == "train" ? 0 : 1_000_000)
            let name = "smear-\(String(repeating: "0", count: max(0, 6 - String(number).count)))\(number).png"
            try encodePNG(scene.image).write(to: pictures.appending(path: name))
            images.append([
                "id": .integer(id), "file_name": .string(name), "width": .integer(scene.image.width),
                "height": .integer(scene.image.height),
            ])
            for object in scene.objects {
                let box = [object.box.x, object.box.y, object.box.width, object.box.height]
                objects.append([
                    "id": .integer(objects.count + 1), "image_id": .integer(id),
                    "category_id": .integer(object.kind.rawValue), "bbox": .array(box.map { .integer(Int($0)) }),
                    "area": .integer(object.area), "iscrowd": 0,
                ])
            }
            done += 1
            try progress(Double(done) / Double(train + val), "\(split): \(number + 1) of \(count) scenes drawn")
        }
        let file: JSON = [
            "info": ["description": .string("synthetic blood smears, seed \(seed)")],
            "categories": .array(
                SmearClass.allCases.map { ["id": .integer($0.rawValue), "name": .string($0.name)] }),
            "images": .array(images), "annotations": .array(objects),
        ]
        try DurableFile.write(file.canonicalText + "\n", to: annotations.appending(path: "instances_\(split).json"))
    }
}
