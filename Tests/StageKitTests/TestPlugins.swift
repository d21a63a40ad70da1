import Basics
import Foundation
import Manifest
import StageKit

/// Makes a data set of a few lines.
struct Lines: StagePlugin {
    struct Options: Codable, Sendable {
        var count: Int
        var rate: Double
        var root: String?
    }
    let name = "lines"
    let version = 3
    let summary = "writes lines"
    let consumes: [InputRequirement] = []
    let produces = ArtifactKind.dataset

    func options(_ reader: inout ConfigReader) -> Options? {
        guard let count = reader.int("count", in: 1...100, help: "how many") else { return nil }
        let rate = reader.double("rate", default: 0.5, in: 0...1)
        return Options(count: count, rate: rate, root: reader.optionalDirectory("root")?.path)
    }

    func run(_ options: Options, _ context: StageContext) throws {
        var random = context.seed
        let text = (0..<options.count).map { "\($0) \(random.next())\n" }.joined()
        try Data(text.utf8).write(to: context.output.directory.appending(path: "lines.txt"))
        context.output.mark("lines.txt", bundle: true)
        context.output.summary = ["count": .integer(options.count)]
        context.progress.report(fraction: 1, message: "written", metrics: ["count": Double(options.count)])
    }
}

/// Reads a data set; does what its option says.
struct Reads: StagePlugin {
    struct Options: Codable, Sendable { var mode: String }
    let name = "reads"
    let version = 1
    let summary = "reads lines"
    let consumes = [InputRequirement(.dataset), InputRequirement(.detector, required: false)]
    let produces = ArtifactKind.evaluation

    func options(_ reader: inout ConfigReader) -> Options? {
        Options(
            mode: reader.choice("mode", default: "copy", among: ["copy", "fail", "nothing", "link", "cancel", "huge"]))
    }

    func forecast(_ options: Options, _ inputs: [Prospect]) throws -> Forecast? {
        Forecast([], disk: options.mode == "huge" ? 1 << 60 : 1)
    }

    func run(_ options: Options, _ context: StageContext) throws {
        let target = context.output.directory.appending(path: "copy.txt")
        switch options.mode {
        case "fail": throw Failure("the lines are wrong", at: "lines.txt", remedy: "write better ones")
        case "link":
            try FileManager.default.createSymbolicLink(atPath: target.path, withDestinationPath: "/etc/passwd")
        case "cancel": throw Failure("stopped on request", cause: .cancelled)
        case "copy":
            let source = try context.inputs.require(.dataset).directory.appending(path: "lines.txt")
            try FileManager.default.copyItem(at: source, to: target)
        default: break
        }
    }
}

let testCatalog = StageCatalog([Lines(), Reads()])
