import Basics
import CommandKit
import Foundation
import Glibc
import Spool

struct LogsCommand: Command {
    let name = "logs"
    let summary = "print what the stages of a job wrote"
    let operands = "JOB [STAGE]"
    let arity = 1...2
    let options = [
        SpoolArgument.option, Option("--follow", "go on until the job has ended"),
        Option("--all", "all attempts of a stage, not only the last one"),
    ]
    let details = "JOB is a job id, the unique beginning of one, or a job's name (then its latest job)."

    func run(_ arguments: Arguments) throws -> Int32 {
        let spool = try SpoolArgument.open(arguments)
        let job = try spool.job(matching: arguments.operands[0])
        let stage = arguments.operands.count > 1 ? arguments.operands[1] : nil
        var printer = LogPrinter()
        if !arguments.has("--follow") {
            let logs = try spool.logFiles(job, stage: stage)
            for (index, log) in logs.enumerated() {
                let isLast = index + 1 == logs.count || logs[index + 1].stage != log.stage
                if isLast || arguments.has("--all") { printer.print(log) }
            }
            if logs.isEmpty { Terminal.error("no stage of '\(job.id)' has run yet") }
            return 0
        }
        while true {
            // The state first: what was written before it became final is then printed for certain.
            let now = try spool.job(matching: job.id)
            // Its stages are known once it has been accepted; from then on a wrong name is told.
            let known = stage == nil || !now.stages.isEmpty || now.state.isFinal
            if known { for log in try spool.logFiles(now, stage: stage) { printer.print(log) } }
            if now.state.isFinal || stage != nil && now.stages.first(where: { $0.name == stage })?.state == .done {
                return 0
            }
            usleep(250_000)
        }
    }
}

/// Prints what has been added to logs since the last look.
private struct LogPrinter {
    private var offsets: [StageLog: UInt64] = [:]
    private var current: StageLog?

    mutating func print(_ log: StageLog) {
        guard let handle = try? FileHandle(forReadingFrom: log.attempt.log) else { return }
        defer { try? handle.close() }
        let offset = offsets[log] ?? 0
        guard (try? handle.seek(toOffset: offset)) != nil else { return }
        while let piece = try? handle.read(upToCount: 1 << 16), !piece.isEmpty {
            if current != log {
                Terminal.print("== \(log.stage), attempt \(log.attempt.name)")
                current = log
            }
            Terminal.write(piece)
            offsets[log, default: offset] += UInt64(piece.count)
        }
        if offsets[log] == nil { offsets[log] = 0 }
    }
}
