import Archive
import Basics
import Foundation
import Spool
import StageKit

extension Bench {
    func checkProgress(_ found: inout Findings) throws {
        let whole = try reference()
        if !whole.moments.contains(where: { if case .report = $0 { true } else { false } }) {
            found.add("it never says how far it is: report at least its end")
        }
        if let kept = whole.kept.last { _ = try attempt("gone on with", goingOnFrom: kept) }
        if whole.moments.count > 1 {
            let stopped = try attempt("stopped", stop: .afterMoments(whole.moments.count / 2))
            if stopped.isCancelled { _ = try attempt("stopped and gone on with", goingOnFrom: stopped.folder) }
        }
        for attempt in attempts { checkReports(of: attempt, &found) }
        for problem in progressProblems { found.add(problem) }
    }

    private func checkReports(of attempt: Attempt, _ found: inout Findings) {
        var highest = 0.0
        for case .report(let fraction, let message, let metrics) in attempt.moments {
            let line = "'\(message.replacing("\n", with: "\\n"))'"
            found.require(isOneLine(message), "the message \(line) is not one line")
            for name in metrics.keys where !isOneLine(name) { found.add("a number of \(line) has no name of one line") }
            guard fraction.isFinite, (0...1).contains(fraction) else {
                found.add("the fraction of \(line) is \(fraction), not from 0 to 1")
                continue
            }
            found.require(fraction >= highest, "the fraction of \(line) goes back from \(highest) to \(fraction)")
            highest = max(highest, fraction)
        }
    }

    func checkOutputs(_ found: inout Findings) throws {
        let whole = try reference()
        guard let receipt = whole.receipt else { return }
        found.require(
            receipt.kind == plugin.produces.rawValue, "the receipt's kind is \(receipt.kind), not \(plugin.produces)")
        for problem in receipt.verify(in: whole.output) { found.add("a member does not fit the receipt: \(problem)") }
        for member in receipt.members {
            found.require(member.size > 0, "\(member.path) is empty")
            let names = member.path.split(separator: "/")
            if names.contains(where: { $0.hasPrefix(".") }) || member.path.hasSuffix(".tmp") {
                found.add("\(member.path) is left over: it becomes a part of the artifact")
            }
            if let problem = MemberPath.problem(with: member.path) { found.add("\(member.path): it \(problem)") }
        }
        for path in (whole.marked ?? []).sorted() {
            let isThere = receipt.members.contains { $0.path == path || $0.path.hasPrefix("\(path)/") }
            found.require(isThere, "'\(path)' is marked for the bundle, and there is no such member")
        }
        found.require(
            receipt.members.contains(where: \.bundle),
            "nothing of it goes into the job's bundle: mark what people look at")
        checkHeadline(receipt.summary, &found)
    }

    private func checkHeadline(_ summary: JSON, _ found: inout Findings) {
        guard summary.object != nil else {
            found.add("its summary is no JSON object")
            return
        }
        guard let headline = summary["headline"] else { return }
        let lines = headline.array?.compactMap(\.string)
        found.require(
            lines?.count == headline.array?.count && lines?.allSatisfy(isOneLine) == true,
            "its summary's 'headline' is no list of lines")
    }

    func checkDeterminism(_ found: inout Findings) throws {
        let whole = try reference()
        // Else a time of whole seconds would be the same by chance.
        let begun = Int(Date().timeIntervalSince1970)
        while Int(Date().timeIntervalSince1970) == begun { Thread.sleep(forTimeInterval: 0.02) }
        let again = try attempt("run again")
        if let difference = again.difference(from: whole) { found.add("run again: \(difference)") }
    }

    func checkIsolation(_ found: inout Findings) throws {
        let whole = try reference()
        if let kept = whole.kept.last { _ = try attempt("gone on with", goingOnFrom: kept) }
        if whole.moments.count > 1 {
            let stopped = try attempt("stopped", stop: .afterMoments(whole.moments.count / 2))
            if stopped.isCancelled { _ = try attempt("stopped and gone on with", goingOnFrom: stopped.folder) }
        }
        for stray in strays { found.add(stray) }
    }
}
