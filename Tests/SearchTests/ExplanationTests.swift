import Basics
import Search
import Testing

@Suite struct ExplanationTests {
    private func line(
        _ id: Int, _ parent: Int?, _ move: String, _ precision: Double, _ latency: Double, width: Double = 1
    ) -> JSON {
        let fractions: JSON = [1, .number(width), 1, 1]
        return [
            "candidate": .integer(id), "parent": parent.map { .integer($0) } ?? .null, "move": .string(move),
            "actions": move == "prune" ? [.string("set stem to \(8 * id)")] : [], "ap": .number(precision),
            "latency_ms": .number(latency),
            "teacher": [
                "depths": [2, 2, 2, 2], "innerWidths": fractions, "trunkWidths": [1, 1, 1, 1],
                "input": ["shorter": 240, "longer": 320],
            ],
        ]
    }

    private var journal: [JSON] {
        [
            line(0, nil, "base", 0.50, 40), line(1, 0, "prune", 0.45, 30), line(2, 0, "prune", 0.40, 32),
            line(3, 1, "teacher:draw", 0.49, 30, width: 0.5), line(4, 3, "prune", 0.35, 18, width: 0.5),
            line(5, 3, "add-block", 0.52, 36, width: 0.5), line(3, 1, "last-training", 0.53, 30, width: 0.5),
        ]
    }

    @Test func thePathIsTold() throws {
        let explanation = try Explanation(journal, target: 32, at: "test")
        #expect(explanation.path.map(\.candidate) == [1, 3] && explanation.finished == 0.53)
        #expect(explanation.path[0].actions == ["set stem to 8"])
        let gain = explanation.gain(explanation.path[1])
        #expect(abs(gain.precision - 0.04) < 1e-9 && gain.latency == 0)
        #expect(explanation.moves.map(\.name) == ["teacher", "add-block", "prune"])
        let prune = explanation.moves[2]
        #expect(prune.count == 3 && abs(prune.precision + (0.05 + 0.1 + 0.14) / 3) < 1e-9)
        #expect(abs(prune.latency + (10 + 8 + 12) / 3) < 1e-9)
        #expect(explanation.teachers.map(\.count) == [3, 2])
    }

    /// A finalist's training that came to nothing is not one that others were better than.
    @Test func aDivergedFinalistIsTold() throws {
        var lines = Array(journal.dropLast())
        var lost = line(5, 3, "last-training", 0, 36, width: 0.5).object ?? [:]
        lost.merge(["student": false, "last_training_share": 0.5, "ap_before": 0.52, "divergence": "the loss"]) { $1 }
        lines += [.object(lost), line(3, 1, "last-training", 0.53, 30, width: 0.5)]
        let reason = try Explanation(lines, target: 32, at: "test").dropped.last?.reason
        #expect(reason?.hasPrefix("a finalist: its last training diverged") == true)
    }

    /// A training that came to nothing says nothing of what its move brings.
    @Test func divergedTrainingsAreNoPartOfMeans() throws {
        var lost = line(6, 3, "prune", 0, 29, width: 0.5).object ?? [:]
        lost["divergence"] = "the loss"
        let explanation = try Explanation(
            journal.dropLast() + [.object(lost), journal.last ?? .null], target: 32, at: "test")
        let prune = try #require(explanation.moves.first { $0.name == "prune" })
        #expect(prune.count == 4 && prune.diverged == 1 && abs(prune.precision + (0.05 + 0.1 + 0.14) / 3) < 1e-9)
        #expect(explanation.front.map(\.candidate) == [5, 3, 4], "a faster one with AP 0 is none of it")
    }

    /// A last training that was not taken is told, and none is made up where there was none.
    @Test func aRefusedLastTrainingIsTold() throws {
        func explanation(share: Double) throws -> Explanation {
            var last = line(3, 1, "last-training", 0.49, 30, width: 0.5).object ?? [:]
            last.merge(["taken": false, "last_training_share": .number(share), "ap_before": 0.49]) { $1 }
            return try Explanation(journal.dropLast() + [.object(last)], target: 32, at: "test")
        }
        #expect(try explanation(share: 1).isLastTrainingRefused && explanation(share: 1).finished == nil)
        #expect(try !explanation(share: 0).isLastTrainingRefused && explanation(share: 0).finished == nil)
    }

    /// A search that has not ended has a front and means, and no student.
    @Test func whatWasFoundBeforeTheEndIsTold() throws {
        let explanation = try Explanation(Array(journal.dropLast()), target: nil, at: "test")
        #expect(!explanation.isFinished && explanation.path.isEmpty && explanation.dropped.isEmpty)
        #expect(explanation.count == 5 && explanation.front.map(\.candidate) == [5, 3, 4])
        #expect(explanation.moves.map(\.name) == ["teacher", "add-block", "prune"])
        #expect(try Explanation(journal, target: nil, at: "test").isFinished)
    }

    @Test func whatWasDroppedHasAReason() throws {
        let dropped = try Explanation(journal, target: 32, at: "test").dropped
        #expect(dropped.map(\.entry.candidate) == [2, 4, 5])
        #expect(
            dropped.map(\.reason) == [
                "number 3 of 4 within the target by AP; the first is the student",
                "number 4 of 4 within the target by AP; the first is the student",
                "4.0 ms above the target",
            ])
        let unknown = try Explanation(journal, target: nil, at: "test").dropped.map(\.reason)
        #expect(unknown[1] == "no more precise than what was trained on (AP 49.0)")
        #expect(unknown[2] == "slower than the target allows")
        var halved = journal
        if case .object(var line) = halved[4] {
            line["share"] = 0.25
            halved[4] = .object(line)
        }
        let stopped = try Explanation(halved, target: 32, at: "test").dropped[1].reason
        #expect(stopped.hasPrefix("stopped after 25 % of its training; number 4 of 4 within the target"))
    }

    /// The student need not be the best one before the last trainings: the others' reasons are still those of the rule.
    @Test func aStudentOffTheFrontIsNoReason() throws {
        func last(_ id: Int, _ precision: Double, _ more: [String: JSON]) -> JSON {
            .object((line(id, 0, "last-training", precision, 30).object ?? [:]).merging(more) { $1 })
        }
        let lines = [
            line(0, nil, "base", 0.50, 40), line(1, 0, "prune", 0.47, 20), line(2, 0, "prune", 0.46, 30),
            line(3, 0, "prune", 0.45, 31), line(4, 0, "prune", 0.48, 33),
            last(1, 0.48, ["student": false, "last_training_share": 0.5, "ap_before": 0.47]),
            last(2, 0.52, ["student": true, "taken": true, "last_training_share": 1, "ap_before": 0.46]),
        ]
        let dropped = try Explanation(lines, target: 32, at: "test").dropped
        #expect(
            dropped.map(\.reason) == [
                "a finalist: AP 48.0 after 50.0 % of its last training, and others came further",
                "number 3 of 3 within the target by AP; the first 2 were trained on", "1.0 ms above the target",
            ])
        let none = try Explanation(Array(lines.prefix(5)) + [last(1, 0.47, ["taken": false])], target: 10, at: "test")
        #expect(none.dropped.allSatisfy { $0.reason.hasPrefix("slower than the student, the fastest of all") })
        // As fast, and less precise.
        let equal = lines.prefix(5) + [line(5, 0, "prune", 0.44, 20), last(1, 0.47, ["taken": false])]
        let reasons = try Explanation(Array(equal), target: 10, at: "test").dropped.map(\.reason)
        #expect(reasons.last?.hasPrefix("no faster than the student, the fastest of all") == true)
        let one = lines.prefix(5) + [last(1, 0.52, ["student": true, "taken": true, "last_training_share": 1])]
        #expect(
            try Explanation(Array(one), target: 32, at: "test").dropped.map(\.reason).first
                == "number 2 of 3 within the target by AP; the first was trained on")
    }

    @Test func damagedJournalsAreRefused() throws {
        func refusal(_ lines: [JSON]) -> String? {
            #expect(throws: Failure.self) { try Explanation(lines, target: nil, at: "test") }?.what
        }
        #expect(refusal([])?.hasPrefix("nothing was tried yet") == true)
        #expect(refusal([line(1, 0, "prune", 0.45, 30)])?.hasSuffix("the base") == true)
        #expect(refusal(journal.filter { $0["candidate"]?.integer != 1 })?.hasSuffix("candidate 1") == true)
        for share in [-1e300, 1.5] {
            var line = line(1, 0, "prune", 0.45, 30).object ?? [:]
            line["share"] = .number(share)
            #expect(
                refusal([journal[0], .object(line)])?.hasSuffix("what share of its training candidate 1 had") == true)
        }
        #expect(refusal([["candidate": 0]])?.hasSuffix("AP and latency") == true)
        // A ring of parents is no path.
        let ring = [line(0, nil, "base", 0.5, 40), line(1, 2, "prune", 0.4, 30), line(2, 1, "prune", 0.4, 30)]
        #expect(refusal(ring + [line(2, 1, "last-training", 0.5, 30)])?.contains("candidate") == true)
    }
}
