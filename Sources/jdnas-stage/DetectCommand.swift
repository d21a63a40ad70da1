import Basics
import CommandKit
import Dataset
import Detection
import Devices
import Foundation
import Images
import Tensor

struct DetectCommand: Command {
    let name = "detect"
    let summary = "find objects in pictures"
    let operands = "IMAGE…"
    let arity = 1...100_000
    let options =
        DetectorSource.options + [
            Option("--json", "print an array of {file_name, category_id, bbox: [x, y, width, height], score}"),
            Option("--draw", value: "DIR", "write the pictures with boxes, classes and scores into this folder"),
            Option(
                "--threshold", value: "SCORE",
                "leave out what scores less (default: the detector's own threshold; in pictures at least 0.5)"),
            Option("--threads", value: "N", "threads to compute with (default: the processor's)"),
        ]
    let details =
        "Boxes are in the picture's own pixels. A picture that can't be read is told, and the others are done."

    func run(_ arguments: Arguments) throws -> Int32 {
        let threads =
            try arguments.integer("--threads", in: 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
        let threshold = try arguments.number("--threshold", in: 0...1)
        let source = try DetectorSource(arguments)
        var pictures = try arguments.value("--draw").map { try DetectionPictures(folder: $0, source.categories) }
        Compute.prepare(threads: threads, precision: .float32) { Terminal.error($0) }

        var found: [(file: String, objects: [DetectedObject])] = []
        var failed = 0
        for (index, file) in arguments.operands.enumerated() {
            do {
                let image = try readPicture(file)
                let objects = try source.detector.detect([
                    ImagePlanes(image)
                ])[0].filter { $0.score >= Float(threshold ?? 0) }
                found.append((file, objects))
                try pictures?.write(
                    image, objects.filter { Double($0.score) >= threshold ?? 0.5 }, named: file)
            } catch let failure as Failure {
                failed += 1
                Terminal.error("error: \(failure)")
            }
            if arguments.operands.count > 20, (index + 1) % 20 == 0 {
                Terminal.error("\(index + 1) of \(arguments.operands.count) pictures")
            }
        }
        Terminal.print(arguments.has("--json") ? json(found, source).prettyText : table(found, source))
        return failed == 0 ? 0 : 1
    }

    private func json(_ found: [(file: String, objects: [DetectedObject])], _ source: DetectorSource) -> JSON {
        .array(
            found.flatMap { file, objects in
                objects.map { object in
                    let box = object.box
                    return [
                        "file_name": .string(file), "category_id": .integer(source.categories[object.label - 1].id),
                        "bbox": .array([box.x1, box.y1, box.width, box.height].map { .number(Double($0)) }),
                        "score": .number(Double(object.score)),
                    ]
                }
            })
    }

    private func table(_ found: [(file: String, objects: [DetectedObject])], _ source: DetectorSource) -> String {
        let rows = found.flatMap { file, objects in
            objects.isEmpty
                ? [[file, "nothing found"]]
                : objects.map { object in
                    let numbers = [object.box.x1, object.box.y1, object.box.width, object.box.height]
                    return [file, source.categories[object.label - 1].name, String(format: "%.3f", object.score)]
                        + numbers.map { String(format: "%.1f", $0) }
                }
        }
        return Table(
            header: ["picture", "class", "score", "x", "y", "width", "height"], rows: rows, right: [2, 3, 4, 5, 6]
        )
        .text()
    }
}
