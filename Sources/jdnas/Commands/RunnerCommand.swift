import Basics
import CommandKit
import Foundation
import Glibc
import Runner
import Spool

struct RunnerCommand: Command {
    let name = "run"
    let summary = "run the jobs of a spool, with live progress"
    let operands = "[FILE…]"
    let arity = 0...10_000
    let options = [
        SpoolArgument.option,
        Option("--drain", "end when nothing is left to do, instead of waiting for more"),
        Option(
            "--config", value: "FILE", "settings that can change while it works; SIGHUP has them read again"),
        Option("--threads", value: "N", "threads of stages that do not say (default: one for each processor)"),
        Option(
            "--cpus", value: "N",
            "processors that stages may use together (default: as --threads, so that one runs at a time)"),
        Option("--memory", value: "SIZE", "memory that stages may claim together, like 12G (default: this machine's)"),
        Option("--max-attempts", value: "N", "how often a stage is tried that fails by itself (default 3)"),
        Option(
            "--stall-limit", value: "MINUTES",
            "end a stage whose log and progress have not changed for so long (default 30; 0: never)"),
        Option("--no-cache", "run every stage, also one whose result an earlier job in this spool has"),
        Option("--take-over", "replace a runner on another machine that has not been heard of for a minute"),
        Option(
            "--on-done", value: "PROGRAM",
            "call this when a job has ended; JDNAS_JOB, JDNAS_STATE, JDNAS_BUNDLE, JDNAS_REASON are in its environment"),
        Option("--log", value: "FORMAT", "write events for programs, a line each: logfmt or json"),
        Option("--quiet", "say nothing; 'jdnas list' and 'jdnas logs' tell"),
    ]
    let details = """
        FILEs are checked and handed in first. A spool that isn't there is made. One runner works on a spool at a time; after
        a crash, a kill or Ctrl-C the next one goes on from the stages' checkpoints. The exit code is 1 if a job failed, was
        refused or could not go on, else 0; with --drain, 128 and the signal's number (130 after Ctrl-C, 143 after kill) if
        it was stopped before all was done.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        var options = RunnerOptions()
        options.drain = arguments.has("--drain")
        options.takeOver = arguments.has("--take-over")
        options.useCache = !arguments.has("--no-cache")
        let flags = try RunnerCommand.settings(arguments)
        let configuration = try arguments.value("--config").map { name in
            RunnerConfiguration(file: URL(filePath: name), name: name, flags: flags, reload: try .onHangup())
        }
        // What is wrong with it is told before anything is handed in.
        if let configuration { _ = try configuration.options(over: options) }
        // `jdnas run | head`: the work goes on when nobody reads any more. Stages get the default back (jd_spawn).
        signal(SIGPIPE, SIG_IGN)
        let manifests = arguments.operands.isEmpty ? [] : try SubmitCommand.check(arguments.operands)
        let spool = try SpoolArgument.open(arguments, create: true)
        var keys = KeyIndex()
        for manifest in manifests {
            _ = try SubmitCommand.submit(manifest, base: options.base, to: spool, keys: &keys)
        }

        let reporter = ServiceManager(next: try RunnerCommand.reporter(arguments))
        let runner = try Runner(
            spool: spool, stageProgram: try StageProgram.url(),
            options: configuration == nil ? flags.applied(to: options) : options, reporter: reporter,
            stop: try .onSignals(hangup: configuration == nil), configuration: configuration)
        return try runner.run().exitCode
    }

    /// What the command line says of the settings that `--config` can say, too.
    private static func settings(_ arguments: Arguments) throws -> RunnerSettings {
        var settings = RunnerSettings()
        settings.threads = try arguments.integer("--threads", in: 1...1024)
        settings.maxAttempts = try arguments.integer("--max-attempts", in: 1...100)
        if let minutes = try arguments.integer("--stall-limit", in: 0...100_000) {
            settings.stallLimit = minutes == 0 ? .infinity : Double(minutes) * 60
        }
        settings.cpus = try arguments.integer("--cpus", in: 1...4096)
        settings.memory = try arguments.size("--memory")
        if let program = arguments.value("--on-done") {
            settings.onDone = [URL(filePath: program).standardizedFileURL.path]
            guard program.contains("/"), access(program, X_OK) == 0 else {
                throw UsageError("'\(program)' cannot be executed", remedy: "give the path of a program")
            }
        }
        return settings
    }

    private static func reporter(_ arguments: Arguments) throws -> any RunnerReporter {
        if arguments.has("--quiet") { return SilentReporter() }
        guard let word = arguments.value("--log") else { return ConsoleReporter() }
        guard let format = LogReporter.Format(rawValue: word) else {
            throw UsageError("'--log' must be logfmt or json, not '\(word)'", remedy: "write '--log logfmt'")
        }
        return LogReporter(format)
    }
}
