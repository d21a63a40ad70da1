import Basics
import CommandKit
import Foundation
import Spool

struct WaitCommand: Command {
    let name = "wait"
    let summary = "wait until jobs have ended"
    let operands = "JOB…"
    let arity = 1...10_000
    let options = [
        SpoolArgument.option, Option("--timeout", value: "SECONDS", "wait no longer than that"),
        Option("--json", "print how they ended as JSON, once all have or the time is up"),
    ]
    let details = jobText + " Exit codes: 0 all are done, 1 one is not, 124 the time was up."

    /// How a job ended, or that it has not.
    private struct Ending: Codable {
        var id: String
        /// Nil while it has not ended.
        var state: String?
        var reason: String?
    }

    func run(_ arguments: Arguments) throws -> Int32 {
        let spool = try SpoolArgument.open(arguments)
        var limit: Double?
        if let text = arguments.value("--timeout") {
            guard let seconds = Double(text), seconds >= 0 else {
                throw Failure("'\(text)' is no number of seconds", at: "--timeout", remedy: "give a number from 0 on")
            }
            limit = seconds
        }
        let isJSON = arguments.has("--json")
        var jobs = try arguments.operands.map { Ending(id: try spool.job(matching: $0).id) }
        if spool.runner == nil { Terminal.error("note: no runner works on this spool now") }
        let start = ContinuousClock.now
        var isUp = false
        while true {
            for index in jobs.indices where jobs[index].state == nil {
                guard let (state, reason) = try ended(jobs[index].id, spool) else { continue }
                (jobs[index].state, jobs[index].reason) = (state.rawValue, reason)
                if !isJSON { Terminal.print("\(jobs[index].id): \(state.word)" + (reason.map { ": \($0)" } ?? "")) }
            }
            let open = jobs.filter { $0.state == nil }.map(\.id)
            if open.isEmpty { break }
            if let limit, (ContinuousClock.now - start) / .seconds(1) >= limit {
                Terminal.error("not ended yet: \(open.joined(separator: ", "))")
                isUp = true
                break
            }
            usleep(200_000)
        }
        if isJSON { Terminal.print(try JSON(encoding: jobs).prettyText) }
        return isUp ? 124 : jobs.allSatisfy { $0.state == StateFolder.done.rawValue } ? 0 : 1
    }

    /// The state that a job has ended in, and why; nil while it has not.
    private func ended(_ name: String, _ spool: Spool) throws -> (StateFolder, String?)? {
        // Refused drops have no id, and have ended.
        guard let id = JobID(name) else { return (.rejected, nil) }
        guard let (folder, token) = try spool.find(id) else {
            throw Failure("the job has gone", at: name, remedy: "somebody has deleted its token")
        }
        guard folder.isFinal, spool.wishes(for: id).retry == nil else { return nil }
        switch token.state {
        case .failed(let reason, _, _, _), .rejected(let reason): return (folder, reason)
        default: return (folder, nil)
        }
    }
}
