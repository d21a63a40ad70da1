import Basics
import COCOMetrics
import CommandKit
import Foundation

struct EvaluateCommand: Command {
    let name = "evaluate"
    let summary = "COCO's average precision of a detections file, as pycocotools computes it"
    let options = [
        Option("--ground-truth", value: "FILE", "annotations in COCO's format"),
        Option("--detections", value: "FILE", "detections in COCO's results format"),
        Option("--json", "print the 12 numbers and those of each category as JSON"),
        Option("--curves", "with --json: also precision over recall"),
    ]

    func run(_ arguments: Arguments) throws -> Int32 {
        let truth = try arguments.require("--ground-truth")
        let found = try arguments.require("--detections")
        let result = try evaluate(
            GroundTruth(contentsOf: URL(filePath: truth)), DetectionRecord.read(contentsOf: URL(filePath: found)),
            place: found)
        if arguments.has("--json") {
            Terminal.print(result.json(curves: arguments.has("--curves")).prettyText)
        } else {
            Terminal.print(result.table)
        }
        return 0
    }
}
