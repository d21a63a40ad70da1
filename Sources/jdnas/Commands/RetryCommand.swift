import Basics
import CommandKit
import Foundation
import Spool

struct RetryCommand: Command {
    let name = "retry"
    let summary = "try failed jobs again; the stages that they finished are kept"
    let operands = "JOB…"
    let arity = 1...10_000
    let options = [
        SpoolArgument.option,
        Option("--from", value: "STAGE", "run this stage, and all that depend on it, anew"),
    ]
    let details =
        jobText + """
             A cancelled job has failed, too. A stage that had not ended goes on from its last checkpoint. Its priority is its \
            manifest's again. The job's bundle is replaced when the job ends again. 'jdnas cancel' takes the wish back.
            """

    func run(_ arguments: Arguments) throws -> Int32 {
        let stage = arguments.value("--from")
        let spool = try SpoolArgument.open(arguments)
        // All of them first: a slip in the last one must not leave half done.
        let ids = try arguments.operands.map { try RetryCommand.check($0, stage, in: spool) }
        for id in ids {
            try spool.wishRetry(id, from: stage)
            let what = "to be tried again" + (stage.map { ", anew from \($0)" } ?? "")
            Terminal.print("\(id): \(what)\(whenText(spool))")
        }
        return 0
    }

    private static func check(_ text: String, _ stage: String?, in spool: Spool) throws -> JobID {
        let status = try spool.job(matching: text)
        guard let id = JobID(status.id), status.state == .failed else {
            throw Failure(
                "only a job that failed can be tried again; this one is \(status.state.word)", at: status.id,
                remedy: status.state.isFinal ? "submit it again" : "wait for its end; 'jdnas cancel' ends it")
        }
        let names = status.stages.map(\.name)
        if let stage, !names.contains(stage) {
            throw Failure(
                "the job has no stage '\(stage)'", at: status.id,
                remedy: suggestion(for: stage, among: names).map { "did you mean '\($0)'?" }
                    ?? "its stages: \(names.joined(separator: ", "))")
        }
        return id
    }
}
