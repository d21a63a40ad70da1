import Basics
import CommandKit
import Foundation
import Synth

struct SynthCommand: Command {
    let name = "synth"
    let summary = "draw a synthetic data set in COCO's layout"
    let options = [
        Option("--to", value: "DIR", "the folder to make"),
        Option("--train", value: "N", "pictures to train on (default 64)"),
        Option("--val", value: "N", "pictures to validate on (default 16)"),
        Option("--width", value: "PIXELS", "width of the pictures (default 320)"),
        Option("--height", value: "PIXELS", "height of the pictures (default 240)"),
        Option("--seed", value: "N", "other seeds give other pictures (default 0)"),
    ]
    let details = "Writes annotations/instances_{train,val}.json, train/ and val/: scenes like blood smears."

    func run(_ arguments: Arguments) throws -> Int32 {
        let path = try arguments.require("--to")
        let train = try arguments.integer("--train", in: 1...1_000_000) ?? 64
        let val = try arguments.integer("--val", in: 1...1_000_000) ?? 16
        let width = try arguments.integer("--width", in: 48...4096) ?? 320
        let height = try arguments.integer("--height", in: 48...4096) ?? 240
        let seed = try arguments.integer("--seed", in: 0...Int.max) ?? 0
        if let there = try? FileManager.default.contentsOfDirectory(atPath: path), !there.isEmpty {
            throw Failure("the folder is not empty", at: path, remedy: "name a new or empty folder with --to")
        }
        try writeSyntheticDataset(
            to: URL(filePath: path).standardizedFileURL, train: train, val: val, size: (width, height),
            seed: UInt64(seed))
        Terminal.print("\(path): \(train) and \(val) pictures of \(width)×\(height)")
        return 0
    }
}
