import CommandKit
import Foundation
import StageKit

/// Does one task of a stage; the stage starts it.
struct WorkCommand: Command {
    let name = "work"
    let summary = "do the task of a stage that a folder describes"
    let operands = "FOLDER"
    let arity = 1...1
    let details = "Exit codes: as those of 'run'."

    func run(_ arguments: Arguments) throws -> Int32 {
        WorkerProcess.run(URL(filePath: arguments.operands[0]), catalog: stageCatalog)
    }
}
