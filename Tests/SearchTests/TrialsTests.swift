import Basics
import DetectorKit
import Foundation
import Search
import Tensor
import Testing
import Training

/// How a generation is trained: in parts with the worse half stopped, and in whatever order by others.
@Suite struct TrialsTests {
    private func halving(_ halvings: Int = 1) -> SearchFixture {
        let fixture = SearchFixture()
        fixture.changed.halvings = halvings
        return fixture
    }

    /// Of four children two have half of their training; none of these had been better than both that went on. Who is faster than
    /// asked for is no better for it.
    @Test func theWorseHalfStops() throws {
        let fixture = halving()
        let outcome = try fixture.search().run()
        let whole = SearchFixture()
        _ = try whole.search().run()
        #expect(fixture.changed.trialShares == [0.5, 1])
        let children = outcome.state.known.dropFirst()
        #expect(children.count == 12)
        for (generation, siblings) in Dictionary(grouping: children, by: \.generation) {
            #expect(siblings.map(\.share).sorted() == [0.5, 0.5, 1, 1], "generation \(generation)")
        }
        // At each rung, whoever went on was beaten by fewer siblings than whoever stopped; of equals, was more precise.
        let rungs = fixture.looks.map(\.standings).filter { $0.count == 4 }
        #expect(rungs.count == 3)
        for standings in rungs {
            let limit = try #require(outcome.state.limits[standings[0].generation]) * outcome.state.baseLatency
            func rank(_ child: Candidate) -> (Int, Double) {
                let latency = max(child.latency, limit)
                let beaten = standings.count {
                    ($0.precision ?? 0) >= (child.precision ?? 0) && $0.latency <= latency && $0.id != child.id
                }
                return (beaten, -(child.precision ?? 0))
            }
            let stopped = standings.filter { child in children.contains { $0.id == child.id && $0.share < 1 } }
            let others = standings.filter { child in !stopped.contains { $0.id == child.id } }
            #expect(stopped.count == 2 && others.count == 2)
            for (one, other) in others.flatMap({ one in stopped.map { (one, $0) } }) {
                #expect(rank(one) < rank(other))
            }
        }
        // Six of twelve were spared one of two steps.
        #expect(fixture.trainer.steps == whole.trainer.steps - 6)
        #expect(outcome.state.journal.count { $0.contains("\"share\":0.5") } == 6)
    }

    /// What is done is not taken back, whoever trains.
    @Test(arguments: [0, 1, 2], [false, true]) func progressOnlyGoesForward(halvings: Int, backward: Bool) throws {
        let fixture = halving(halvings)
        fixture.changed.trial.epochs = 2
        if backward { fixture.executor = BackwardTrials(fixture.trainer) }
        _ = try fixture.search().run()
        #expect(fixture.fractions.allSatisfy { (0...1).contains($0) } && fixture.fractions.last ?? 0 > 0.9)
        for (earlier, later) in zip(fixture.fractions, fixture.fractions.dropFirst()) {
            #expect(later >= earlier - 1e-9)
        }
    }

    /// Where the hours are up long before the candidates, the limit falls with the time.
    @Test func theLimitFallsWithTheHours() throws {
        let fixture = SearchFixture()
        fixture.changed.candidates = 400
        fixture.changed.hours = 0.2
        fixture.secondsPerLook = 5
        let outcome = try fixture.search().run()
        let generations = outcome.state.limits.count
        #expect((3...90).contains(generations), "\(generations)")
        // How far it is goes by the hours, too.
        #expect(fixture.fractions.contains { (0.3...0.7).contains($0) }, "\(fixture.fractions)")
        let aim = fixture.changed.latencyTarget * (1 - fixture.changed.latencyMargin)
        #expect(outcome.state.limits.values.min() == aim && outcome.student.latency <= aim * outcome.state.baseLatency)
    }

    /// Hours alone: the limit begins to fall at once, and what the hours leave at the end has come down to the target.
    @Test func theLimitFallsWithoutANumberOfCandidates() throws {
        let fixture = SearchFixture()
        fixture.changed.candidates = SearchSettings.unlimitedCandidates
        fixture.changed.hours = 0.2
        // Four generations or so.
        fixture.secondsPerLook = 30
        let state = try fixture.search().run().state
        let aim = fixture.changed.latencyTarget * (1 - fixture.changed.latencyMargin)
        let limits = state.limits.filter { $0.key > 0 }.sorted { $0.key < $1.key }.map(\.value)
        // The base was looked at first.
        let first = limits.first ?? 0
        #expect(first > aim && first <= pow(aim, 0.1) + 1e-9 && limits.last == aim, "\(limits)")
        #expect((2...8).contains(limits.count) && state.isOutOfTime, "\(limits)")
        #expect(zip(limits, limits.dropFirst()).allSatisfy { $0 >= $1 })
    }

    /// Who is best at a rung goes on: with one child there is nobody to stop.
    @Test func aChildAloneGoesOn() throws {
        let fixture = halving(2)
        fixture.changed.childrenPerGeneration = 1
        fixture.changed.candidates = 3
        let outcome = try fixture.search().run()
        #expect(outcome.state.known.dropFirst().allSatisfy { $0.share == 1 })
        #expect(fixture.changed.trialShares == [0.25, 0.5, 1])
    }

    /// What the stopped ones have learnt is what they would have learnt in a whole training up to there, and is not lost.
    @Test func aStoppedChildCanBeMadeAgain() throws {
        let fixture = halving()
        fixture.changed.finish.epochs = 0
        let outcome = try fixture.search().run()
        let stopped = try #require(outcome.state.known.last { $0.share < 1 })
        let replaying = halving()
        replaying.changed.finish.epochs = 0
        replaying.replay = try Lineage(of: stopped, among: outcome.state.known)
        let again = try replaying.search().run()
        #expect(again.student.weights == stopped.weights && again.student.share == 0.5)
    }

    /// Killed anywhere, at a rung's end too.
    @Test(arguments: [0, 1, 3, 4, 6, 7, 9, 11, 14, 20, -12, -5, -2])
    func anInterruptedHalvingEndsAlike(after saves: Int) throws {
        let uninterrupted = halving()
        uninterrupted.savesOften = saves.isMultiple(of: 2)
        let whole = try uninterrupted.search().run()
        let fixture = halving()
        fixture.savesOften = uninterrupted.savesOften
        fixture.savesLeft = saves < 0 ? uninterrupted.count + saves : saves
        #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
        fixture.savesLeft = .max
        let resumed = try fixture.search().run()
        #expect(resumed.state.journal == whole.state.journal && resumed.weights == whole.weights)
    }

    /// A killed search does what it had not saved again, and nothing else.
    @Test func whatHasHadItsPartIsNotTrainedAgain() throws {
        let fixture = halving()
        // The base, the generation's decisions, and all four to the rung.
        fixture.savesLeft = 5
        #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
        let before = fixture.trainer.steps
        fixture.savesLeft = .max
        _ = try fixture.search().run()
        let whole = halving()
        _ = try whole.search().run()
        #expect(before == 5 && fixture.trainer.steps == whole.trainer.steps + 1)
    }

    /// Whoever is done first, and in whatever order states are saved.
    @Test(arguments: [0, 1], [Int.max, 4, 9]) func theOrderOfTheTrialsDoesNotMatter(halvings: Int, saves: Int) throws {
        let expected = try halving(halvings).search().run()
        let fixture = halving(halvings)
        fixture.executor = BackwardTrials(fixture.trainer)
        fixture.savesLeft = saves
        if saves < .max { #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() } }
        fixture.savesLeft = .max
        let outcome = try fixture.search().run()
        #expect(outcome.state.journal == expected.state.journal && outcome.weights == expected.weights)
        #expect(outcome.state.archive == expected.state.archive)
    }
}

/// Makes all trials first, and does the last one first.
private final class BackwardTrials: TrialExecutor {
    private let trainer: PretendingTrainer

    init(_ trainer: PretendingTrainer) { self.trainer = trainer }

    func run(
        _ count: Int, trial: (Int) throws -> Trial, observe: (Int, TrialProgress) throws -> Void,
        finished: (Int, TrialOutcome) throws -> Void, interrupted: () throws -> Void
    ) throws {
        let trials = try (0..<count).map(trial)
        for (index, trial) in trials.enumerated().reversed() {
            try finished(index, trainer.outcome(of: trial) { try observe(index, $1) })
        }
    }

    func writeStates(to folder: URL) throws {}
}
