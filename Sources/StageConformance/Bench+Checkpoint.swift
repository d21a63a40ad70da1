import Foundation
import StageKit

extension Bench {
    func checkCheckpoint(_ found: inout Findings) throws {
        let whole = try reference()
        try checkKills(whole, &found)
        try checkStops(whole, &found)
        if whole.checkpointCount > 0 { try checkManyStops(whole, &found) }
    }

    /// A process that is killed leaves its checkpoints; the next attempt has nothing else.
    private func checkKills(_ whole: Attempt, _ found: inout Findings) throws {
        for index in Self.spread(whole.kept.count, atMost: 4) {
            let what = "killed after checkpoint \(index + 1) of \(whole.kept.count) and gone on with"
            guard CheckpointFolder.newest(ofAttempts: [whole.kept[index]]) != nil else {
                found.add("\(what): the checkpoint is not whole")
                continue
            }
            let resumed = try attempt(what, goingOnFrom: whole.kept[index])
            if let difference = resumed.difference(from: whole) { found.add("\(what): \(difference)") }
            // From the last one there is less to do than from the first.
            if index == whole.kept.count - 1, index > 0, resumed.checkpointCount >= whole.checkpointCount {
                found.add("\(what): it starts anew, and saves \(resumed.checkpointCount) checkpoints again")
            }
        }
    }

    private func checkStops(_ whole: Attempt, _ found: inout Findings) throws {
        for moment in stopMoments(of: whole) {
            let what = "stopped after \(Self.name(of: whole.moments[moment - 1]))"
            let stopped = try attempt(what, stop: .afterMoments(moment))
            // How it stops is another aspect's matter.
            guard stopped.isCancelled else { continue }
            let resumed = try attempt("\(what) and gone on with", goingOnFrom: stopped.folder)
            if let difference = resumed.difference(from: whole) {
                found.add("\(what) and gone on with: \(difference)")
            }
        }
    }

    /// A night with many stops: each attempt ends after its first checkpoint.
    private func checkManyStops(_ whole: Attempt, _ found: inout Findings) throws {
        let what = "stopped after each checkpoint"
        var last: Attempt?
        for _ in 0..<min(whole.checkpointCount, 3) {
            last = try attempt(what, goingOnFrom: last?.folder, stop: .afterCheckpoints(1))
            guard last?.isCancelled == true else { break }
        }
        if let stopped = last, stopped.isCancelled { last = try attempt(what, goingOnFrom: stopped.folder) }
        guard let last else { return }
        if let difference = last.difference(from: whole) { found.add("\(what): \(difference)") }
    }

    /// After how many moments of a run it is worth while to ask for a stop: some of all, and the first and last checkpoint.
    func stopMoments(of whole: Attempt) -> [Int] {
        let checkpoints = whole.moments.indices.filter {
            if case .checkpoint = whole.moments[$0] { true } else { false }
        }
        let some =
            Self.spread(whole.moments.count, atMost: 4) + [checkpoints.first, checkpoints.last].compactMap { $0 }
        return Set(some).sorted().map { $0 + 1 }
    }

    static func name(of moment: StageMoment) -> String {
        switch moment {
        case .report(_, let message, _): "'\(message.replacing("\n", with: " "))'"
        case .table(let title): "the table '\(title.replacing("\n", with: " "))'"
        case .checkpoint(let name): "checkpoint '\(name)'"
        case .end: "its end"
        }
    }
}
