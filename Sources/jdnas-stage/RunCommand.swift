import CommandKit
import Foundation
import StageKit

/// Runs one stage; the runner starts it.
struct RunCommand: Command {
    let name = "run"
    let summary = "run the stage that a request file describes"
    let operands = "REQUEST"
    let arity = 1...1
    let details = "Exit codes: 0 done, 65 wrong input, 70 defect, 74 the machine failed, 75 stopped on request."

    func run(_ arguments: Arguments) throws -> Int32 {
        StageProcess.run(URL(filePath: arguments.operands[0]), catalog: stageCatalog)
    }
}
