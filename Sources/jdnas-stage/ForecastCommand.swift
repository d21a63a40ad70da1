import Basics
import CommandKit
import Foundation
import Manifest
import StageKit

/// For `jdnas plan`: what stages may cost.
struct ForecastCommand: Command {
    let name = "forecast"
    let summary = "say what a job's stages may cost, from what they compute and write, and how quick this machine is"
    let details =
        "Reads a query from standard input and writes seconds, and bytes on the disk, by stage, and why it cannot reckon others, as JSON; 'jdnas plan' asks it."

    func run(_ arguments: Arguments) throws -> Int32 {
        let text = FileHandle.standardInput.readDataToEndOfFile()
        let query = try JSON(parsing: text, at: "standard input").decode(ForecastQuery.self, at: "standard input")
        var pace = MachinePace()
        let answer = query.answer(stageCatalog) { pace.rate(threads: $0) }
        Terminal.print(try JSON(encoding: answer).prettyText)
        return 0
    }
}
