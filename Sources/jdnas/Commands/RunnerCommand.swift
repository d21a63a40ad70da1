import Basics
import CommandKit
import Foundation
import Runner
import Spool

struct RunnerCommand: Command {
    let name = "run"
    let summary = "run the jobs of a spool, one stage after the other, with live progress"
    let operands = "[FILE…]"
    let arity = 0...10_000
    let options = [
        SpoolArgument.option,
        Option("--drain", "end when nothing is left to do, instead of waiting for more"),
        Option("--threads", value: "N", "threads of stages that do not say (default: one for each processor)"),
        Option("--max-attempts", value: "N", "how often a stage is tried that fails by itself (default 3)"),
        Option("--take-over", "replace a runner on another machine that has not been heard of for a minute"),
        Option("--quiet", "say nothing; 'jdnas list' and 'jdnas logs' tell"),
    ]
    let details = """
        FILEs are checked and handed in first. A spool that isn't there is made. One runner works on a spool at a time; after
        a crash, a kill or Ctrl-C the next one goes on from the stages' checkpoints. With --drain the exit code is 0 if all
        jobs are done, 1 if one failed or was refused.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        var options = RunnerOptions()
        options.drain = arguments.has("--drain")
        options.takeOver = arguments.has("--take-over")
        if let threads = try arguments.integer("--threads", in: 1...1024) { options.threads = threads }
        if let attempts = try arguments.integer("--max-attempts", in: 1...100) { options.maxAttempts = attempts }
        let manifests = arguments.operands.isEmpty ? [] : try SubmitCommand.check(arguments.operands)
        let spool = try SpoolArgument.open(arguments, create: true)
        for manifest in manifests { _ = try SubmitCommand.submit(manifest, base: options.base, to: spool) }

        let reporter: any RunnerReporter = arguments.has("--quiet") ? SilentReporter() : ConsoleReporter()
        let runner = try Runner(
            spool: spool, stageProgram: try StageProgram.url(), options: options, reporter: reporter,
            stop: try .onSignals())
        return try runner.run().exitCode
    }
}
