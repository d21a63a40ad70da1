import Basics
import DetectorKit
import Foundation
import Search
import Testing
import Training

/// The last trainings: who has them, how far they go, and who is the student then.
@Suite struct FinalsTests {
    private func finals(_ count: Int, spoils: Bool = false) -> SearchFixture {
        let fixture = SearchFixture()
        fixture.changed.finalists = count
        fixture.trainer.spoils = spoils
        return fixture
    }

    /// Long trainings bring small students more.
    private static func lateGain(parameters: Int, learnt: Double) -> Double {
        0.005 * learnt + pow(2e5 / Double(parameters), 3) * max(0, learnt - 10)
    }

    @Test(arguments: [
        (1, [1.0], 1.0, 1), (2, [0.5, 1], 1.5, 3), (3, [0.25, 0.5, 1], 1.75, 6), (4, [0.25, 0.5, 1], 2, 7),
        (5, [0.125, 0.25, 0.5, 1], 5.0 / 8 + 3.0 / 8 + 0.5 + 0.5, 11),
    ])
    func theWorseHalfStopsUntilOneIsLeft(count: Int, shares: [Double], work: Double, looks: Int) throws {
        let candidate = try #require(try SearchFixture().search().run().state.known.first)
        var finals = Finals(Array(1...count))
        #expect(finals.shares == shares && Finals.work(count) == work && Finals.looks(count) == looks)
        var trained: [Int: Double] = [:]
        var asked = 0
        while let (id, share) = finals.next {
            asked += 1
            #expect(finals.winner == nil && (trained[id] ?? 0) < share)
            var entrant = candidate
            // Later ones are better, but for the second part's.
            (entrant.id, entrant.share, entrant.precision) = (id, share, Double(share == 0.5 ? -id : id))
            trained[id] = share
            finals.add(entrant)
        }
        #expect(asked == looks && trained.values.reduce(0, +) == work)
        #expect(finals.ended.count == count && finals.winner?.id == finals.ended.last?.id)
        #expect(finals.ended.map(\.share) == trained.sorted { $0.value < $1.value }.map(\.value))
        #expect(finals.winner?.id == [1: 1, 2: 1, 3: 2, 4: 3, 5: 4][count])
    }

    /// Of equals, who was better before goes on.
    @Test func equalsKeepTheirOrder() throws {
        var candidate = try #require(try SearchFixture().search().run().state.known.first)
        var finals = Finals([7, 3, 5])
        while let (id, share) = finals.next {
            (candidate.id, candidate.share, candidate.precision) = (id, share, 0.5)
            finals.add(candidate)
        }
        #expect(finals.ended.map(\.id) == [5, 3, 7])
    }

    /// One that diverged does not go on for having been better before, where others have AP 0 too.
    @Test func whoDivergedStopsFirst() throws {
        var candidate = try #require(try SearchFixture().search().run().state.known.first)
        var finals = Finals([7, 3])
        while let (id, share) = finals.next {
            (candidate.id, candidate.share, candidate.precision) = (id, share, 0)
            candidate.divergence = id == 7 ? "the loss is not finite" : nil
            finals.add(candidate)
        }
        #expect(finals.ended.map(\.id) == [7, 3])
    }

    /// The most precise ones within the target are the finalists, whether or not others are faster as well.
    @Test func finalistsAreTheBestWithinTheTarget() throws {
        let fixture = finals(3)
        let outcome = try fixture.search().run()
        let limit = fixture.changed.latencyTarget * outcome.state.baseLatency
        let best = outcome.state.known.filter { $0.latency <= limit }.sorted { $0.precision ?? 0 > $1.precision ?? 0 }
        let finals = try #require(outcome.state.finals)
        #expect(finals.finalists == best.prefix(3).map(\.id) && best.count > 3)
        #expect(Set(finals.ended.map(\.id)) == Set(finals.finalists))
        // 1.75 trainings of 8 steps instead of one.
        let alone = SearchFixture()
        _ = try alone.search().run()
        #expect(fixture.trainer.steps == alone.trainer.steps + 6)
    }

    /// Who gains the most by a longer training becomes the student, though others were better before.
    @Test func whoComesFurthestIsTheStudent() throws {
        func search(_ count: Int) throws -> (SearchFixture, DetectorSearch.Outcome) {
            let fixture = finals(count)
            fixture.trainer.gain = Self.lateGain
            return (fixture, try fixture.search().run())
        }
        let (_, alone) = try search(1)
        let (fixture, outcome) = try search(4)
        #expect(outcome.student.id != alone.student.id)
        #expect(try #require(outcome.student.precision) > #require(alone.student.precision))
        #expect(outcome.graph.architecture == outcome.student.architecture)
        #expect(outcome.state.finals?.finalists.first == alone.student.id)
        // The journal tells of all four, the student at the end.
        let lines = try outcome.state.journal.map { try JSON(parsing: $0) }
        let last = lines.filter { $0["move"]?.string == "last-training" }
        #expect(last.count == 4 && last.last?["candidate"]?.integer == outcome.student.id)
        #expect(last.map { $0["taken"]?.bool } == [false, false, false, true])
        #expect(last.map { $0["last_training_share"]?.number } == [0.25, 0.25, 0.5, 1])
        #expect(last.map { $0["student"]?.bool } == [false, false, false, true])
        // So does the explanation.
        let explanation = try Explanation(lines, target: nil, at: "test")
        #expect(explanation.path.last?.candidate == outcome.student.id)
        #expect(explanation.finished == outcome.student.precision)
        #expect(explanation.finalists.map(\.share) == [0.25, 0.25, 0.5, 1])
        #expect(explanation.finalists.map(\.isStudent) == [false, false, false, true])
        #expect(explanation.finalists.last?.after == outcome.student.precision)
        let onPath = explanation.path.map(\.candidate)
        for finalist in explanation.finalists where !onPath.contains(finalist.candidate) {
            let reason = explanation.dropped.first { $0.entry.candidate == finalist.candidate }?.reason
            #expect(reason?.hasPrefix("a finalist: AP ") == true && reason?.hasSuffix("others came further") == true)
        }
        #expect(fixture.log.contains { $0.hasSuffix("stops here: others came further") })
    }

    /// Killed anywhere among the last trainings, the rest is as if nothing had been; only what had not been saved is done twice.
    @Test(arguments: [
        (-8, false), (-6, false), (-4, false), (-2, false), (-1, false), (-30, true), (-17, true), (-9, true),
        (-3, true), (-1, true),
    ])
    func interruptedFinalsEndAlike(saves: Int, often: Bool) throws {
        func fixture() -> SearchFixture {
            let fixture = finals(4)
            fixture.trainer.gain = Self.lateGain
            fixture.savesOften = often
            return fixture
        }
        let uninterrupted = fixture()
        let whole = try uninterrupted.search().run()
        let interrupted = fixture()
        interrupted.savesLeft = max(0, uninterrupted.count + saves)
        #expect(throws: SearchFixture.Killed.self) { _ = try interrupted.search().run() }
        interrupted.savesLeft = .max
        let resumed = try interrupted.search().run()
        #expect(resumed.state.journal == whole.state.journal && resumed.weights == whole.weights)
        #expect(resumed.student == whole.student && resumed.state.finals == whole.state.finals)
        if often { #expect(interrupted.trainer.steps <= uninterrupted.trainer.steps + 1) }
    }

    /// The student's lineage gives it again, whoever else was a finalist, and where no last training was taken.
    @Test(arguments: [false, true]) func aFinalistCanBeMadeAgain(spoils: Bool) throws {
        let fixture = finals(4, spoils: spoils)
        fixture.trainer.gain = Self.lateGain
        let outcome = try fixture.search().run()
        let replaying = finals(4, spoils: spoils)
        replaying.trainer.gain = Self.lateGain
        replaying.replay = try Lineage(of: outcome.student, among: outcome.state.known)
        let again = try replaying.search().run()
        #expect(again.weights == outcome.weights && again.student.weights == outcome.student.weights)
    }

    /// Where training on only harms, the best one stays as it was; what the others came to is told.
    @Test func whatOnlyHarmsIsNotTaken() throws {
        let fixture = finals(2, spoils: true)
        let outcome = try fixture.search().run()
        let best = try #require(outcome.state.candidate(outcome.state.finals?.finalists.first ?? -1))
        #expect(outcome.student == best && !outcome.isLastTrainingTaken)
        let journal = try outcome.state.journal.map { try JSON(parsing: $0) }
        let lines = Array(journal.suffix(3))
        #expect(lines.map { $0["taken"]?.bool } == [false, false, false])
        #expect(lines.map { $0["student"]?.bool } == [false, false, true])
        #expect(lines[2]["candidate"]?.integer == best.id && lines[2]["taught"]?.bool == false)
        let explanation = try Explanation(journal, target: nil, at: "test")
        #expect(explanation.finished == nil && explanation.finalists.allSatisfy { !$0.isStudent })
        let winner = try #require(explanation.finalists.last)
        let reason = explanation.dropped.first { $0.entry.candidate == winner.candidate }?.reason
        #expect(winner.candidate == best.id || reason?.hasSuffix("less than the student had without one") == true)
    }

    /// A finalist that diverges stops, and the others go on; where all do, the best one stays as it was.
    @Test(arguments: [false, true], [0, 1]) func finalistsMayDiverge(all: Bool, at first: Int) throws {
        let state = try finals(4).search().run().state
        let entrants = try #require(state.finals?.finalists).compactMap { state.candidate($0) }
        let doomed = entrants.filter { all || $0.architecture == entrants[0].architecture }
        let fixture = finals(4)
        fixture.trainer.diverges = { graph, plan, step in
            plan.epochs == SearchFixture.settings.finish.epochs && step == first
                && doomed.contains { $0.architecture == graph.architecture }
        }
        let outcome = try fixture.search().run()
        let diverged = try #require(outcome.state.finals).ended.filter { $0.divergence != nil }
        #expect(Set(diverged.map(\.id)) == Set(doomed.map(\.id)) && diverged.allSatisfy { $0.precision == 0 })
        #expect((outcome.student.id == entrants[0].id) == all && outcome.student.divergence == nil)
        // At the first step already: the weights are what they were, and still nothing was taken.
        #expect(outcome.isLastTrainingTaken == !all)
        #expect(outcome.student.precision ?? 0 > 0)
    }

    /// A candidate that diverges is worth nothing, and the search goes on; where all of them do, it says so.
    @Test func candidatesMayDiverge() throws {
        let fixture = finals(2)
        let limit = try Networks.graph().cost.parameters
        fixture.trainer.diverges = { graph, _, _ in graph.cost.parameters < limit * 9 / 10 }
        let outcome = try fixture.search().run()
        let diverged = outcome.state.known.filter { $0.divergence != nil }
        #expect(!diverged.isEmpty && diverged.count < 12 && diverged.allSatisfy { $0.precision == 0 })
        // However fast they are: nothing comes of them.
        let ids = Set(diverged.map(\.id))
        #expect(outcome.state.archive.front.allSatisfy { !ids.contains($0.candidate) })
        #expect(outcome.state.known.allSatisfy { !ids.contains($0.parent ?? 0) })
        #expect(outcome.state.finals?.finalists.allSatisfy { !ids.contains($0) } == true)
        #expect(fixture.log.contains { $0.contains("the loss is not finite") })
        let journal = try outcome.state.journal.map { try JSON(parsing: $0) }
        let dropped = try Explanation(journal, target: nil, at: "test").dropped
        #expect(dropped.count { $0.reason.hasPrefix("its training diverged") } == diverged.count)
        let hopeless = SearchFixture()
        hopeless.trainer.diverges = { _, _, _ in true }
        let failure = #expect(throws: Failure.self) { _ = try hopeless.search().run() }
        #expect(failure?.what == "none of 4 candidates could be trained: the loss is not finite")
    }

    /// Nor does one that diverges take the place of another when the worse half of a generation stops.
    @Test func whoDivergesIsStoppedFirst() throws {
        let fixture = SearchFixture()
        fixture.changed.halvings = 1
        fixture.changed.trial.epochs = 4
        let limit = try Networks.graph().cost.parameters
        fixture.trainer.diverges = { graph, _, step in step == 1 && graph.cost.parameters < limit * 9 / 10 }
        let state = try fixture.search().run().state
        let generations = Dictionary(grouping: state.known.dropFirst(), by: \.generation)
        for (_, children) in generations where children.contains(where: { $0.divergence == nil }) {
            let healthy = children.filter { $0.divergence == nil }
            let goOn = children.filter { $0.share == 1 }
            #expect(goOn.allSatisfy { $0.divergence == nil } && goOn.count == min(healthy.count, 2))
        }
        let students = state.known.dropFirst()
        #expect(students.contains { $0.divergence != nil } && students.contains { $0.divergence == nil })
    }

    /// Whoever looks in sees the finalists.
    @Test func finalistsAreShown() throws {
        let fixture = finals(4)
        let outcome = try fixture.search().run()
        let shown = fixture.looks.compactMap(\.finals)
        #expect(shown.last == outcome.state.finals && shown.count >= 7)
        // And the front as soon as a generation has been learnt from.
        let learnt = fixture.looks.filter { $0.evaluated.isEmpty && $0.finals == nil }.map { $0.known.count }
        #expect(Set(learnt).isSuperset(of: [5, 9, 13]))
    }

    /// Finalists off the front are trained like others, and how far all of it is goes only forward.
    @Test func progressOnlyGoesForward() throws {
        let fixture = finals(4)
        fixture.changed.finish.epochs = 20
        let outcome = try fixture.search().run()
        let front = Set(outcome.state.archive.front.map(\.candidate))
        #expect(outcome.state.finals?.finalists.contains { !front.contains($0) } == true)
        #expect(fixture.fractions.allSatisfy { (0...1).contains($0) } && fixture.fractions.last ?? 0 > 0.9)
        for (earlier, later) in zip(fixture.fractions, fixture.fractions.dropFirst()) {
            #expect(later >= earlier - 1e-9)
        }
        // Most of it is the last trainings, and it is told evenly.
        #expect(fixture.fractions.contains { (0.4...0.6).contains($0) })
    }
}
