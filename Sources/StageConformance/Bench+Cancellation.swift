import Foundation
import StageKit

extension Bench {
    /// So many reports a stage may still make once it was asked to stop.
    private static let reportsToStop = 2

    func checkCancellation(_ found: inout Findings) throws {
        let whole = try reference()
        let early = try attempt("asked to stop before it begins", stop: .beforeItBegins)
        check(early, of: whole, "asked to stop before it begins", &found)
        for moment in stopMoments(of: whole) {
            let what = "asked to stop after \(Self.name(of: whole.moments[moment - 1]))"
            check(try attempt(what, stop: .afterMoments(moment)), of: whole, what, &found)
        }
    }

    private func check(_ attempt: Attempt, of whole: Attempt, _ what: String, _ found: inout Findings) {
        guard attempt.stop != nil else { return }
        let more = attempt.reportsAfterStop
        found.require(more <= Self.reportsToStop, "\(what): it went on, and reported \(more) times more")
        if attempt.isDone {
            // It was as good as done. What looks done has to be.
            if let difference = attempt.difference(from: whole) {
                found.add("\(what): it ended as done all the same, and \(difference)")
            }
        } else {
            found.require(
                attempt.isCancelled,
                "\(what): it ended otherwise than with the failure of cause 'cancelled': \(attempt.end)")
            found.require(
                attempt.receipt == nil && attempt.marked == nil, "\(what): it left a receipt for what is not done")
        }
    }
}
