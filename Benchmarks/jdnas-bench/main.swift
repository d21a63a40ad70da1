import CommandKit
import Foundation

exit(
    Program(
        name: "jdnas-bench", summary: "Measures jdnas beside its peers.",
        commands: [
            RunCommand(), WorkerCommand(), ONNXCasesCommand(), LossesCommand(), LatencyCommand(), TeachersCommand(),
        ]
    ).run(Array(CommandLine.arguments.dropFirst())))
