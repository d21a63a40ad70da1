import Archive
import Basics
import Bundles
import CommandKit
import Foundation
import Search

struct ExplainCommand: Command {
    let name = "search explain"
    let summary = "why a search's student is the student: its path, what moves and teachers brought, what was dropped"
    let operands = "BUNDLE|FILE"
    let arity = 1...1
    let options = [
        Option("--stage", value: "NAME", "of a bundle with several searches: which"),
        Option("--json", "print it as JSON"),
    ]
    let details = """
        Reads the bundle of a job with a joint-search stage (of one that failed on the way, too: then the front so far), or a
        journal (history.jsonl; journal.jsonl of a checkpoint, where a search has not ended). AP is that of the search split, in
        points; milliseconds are predicted. What a training brought is what the candidate has more than its parent.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let subject = try read(arguments.operands[0], stage: arguments.value("--stage"))
        Terminal.print(
            arguments.has("--json") ? json(subject.explanation, subject.notes).prettyText : text(subject))
        return 0
    }

    /// A search that is explained.
    private struct Subject {
        let explanation: Explanation
        /// What the search said of itself. Only its receipt, in a bundle, has that.
        var notes: [String] = []
        /// Nil where it is not known.
        var stage: String?
    }

    private func read(_ name: String, stage: String?) throws -> Subject {
        if name.hasSuffix(".jsonl") {
            guard stage == nil else { throw UsageError("--stage goes with a bundle", remedy: "leave it out") }
            guard let data = try? Data(contentsOf: URL(filePath: name)) else {
                throw Failure("the journal cannot be read", at: name, remedy: "check the name and permissions")
            }
            return Subject(explanation: try Explanation(journalLines(data, at: name), target: nil, at: name))
        }
        let bundle = Bundles.Bundle(URL(filePath: name))
        let member = try SearchMember("history.jsonl", orElse: "journal.jsonl", of: bundle, stage: stage)
        let place = "\(name): \(member.path)"
        let summary = member.receipt?["summary"]
        let explanation = try Explanation(
            journalLines(bundle.data(of: member.path), at: place), target: summary?["target_ms"]?.number, at: place)
        return Subject(
            explanation: explanation, notes: summary?["notes"]?.array?.compactMap(\.string) ?? [],
            stage: member.receipt?["stage"]?.string)
    }

    private func text(_ subject: Subject) -> String {
        let (explanation, notes) = (subject.explanation, subject.notes)
        let remarks =
            notes.isEmpty ? [] : ["To be known of the search:\n" + notes.map { "  \($0)" }.joined(separator: "\n")]
        var parts = [(subject.stage.map { "\($0): " } ?? "") + finding(explanation)]
        if !explanation.isFinished {
            let rows = explanation.front.map {
                ["\($0.candidate)", $0.move, points($0.precision), tenths($0.latency), $0.teacher]
            }
            parts.append(
                "The front so far, of all \(explanation.count) candidates:\n"
                    + Table(header: ["candidate", "move", "AP", "ms", "teacher"], rows: rows, right: [0, 2, 3])
                    .text(indent: 2))
        }
        let steps = explanation.path.flatMap { entry -> [[String]] in
            let gain = explanation.gain(entry)
            let first = [
                "\(entry.candidate)", entry.move, entry.actions.first ?? "", points(entry.precision),
                signed(100 * gain.precision), tenths(entry.latency), signed(gain.latency), entry.teacher,
            ]
            return [first] + entry.actions.dropFirst().map { ["", "", $0] }
        }
        if !steps.isEmpty {
            parts.append(
                "How it came about:\n"
                    + Table(
                        header: ["candidate", "move", "action", "AP", "AP +", "ms", "ms +", "teacher"], rows: steps,
                        right: [0, 3, 4, 5, 6]
                    ).text(indent: 2))
        }
        if !explanation.finalists.isEmpty {
            let rows = explanation.finalists.reversed().map { finalist in
                [
                    "\(finalist.candidate)", points(finalist.before), points(finalist.after),
                    "\(tenths(100 * finalist.share)) %", finalist.isStudent ? "the student" : "",
                ]
            }
            parts.append(
                "Finalists, by how far their last training went:\n"
                    + Table(
                        header: ["candidate", "AP before", "after", "share of it", ""], rows: rows, right: [0, 1, 2, 3]
                    )
                    .text(indent: 2))
        }
        if !explanation.moves.isEmpty {
            parts.append(
                "What moves brought, with the cuts to the limit on latency that came with them:\n"
                    + table("move", explanation.moves, withLatency: true))
            parts.append(
                "What was learnt under teachers, whatever else was changed:\n"
                    + table("teacher", explanation.teachers, withLatency: false))
        }
        if !explanation.dropped.isEmpty {
            let rows = explanation.dropped.map { dropped in
                [
                    "\(dropped.entry.candidate)", dropped.entry.move, points(dropped.entry.precision),
                    tenths(dropped.entry.latency), dropped.reason,
                ]
            }
            parts.append(
                "Tried and dropped:\n"
                    + Table(header: ["candidate", "move", "AP", "ms", "why"], rows: rows, right: [0, 2, 3]).text(
                        indent: 2))
        }
        return (parts + remarks).joined(separator: "\n\n")
    }

    private func finding(_ explanation: Explanation) -> String {
        let base = explanation.base
        guard explanation.isFinished else {
            return "The search has not ended: there is no student yet. The base: \(standing(base))."
        }
        guard let student = explanation.path.last else {
            let reason =
                explanation.dropped.isEmpty
                ? "there were no other candidates" : "no other candidate came to more"
            let extent = (explanation.finished == nil ? "as it was" : "trained on") + finished(explanation)
            return "The student is the base, \(extent): \(reason)."
        }
        let share = 100 * student.latency / max(base.latency, .leastNormalMagnitude)
        let target = explanation.target.map { "; the target was \(tenths($0)) ms" } ?? ""
        return "The student is candidate \(student.candidate)\(finished(explanation)). The base: \(standing(base)); "
            + "the student: AP \(points(explanation.finished ?? student.precision)), "
            + "\(tenths(student.latency)) ms (\(tenths(share)) %)\(target)."
    }

    private func standing(_ entry: Explanation.Entry) -> String {
        "AP \(points(entry.precision)) on the search split, \(tenths(entry.latency)) ms, predicted"
    }

    private func finished(_ explanation: Explanation) -> String {
        guard let after = explanation.finished else {
            return explanation.isLastTrainingRefused ? " (its last training brought nothing and was not taken)" : ""
        }
        let before = (explanation.path.last ?? explanation.base).precision
        return " (its last training brought \(signed(100 * (after - before))) AP)"
    }

    private func table(_ name: String, _ tallies: [Explanation.Tally], withLatency: Bool) -> String {
        // Where all diverged there is no mean.
        func mean(_ tally: Explanation.Tally, _ value: Double) -> String {
            tally.diverged < tally.count ? signed(value) : ""
        }
        let hasDiverged = tallies.contains { $0.diverged > 0 }
        let rows = tallies.map {
            [$0.name, "\($0.count)"] + (hasDiverged ? ["\($0.diverged)"] : [])
                + [mean($0, 100 * $0.precision)] + (withLatency ? [mean($0, $0.latency)] : [])
        }
        let header = [name, "times"] + (hasDiverged ? ["diverged"] : []) + ["AP +"] + (withLatency ? ["ms +"] : [])
        return Table(header: header, rows: rows, right: Set(1..<header.count)).text(indent: 2)
    }

    private func points(_ precision: Double) -> String { tenths(100 * precision) }

    private func signed(_ value: Double) -> String { String(format: "%+.1f", value) }

    private func json(_ explanation: Explanation, _ notes: [String]) -> JSON {
        func entry(_ entry: Explanation.Entry) -> [String: JSON] {
            let gain = explanation.gain(entry)
            return [
                "candidate": .integer(entry.candidate), "parent": entry.parent.map { .integer($0) } ?? .null,
                "move": .string(entry.move), "actions": .array(entry.actions.map { .string($0) }),
                "teacher": .string(entry.teacher), "ap": .number(entry.precision), "latency_ms": .number(entry.latency),
                "ap_gain": .number(gain.precision), "latency_gain_ms": .number(gain.latency),
            ]
        }
        func tallies(_ tallies: [Explanation.Tally]) -> JSON {
            .array(
                tallies.map {
                    [
                        "name": .string($0.name), "candidates": .integer($0.count), "diverged": .integer($0.diverged),
                        "ap_gain": .number($0.precision), "latency_gain_ms": .number($0.latency),
                    ]
                })
        }
        return [
            "format": "jdnas-explanation/1", "finished": .bool(explanation.isFinished),
            "target_ms": explanation.target.map { .number($0) } ?? .null,
            "front": .array(explanation.front.map { .object(entry($0)) }), "base": .object(entry(explanation.base)),
            "path": .array(explanation.path.map { .object(entry($0)) }),
            "ap_after_last_training": explanation.finished.map { .number($0) } ?? .null,
            "finalists": .array(
                explanation.finalists.map {
                    [
                        "candidate": .integer($0.candidate), "ap_before": .number($0.before), "ap": .number($0.after),
                        "share": .number($0.share), "student": .bool($0.isStudent),
                    ]
                }),
            "notes": .array(notes.map { .string($0) }), "moves": tallies(explanation.moves),
            "teachers": tallies(explanation.teachers),
            "dropped": .array(
                explanation.dropped.map { dropped in
                    .object(entry(dropped.entry).merging(["reason": .string(dropped.reason)]) { $1 })
                }),
        ]
    }
}
