import Basics
import CommandKit
import Foundation
import Spool

// Commands that say what is to be done with a job. They work whether or not a runner runs: it heeds what lies in the spool.

let jobText = "JOB is a job id, the unique beginning of one, or a job's name (then its latest job)."

/// Goes on a sentence: when a wish is heeded, where that is not at once.
func whenText(_ spool: Spool) -> String {
    spool.runner == nil ? " (no runner works here now: the next one will heed it)" : ""
}

/// A job that has not ended, and what is wished for it.
private struct OpenJob {
    let id: JobID
    let status: JobStatus

    /// - Parameter mayHaveFailed: whether one will do that has failed and is to be tried again.
    init(_ text: String, in spool: Spool, mayHaveFailed: Bool) throws {
        status = try spool.job(matching: text)
        let isOpen = !status.state.isFinal || (mayHaveFailed && status.isToBeRetried)
        guard let id = JobID(status.id), isOpen else {
            throw Failure(
                "this job is \(status.state.word) already", at: status.id,
                remedy: "'jdnas list' shows those that are not")
        }
        self.id = id
    }
}

/// Makes a wish for each of some jobs, and says what happens, and when.
private func wish(
    for names: some Sequence<String>, in arguments: Arguments, mayHaveFailed: Bool = false,
    _ make: (Spool, JobID) throws -> String
) throws -> Int32 {
    let spool = try SpoolArgument.open(arguments)
    // All names first: a slip in the last one must not leave half done.
    for job in try names.map({ try OpenJob($0, in: spool, mayHaveFailed: mayHaveFailed) }) {
        let what = try make(spool, job.id)
        Terminal.print("\(job.id): \(what)\(whenText(spool))")
    }
    return 0
}

struct CancelCommand: Command {
    let name = "cancel"
    let summary = "end jobs that have not ended; a stage that runs is stopped"
    let operands = "JOB…"
    let arity = 1...10_000
    let options = [SpoolArgument.option]
    let details =
        jobText + " The job counts as failed; its bundle has what it had done. One that is to be tried again is not."

    func run(_ arguments: Arguments) throws -> Int32 {
        try wish(for: arguments.operands, in: arguments, mayHaveFailed: true) { spool, id in
            if try spool.withdrawRetry(id) { return "not to be tried again" }
            try spool.cancel(id)
            return "to be cancelled"
        }
    }
}

struct HoldCommand: Command {
    let name = "hold"
    let summary = "let jobs wait; a stage that runs saves its state and stops"
    let operands = "JOB…"
    let arity = 1...10_000
    let options = [SpoolArgument.option]
    let details = jobText + " 'jdnas release' lets them go on."

    func run(_ arguments: Arguments) throws -> Int32 {
        try wish(for: arguments.operands, in: arguments) { spool, id in
            try spool.hold(id)
            return "held"
        }
    }
}

struct ReleaseCommand: Command {
    let name = "release"
    let summary = "let held jobs go on"
    let operands = "JOB…"
    let arity = 1...10_000
    let options = [SpoolArgument.option]
    let details = jobText

    func run(_ arguments: Arguments) throws -> Int32 {
        try wish(for: arguments.operands, in: arguments) { spool, id in
            try spool.release(id) ? "goes on" : "was not held"
        }
    }
}

struct PriorityCommand: Command {
    let name = "priority"
    let summary = "say which jobs go first: those with a higher number, of equals the earlier"
    let operands = "NUMBER JOB…"
    let arity = 2...10_000
    let options = [SpoolArgument.option]
    let details = """
        NUMBER is from -100 to 100; jobs begin with what their manifests say, or 0. \(jobText) A stage that runs is not interrupted. Write '--' before a negative \
        number.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let number = try PriorityCommand.number(arguments.operands[0])
        return try wish(for: arguments.operands.dropFirst(), in: arguments) { spool, id in
            try spool.prioritise(id, number)
            return "priority \(number)"
        }
    }

    static func number(_ text: String) throws -> Int {
        guard let number = Int(text), Wishes.priorities.contains(number) else {
            throw Failure("'\(text)' is no priority", remedy: "give a whole number from -100 to 100")
        }
        return number
    }
}
