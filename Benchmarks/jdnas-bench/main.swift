import CommandKit
import Foundation
import Tensor

Compute.restartIfOutdated()

exit(
    Program(
        name: "jdnas-bench", summary: "Measures jdnas beside its peers.",
        commands: [
            RunCommand(), WorkerCommand(), ONNXCasesCommand(), LossesCommand(), LatencyCommand(), TeachersCommand(),
        ]
    ).run(Array(CommandLine.arguments.dropFirst())))
