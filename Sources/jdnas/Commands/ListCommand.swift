import Basics
import CommandKit
import Foundation
import Spool

struct ListCommand: Command {
    let name = "list"
    let summary = "list the jobs of a spool, with state and progress"
    let options = [
        SpoolArgument.option, Option("--json", "print everything that is known of each job as JSON"),
    ]

    func run(_ arguments: Arguments) throws -> Int32 {
        let spool = try SpoolArgument.open(arguments)
        let jobs = try spool.jobs()
        if arguments.has("--json") {
            Terminal.print(try JSON(encoding: jobs).prettyText)
        } else if jobs.isEmpty {
            Terminal.print("no jobs")
        } else {
            Terminal.print(ListCommand.table(jobs, now: .now))
        }
        if !arguments.has("--json"), spool.pauseWish != nil {
            Terminal.print("the spool is paused: no stage is started until 'jdnas resume'")
        }
        return 0
    }

    static func table(_ jobs: [JobStatus], now: Timestamp) -> String {
        let rows = jobs.map { job in
            [job.id, job.stateText, percent(job.fraction), job.progressText, job.etaText, job.ageText(now: now)]
        }
        return Table(header: ["JOB", "STATE", "DONE", "PROGRESS", "LEFT", "AGE"], rows: rows, right: [2, 4, 5]).text()
    }
}
