import Basics
import CommandKit
import Dataset
import Detection
import Foundation
import ONNX

struct ExportCommand: Command {
    let name = "export"
    let summary = "write a detector as an ONNX model, from image to boxes"
    let options =
        DetectorSource.options + [
            Option("--onnx", value: "FILE", "the model to write"),
            Option("--size", value: "HxW", "take only images of this height and width (default: any size)"),
        ]
    let details = "docs/export.md says what the model takes and gives."

    func run(_ arguments: Arguments) throws -> Int32 {
        let file = try arguments.require("--onnx")
        let size = try arguments.value("--size").map(imageSize)
        let source = try DetectorSource(arguments)
        let model = try ONNXModel(
            source.detector, size: size, classNames: source.categories.map(\.name), producerVersion: Program.version)
        try model.write(to: URL(filePath: file))
        let images = size.map { "images of \($0.height)×\($0.width)" } ?? "images of any size"
        Terminal.print("\(file): takes \(images), finds \(source.categories.count) classes")
        return 0
    }

    /// `480x640`, or with ×.
    private func imageSize(_ text: String) throws -> ImageSize {
        let sides = text.split(omittingEmptySubsequences: false) { "xX×".contains($0) }.map { Int($0) }
        guard sides.count == 2, let height = sides[0], let width = sides[1], (1...65_535).contains(height),
            (1...65_535).contains(width)
        else {
            throw UsageError(
                "'--size' must be a height and a width from 1 to 65535, not '\(text)'",
                remedy: "write '--size 480x640', say")
        }
        return ImageSize(width: width, height: height)
    }
}
