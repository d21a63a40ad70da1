import Basics
import Foundation
import Manifest
import StageKit

/// Has an option of each kind; does nothing.
struct Rich: StagePlugin {
    struct Options: Codable, Sendable {}
    let name = "rich"
    let version = 1
    let summary = "reads all kinds of options"
    let consumes: [InputRequirement] = []
    let produces = ArtifactKind.dataset

    func options(_ reader: inout ConfigReader) -> Options? {
        let format = reader.choice("format", default: "plain", among: ["plain", "drawn", "8"], help: "of what")
        if format == "plain" { _ = reader.int("size", in: 1...9) } else { _ = reader.string("size", default: "L") }
        if format == "drawn" { _ = reader.string("pen") }
        _ = reader.optionalDouble("rate", in: 0...1)
        _ = reader.bool("flip", default: true)
        _ = reader.ints("widths", default: [16], in: 1...512, count: 1...4)
        _ = reader.optionalStrings("names")
        _ = reader.reader("loss").double("weight", default: 1)
        for item in reader.readers("steps") { _ = item.int("at", in: 0...100) }
        _ = reader.optionalFile("weights")
        _ = reader.optionalDirectory("root")
        _ = reader.optionalConfigFile("net")?.int("width", in: 1...64)
        return Options()
    }

    func run(_ options: Options, _ context: StageContext) throws {}
}

let richCatalog = StageCatalog(testCatalog.plugins + [Rich()])
