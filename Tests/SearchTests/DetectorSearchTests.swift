import Basics
import DetectorKit
import Foundation
import Search
import Tensor
import Testing
import Training

@Suite struct DetectorSearchTests {
    @Test func aSearchEndsWithAStudentWithinTheTarget() throws {
        let outcome = try SearchFixture().search().run()
        let base = outcome.state.baseLatency
        #expect(outcome.student.latency <= 0.7 * base)
        #expect(outcome.state.known.count == 13)
        #expect(Set(outcome.weights.keys) == Set(outcome.graph.network.parameters.map(\.name)))
        for candidate in outcome.state.known.dropFirst() {
            let limit = SearchFixture.settings.latencyLimit(generation: candidate.generation) * base
            #expect(candidate.latency <= limit, "candidate \(candidate.id) was to be refused")
            let id = try #require(candidate.parent)
            let parent = try #require(outcome.state.candidate(id))
            // Either the student is changed or its teacher; both are followed by cuts to the limit.
            #expect(candidate.actions.isEmpty == (candidate.architecture == parent.architecture))
            #expect((candidate.teacher != parent.teacher) == candidate.move.hasPrefix("teacher:"))
        }
        #expect(outcome.state.journal.count == 14)
        #expect(outcome.state.known.contains { $0.move.hasPrefix("teacher:") })
    }

    /// Teachers are looked for while the latency limit falls too, not only once it has been reached.
    @Test func teachersChangeFromTheBeginning() throws {
        let fixture = SearchFixture()
        fixture.changed.latencyTarget = 0.5
        fixture.changed.candidates = 16
        fixture.changed.descent = 0.75
        fixture.changed.draws = 3
        let outcome = try fixture.search().run()
        let changed = outcome.state.known.filter { $0.move.hasPrefix("teacher:") }
        #expect(Set(changed.map(\.generation)).count > 1, "\(changed.map(\.generation))")
        // What the limit asks for beside another teacher is cut, and the best of some cuts is trained.
        #expect(changed.contains { !$0.actions.isEmpty })
        let pulls = outcome.state.teacherMoves.arms.values.map(\.pulls).reduce(0, +)
        #expect(pulls == changed.count && pulls == outcome.state.moves.arms["teacher"]?.pulls)
    }

    /// Student and teacher have their turns, though a student can be changed in many more ways.
    @Test(arguments: [SearchSettings.Mode.joint, .random])
    func studentAndTeacherTakeTurns(_ mode: SearchSettings.Mode) throws {
        let fixture = SearchFixture()
        fixture.changed.mode = mode
        fixture.changed.candidates = 24
        let outcome = try fixture.search().run()
        let children = outcome.state.known.dropFirst()
        let ofTeachers = children.count { $0.move.hasPrefix("teacher:") }
        #expect(children.count == 24 && (8...16).contains(ofTeachers), "\(ofTeachers) of \(children.count)")
        #expect(Set(children.map(\.move).filter { !$0.hasPrefix("teacher:") }).count > 2)
        guard mode == .joint else { return }
        let first = children.filter { $0.generation == 1 }
        #expect(first.count { $0.move.hasPrefix("teacher:") } == first.count / 2)
    }

    /// Siblings are compared by what they learn from the same batches; another generation has others.
    @Test func siblingsSeeTheSameBatches() throws {
        let fixture = SearchFixture()
        let outcome = try fixture.search().run()
        let generations = outcome.state.known.dropFirst().map(\.generation)
        let own = Array(fixture.trainer.batches.prefix(generations.count))
        #expect(own.count == 12 && Set(generations).count == 3)
        for (one, other) in zip(generations.indices, generations.indices.dropFirst()) {
            let isSame = own[one] == own[other]
            #expect(isSame == (generations[one] == generations[other]))
        }
    }

    /// A target in milliseconds is the share that these come to; the base must be slower.
    @Test func aTargetMayBeInMilliseconds() throws {
        let shares = try SearchFixture().search().run()
        let fixture = SearchFixture()
        fixture.changed.latencyTarget = 1
        fixture.changed.latencyMilliseconds = 0.7 * shares.state.baseLatency
        let search = try fixture.search()
        let outcome = try search.run()
        #expect(abs(search.target - 0.7 * shares.state.baseLatency) < 1e-9)
        #expect(outcome.student.latency <= search.target && outcome.state.limits == shares.state.limits)
        fixture.changed.latencyMilliseconds = 2 * shares.state.baseLatency
        let failure = #expect(throws: Failure.self) { _ = try fixture.search() }
        #expect(failure?.place == "latency_ms" && failure?.what.hasPrefix("the base takes") == true)
        fixture.changed.latencyMilliseconds = 0.04 * shares.state.baseLatency
        #expect(throws: Failure.self) { _ = try fixture.search() }
        // A student can be made again wherever the base is as fast by now.
        let replaying = SearchFixture()
        replaying.changed.latencyMilliseconds = 2 * shares.state.baseLatency
        replaying.replay = try Lineage(of: shares.student, among: shares.state.known)
        let replayed = try replaying.search()
        #expect(try replayed.run().weights == shares.weights)
        // What it is held against is what was asked for.
        #expect(abs(replayed.target - 2 * shares.state.baseLatency) < 1e-9)
    }

    /// A search by an hour alone, with a target that its few moves do not reach: generations come to have no candidates.
    private static func hourWithLittleToTry(secondsPerLook: Double) -> SearchFixture {
        let fixture = SearchFixture()
        fixture.changed.candidates = SearchSettings.unlimitedCandidates
        fixture.changed.hours = 1
        fixture.secondsPerLook = secondsPerLook
        fixture.changed.leastWidth = 1
        fixture.changed.latencyTarget = 0.3
        fixture.changed.mode = .fixedTeacher
        return fixture
    }

    /// Where hours alone end a search, one that has nothing left to try does not go on until they are over.
    @Test func aSearchWithNothingLeftEnds() throws {
        let fixture = Self.hourWithLittleToTry(secondsPerLook: 0.01)
        fixture.changed.descent = 0
        let state = try fixture.search().run().state
        #expect(state.barren.count >= 8 && state.barren.count < 40 && !state.isOutOfTime)
        // Without a descent the target holds from the first generation on.
        let aim = fixture.changed.latencyTarget * (1 - fixture.changed.latencyMargin)
        #expect(state.limits.filter { $0.key > 0 }.values.allSatisfy { $0 == aim })
        #expect(state.known.count > 1 && state.finals?.winner != nil)
        #expect(fixture.log.contains { $0.hasPrefix("candidate 1 (") })
    }

    /// A generation without candidates takes no time: the limit goes on falling by what those with candidates take, also after an
    /// interruption.
    @Test(arguments: [Int.max, 9]) func theLimitNeverRises(savedOften saves: Int) throws {
        let fixture = Self.hourWithLittleToTry(secondsPerLook: 20)
        fixture.savesLeft = saves
        if saves < .max {
            #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
            let kept = try #require(fixture.newest).appending(path: "search.json")
            let pace = try JSON(parsing: Data(contentsOf: kept), at: kept.path)["pace"]
            #expect((pace?["length"]?.number ?? 0) > 0, "how long a generation takes is kept")
        }
        fixture.savesLeft = .max
        let state = try fixture.search().run().state
        let limits = state.limits.sorted { $0.key < $1.key }.map(\.value)
        #expect(!state.barren.isEmpty && state.known.count > 1 && limits.count > 4, "\(limits)")
        #expect(zip(limits, limits.dropFirst()).allSatisfy { $0 >= $1 }, "\(limits)")
    }

    /// Each derived student's statistics are estimated before it is trained; one that only has another teacher is its parent.
    @Test func derivedStudentsAreSettled() throws {
        let fixture = SearchFixture()
        let outcome = try fixture.search().run()
        let derived = outcome.state.known.dropFirst().filter { !$0.actions.isEmpty }
        #expect(!derived.isEmpty && fixture.trainer.settledStudents == derived.map(\.architecture))
    }

    @Test func lineageGivesTheStudentsArchitecture() throws {
        let outcome = try SearchFixture().search().run()
        var path: [Candidate] = [outcome.student]
        while let parent = path[0].parent { path.insert(try #require(outcome.state.candidate(parent)), at: 0) }
        var graph = try Networks.graph()
        for action in path.flatMap(\.actions) { graph = try action.apply(to: graph, Networks.catalog) }
        #expect(graph.architecture == outcome.graph.architecture)
    }

    /// Going through a lineage trains its candidates alone, and gives the same student, interrupted or not.
    @Test func aLineageGivesTheStudentAgain() throws {
        let outcome = try SearchFixture().search().run()
        let lineage = try Lineage(of: outcome.student, among: outcome.state.known)
        #expect(lineage.steps.last?.candidate == outcome.student.id && lineage.steps.count < 12)
        #expect(try Lineage(json: JSON(parsing: lineage.json.prettyText), at: "test") == lineage)
        for saves in [Int.max, 2, 5] {
            let fixture = SearchFixture()
            fixture.replay = lineage
            fixture.savesLeft = saves
            if saves < .max { #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() } }
            fixture.savesLeft = .max
            let again = try fixture.search().run()
            #expect(again.state.known.map(\.id) == [0] + lineage.steps.map(\.candidate))
            #expect(again.weights == outcome.weights && again.student.precision == outcome.student.precision)
        }
    }

    /// Measured anew, a candidate of the lineage may be off the front: it is trained again all the same.
    @Test func aLineageIsReplayedWhateverLatenciesAreNow() throws {
        let first = SearchFixture()
        first.changed.finish.epochs = 0
        let outcome = try first.search().run()
        let lineage = try Lineage(of: outcome.student, among: outcome.state.known)
        let fixture = SearchFixture()
        fixture.changed.finish.epochs = 0
        // The less there is to compute, the longer it takes.
        fixture.slowness = -1
        fixture.replay = lineage
        fixture.savesLeft = 3
        #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
        fixture.savesLeft = .max
        let again = try fixture.search().run()
        #expect(again.weights == outcome.weights && !again.weights.isEmpty)
        #expect(again.state.archive.front.map(\.candidate) != outcome.state.archive.front.map(\.candidate))
    }

    @Test func whatALineageTellsIsChecked() throws {
        let outcome = try SearchFixture().search().run()
        let lineage = try Lineage(of: outcome.student, among: outcome.state.known)
        func refusal(_ change: (inout Lineage) -> Void) -> String? {
            let fixture = SearchFixture()
            var changed = lineage
            change(&changed)
            fixture.replay = changed
            return #expect(throws: Failure.self) { _ = try fixture.search().run() }?.what
        }
        let other = Digest(of: "other")
        #expect(refusal { $0.baseWeights = other } == "the lineage starts from another base detector")
        let first = lineage.steps[0].candidate
        #expect(
            refusal { $0.steps[0].weights = other }
                == "candidate \(first) came out with other weights than the lineage tells")
        #expect(refusal { $0.student = other } == "the student came out with other weights than the lineage tells")
        #expect(
            refusal { $0.steps[0].generation = .max }?.contains("generation that there is not") == true)
        #expect(
            refusal { $0.steps[0].teacher.depths = [9, 9, 9, 9] }?.hasPrefix("the pool has no such teacher") == true)
        #expect(refusal { $0.steps[0].teacher.innerWidths = [1e300] }?.hasPrefix("the pool has no such") == true)
        for share in [0, -1, 1.5, 1e300, .infinity] {
            #expect(refusal { $0.steps[0].share = share }?.contains("no part of its training") == true)
        }
        #expect(refusal { $0.steps[0].candidate = 0 }?.hasPrefix("the lineage names a candidate twice") == true)
        #expect(
            refusal { $0.steps[0].architecture = other }
                == "candidate \(first) of the lineage has other actions than architecture")
    }

    /// With blocks for the only cut and no teachers, there are few children, and every other one is equal to one of them: of the
    /// 48 attempts of a generation each is counted once.
    @Test func whatIsRefusedAndWhatIsThereAlreadyAreCountedApart() throws {
        let fixture = SearchFixture()
        fixture.changed.distillation = .off
        fixture.changed.leastWidth = 1
        fixture.changed.latencyTarget = 0.99
        fixture.changed.latencyMargin = 0
        fixture.changed.descent = 0
        fixture.changed.childrenPerGeneration = 12
        fixture.changed.mode = .random
        let state = try fixture.search().run().state
        #expect(state.duplicates > 0 && state.refused > 0)
        // The first generation did not come to its twelve, so that it made all of its attempts.
        #expect(state.known.count { $0.generation == 1 } < 12)
        #expect(state.known.count - 1 + state.duplicates + state.refused >= 48)
    }

    /// With blocks for the only cut there is soon nothing left: the generations that follow say so, each once, wherever the
    /// search was interrupted.
    @Test func generationsWithoutCandidatesAreTold() throws {
        func fixture() -> SearchFixture {
            let fixture = SearchFixture()
            fixture.changed.leastWidth = 1
            fixture.changed.latencyTarget = 0.3
            fixture.changed.descent = 0
            fixture.changed.mode = .fixedTeacher
            return fixture
        }
        let whole = fixture()
        let state = try whole.search().run().state
        let first = try #require(state.barren.first)
        #expect(first.limit == 0.3 * 0.98 * state.baseLatency && first.refused + first.duplicates > 0)
        let generations = state.barren.map(\.generation)
        #expect(generations.count > 2 && generations == Set(generations).sorted())
        #expect(Set(state.known.map(\.generation)).isDisjoint(with: generations))
        #expect(whole.log.filter { $0.hasPrefix("generation ") } == state.barren.map(\.description))
        #expect(state.barren.sentence?.hasPrefix("\(first); \(generations.count - 1) more") == true)
        // Killed at each save.
        for saves in 0..<whole.count {
            let again = fixture()
            again.savesLeft = saves
            #expect(throws: SearchFixture.Killed.self) { _ = try again.search().run() }
            again.savesLeft = .max
            let resumed = try again.search().run().state
            #expect(resumed.barren == state.barren && resumed.journal == state.journal)
            #expect(resumed.refused == state.refused && resumed.duplicates == state.duplicates)
        }
    }

    /// Where nothing seems to matter every cut is as good as another, not the last one certain.
    @Test func cutsWithoutALossAreDrawnByWhatTheySave() throws {
        let fixture = SearchFixture()
        fixture.trainer.knowsImportance = false
        fixture.slowness = 1000
        fixture.changed.candidates = 6
        fixture.changed.childrenPerGeneration = 6
        // Were the last cut certain, two children would be all that the base can have: one by widths, one by blocks.
        let known = try fixture.search().run().state.known
        #expect(known.filter { $0.generation == 1 }.count == 6)
    }

    /// A target that no student can reach still gives students, cut as deep as can be.
    @Test func aTargetOutOfReachStillGivesAFasterStudent() throws {
        let fixture = SearchFixture()
        fixture.changed.latencyTarget = 0.01
        fixture.changed.descent = 0
        let outcome = try fixture.search().run()
        #expect(outcome.state.known.count > 1)
        #expect(outcome.student.id != 0)
        #expect(outcome.student.latency < 0.8 * outcome.state.baseLatency)
    }

    @Test func modesKeepWhatTheyPromise() throws {
        let fixture = SearchFixture()
        fixture.changed.mode = .fixedTeacher
        let fixed = try fixture.search().run()
        #expect(fixed.state.known.allSatisfy { $0.teacher == fixed.base.teacher })
        let plain = SearchFixture()
        plain.changed.mode = .noDistillation
        _ = try plain.search().run()
        #expect(plain.trainer.teachers.isEmpty)
    }

    /// Where teachers do not change, students that are fast enough may be trained on as they are, as elsewhere under another teacher:
    /// a search that has to change them all in each generation spoils the best ones.
    @Test(arguments: [SearchSettings.Mode.fixedTeacher, .noDistillation, .joint, .random])
    func studentsMayBeTrainedOn(_ mode: SearchSettings.Mode) throws {
        let fixture = SearchFixture()
        fixture.changed.mode = mode
        fixture.changed.candidates = 24
        let state = try fixture.search().run().state
        let trained = state.known.filter { $0.move == "train-on" }
        guard [.fixedTeacher, .noDistillation].contains(mode) else {
            #expect(trained.isEmpty)
            return
        }
        let changed = state.known.dropFirst().filter { $0.move != "train-on" }
        #expect(trained.count > 4 && changed.count > 4, "\(trained.count) and \(changed.count)")
        for child in trained {
            let parent = try #require(child.parent.flatMap { state.candidate($0) })
            #expect(child.architecture == parent.architecture && child.teacher == parent.teacher)
            let limit = try #require(state.limits[child.generation])
            #expect(parent.latency <= limit * state.baseLatency)
        }
        // Twice at once it would be the same training.
        #expect(Set(trained.map { [$0.generation, $0.parent ?? -1] }).count == trained.count)
    }

    /// So where there is no distillation, whatever the mode; but not where nothing would be trained.
    @Test func trainingOnIsATraining() throws {
        let fixture = SearchFixture()
        fixture.changed.candidates = 24
        fixture.changed.distillation = .off
        #expect(try fixture.search().run().state.known.contains { $0.move == "train-on" })
        let untrained = SearchFixture()
        untrained.changed.candidates = 24
        untrained.changed.mode = .fixedTeacher
        untrained.changed.trial.epochs = 0
        let known = try untrained.search().run().state.known
        #expect(known.count == 25 && !known.contains { $0.move == "train-on" })
    }

    /// What a move is told to have brought is what the front gained by it, without what was faster than asked for.
    @Test func movesAreRewardedForWhatWasAskedFor() throws {
        let fixture = SearchFixture()
        fixture.changed.candidates = 24
        let state = try fixture.search().run().state
        func point(_ candidate: Candidate) -> ParetoArchive.Point {
            .init(candidate: candidate.id, precision: candidate.precision ?? 0, latency: candidate.latency)
        }
        func arms(_ asked: (Int) -> Double?) throws -> [String: Bandit.Arm] {
            var (archive, moves) = (ParetoArchive(), Bandit())
            archive.insert(point(state.known[0]))
            for generation in 1..<state.generation {
                let children = state.known.filter { $0.generation == generation }
                let asked = try #require(asked(generation)) * state.baseLatency
                let gains = children.map {
                    archive.gain(of: point($0), asked: asked, latencyLimit: 1.05 * state.known[0].latency)
                }
                for (child, reward) in zip(children, Bandit.rewards(gains)) {
                    moves.reward(String(child.move.prefix { $0 != ":" }), reward)
                    archive.insert(point(child))
                }
            }
            return moves.arms
        }
        #expect(try arms { state.limits[$0] } == state.moves.arms)
        #expect(try arms { _ in 0 } != state.moves.arms)
    }

    /// Architecture, pruning, distillation: each does what it is for, and all of them have the budget of the other modes.
    @Test(arguments: [nil, 3, -4]) func aPipelineDoesOneThingAfterTheOther(stoppedAfter saves: Int?) throws {
        let fixture = SearchFixture()
        fixture.changed.mode = .pipeline
        fixture.changed.candidates = 18
        fixture.changed.childrenPerGeneration = 3
        if let saves {
            let whole = SearchFixture()
            whole.changed = fixture.changed
            let expected = try whole.search().run()
            fixture.savesLeft = saves < 0 ? whole.count + saves : saves
            #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
            fixture.savesLeft = .max
            let again = try fixture.search().run()
            #expect(again.weights == expected.weights && again.state.journal == expected.state.journal)
            return
        }
        let outcome = try fixture.search().run()
        #expect(outcome.state.known.count == 19)
        let base = outcome.state.baseLatency
        var seen: Set<SearchSettings.Phase> = []
        for child in outcome.state.known.dropFirst() {
            let phase = try #require(fixture.changed.phase(generation: child.generation))
            seen.insert(phase)
            #expect(child.latency <= fixture.changed.latencyLimit(generation: child.generation) * base)
            #expect(child.teacher == outcome.base.teacher)
            switch phase {
            case .architecture: #expect(!child.actions.isEmpty)
            case .pruning: #expect(child.move == "prune")
            case .distillation: #expect(child.actions.isEmpty && child.move == "train-on")
            }
        }
        #expect(seen == Set(SearchSettings.Phase.allCases))
        // Who is trained on twice is so one after the other: at once it would be the same training.
        let trained = outcome.state.known.filter { $0.move == "train-on" }.map { [$0.generation, $0.parent ?? 0] }
        #expect(Set(trained).count == trained.count)
        // Six of eighteen students had a teacher, and the last training.
        #expect(fixture.trainer.taught == 7 && fixture.trainer.teachers == [outcome.base.teacher])
    }

    /// No generation begins after the hours, which count over interruptions; the student still has its last training.
    @Test(arguments: [Int.max, 2]) func hoursEndASearch(savedOften saves: Int) throws {
        let fixture = SearchFixture()
        // Each look at the clock takes two minutes: the first generation may begin, and no other.
        fixture.secondsPerLook = 120
        fixture.changed.hours = 0.1
        fixture.savesLeft = saves
        if saves < .max { #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() } }
        fixture.savesLeft = .max
        let outcome = try fixture.search().run()
        #expect(outcome.state.known.count == 5, "one generation of four")
        #expect(outcome.state.isOutOfTime && fixture.log.contains { $0.hasPrefix("candidate 4 of at most 12 (") })
        #expect(fixture.log.contains { $0.hasSuffix("0.1 hours: 4 of at most 12 candidates were trained") })
        #expect(outcome.state.journal.last?.contains("last-training") == true)
        #expect(outcome.state.spent >= 360)
    }

    /// Where training on makes students worse, a pipeline still trains as many as it may: none of them enters the front.
    @Test func aPipelineKeepsItsBudgetWhateverComesOfIt() throws {
        let fixture = SearchFixture()
        fixture.changed.mode = .pipeline
        fixture.changed.candidates = 18
        fixture.changed.childrenPerGeneration = 3
        fixture.trainer.spoils = true
        let outcome = try fixture.search().run()
        #expect(outcome.state.known.count == 19)
        let last = outcome.state.known.filter { $0.move == "train-on" }
        #expect(
            last.count == 6
                && last.allSatisfy { child in !outcome.state.archive.front.contains { $0.candidate == child.id } })
    }

    /// UCB gives children to whom they have brought the most, and tries everyone before; random search to everyone.
    @Test func strategiesChooseParentsByTheirOwnRules() throws {
        let outcome = try SearchFixture().search().run()
        let candidates = (0..<3).map { id in
            var candidate = outcome.base
            candidate.id = id
            return candidate
        }
        var state = outcome.state
        state.parents = Bandit(exploration: 0.1)
        state.parents.reward("0", 0.2)
        state.parents.reward("2", 0.9)
        var draw = RandomStream(seed: 1)
        func choices(_ strategy: some SearchStrategy, pending: [Int: Int] = [:]) -> [Int] {
            (0..<40).map { strategy.parent($0, among: candidates, state, pending: pending, &draw).id }
        }
        #expect(Set(choices(UpperConfidence())) == [1], "nobody knows what its children are worth")
        #expect(Set(choices(UpperConfidence(), pending: [1: 1])) == [2])
        #expect(Set(choices(RandomSearch())) == [0, 1, 2])
    }

    /// Every strategy ends within the target and the budget; they do not choose alike.
    @Test func strategiesDiffer() throws {
        var journals: Set<[String]> = []
        for strategy in SearchSettings.Strategy.allCases {
            let fixture = SearchFixture()
            fixture.changed.strategy = strategy
            let outcome = try fixture.search().run()
            #expect(outcome.state.known.count == 13 && outcome.student.latency <= 0.7 * outcome.state.baseLatency)
            #expect(!outcome.state.parents.arms.isEmpty)
            journals.insert(outcome.state.journal)
        }
        #expect(journals.count == 3)
    }

    /// The search moves blocks, changes the input's size and the proposals, and what it did can be replayed.
    @Test func everyKindOfActionIsTried() throws {
        let fixture = SearchFixture()
        fixture.changed.candidates = 80
        fixture.changed.strategy = .random
        let outcome = try fixture.search().run()
        var kinds: Set<StudentAction.Kind> = []
        for child in outcome.state.known.dropFirst() {
            let parent = try #require(outcome.state.candidate(child.parent ?? 0))
            var graph = try DetectorGraph(parent.architecture, Networks.catalog)
            for action in child.actions {
                kinds.insert(action.kind(on: graph.architecture))
                graph = try action.apply(to: graph, Networks.catalog)
            }
            // What a move gave to a stage is not cut off again.
            guard case .moveBlock(_, _, let gainer)? = child.actions.first else { continue }
            #expect(
                !child.actions.contains {
                    if case .removeBlock(gainer, _) = $0 { true } else { false }
                }, "\(child.actions)")
        }
        #expect(kinds == Set(StudentAction.Kind.allCases))
        // Another input is one that batches are padded to another extent for.
        for child in outcome.state.known.dropFirst() {
            guard case .setInput(let size)? = child.actions.first else { continue }
            let parent = try #require(outcome.state.candidate(child.parent ?? 0))
            let graph = try DetectorGraph(parent.architecture, Networks.catalog)
            let other = try StudentAction.setInput(size).apply(to: graph, Networks.catalog)
            #expect(other.paddedSize != graph.paddedSize, "\(child.actions)")
        }
        // Never more proposals than the base's, nor so few that nothing is found.
        let counts = Set(outcome.state.known.map(\.architecture.selection.inference.afterNMS))
        let most = outcome.base.architecture.selection.inference.afterNMS
        #expect(counts.count > 1 && counts.max() == most && counts.allSatisfy { $0 >= min(20, most) })
    }

    /// While the limit falls parents are above it: they are given no larger images and no more proposals, which would only
    /// ask for more cuts.
    @Test func onlyFastStudentsAreGivenMoreToDo() throws {
        let fixture = SearchFixture()
        (fixture.proposals, fixture.input) = (80, 96)
        fixture.changed.latencyTarget = 0.3
        (fixture.changed.candidates, fixture.changed.childrenPerGeneration) = (200, 40)
        fixture.changed.descent = 1
        fixture.changed.strategy = .random
        let outcome = try fixture.search().run()
        var changes: Set<StudentAction.Kind> = []
        for child in outcome.state.known.dropFirst() {
            let parent = try #require(outcome.state.candidate(child.parent ?? 0))
            let limit = fixture.changed.latencyLimit(generation: child.generation) * outcome.state.baseLatency
            guard parent.latency > limit, let action = child.actions.first else { continue }
            changes.insert(action.kind(on: parent.architecture))
            switch action {
            case .setInput(let size): #expect(size.shorter < parent.architecture.input.shorter)
            case .setProposals(let count): #expect(count < parent.architecture.selection.inference.afterNMS)
            default: break
            }
        }
        #expect(changes.isSuperset(of: [.input, .proposals]), "\(changes)")
        #expect(changes.isDisjoint(with: [.addBlock, .widen]), "\(changes)")
    }

    /// A base that lets few proposals through has none to spare.
    @Test(arguments: [1, 15, 20]) func fewProposalsStay(count: Int) throws {
        let fixture = SearchFixture()
        fixture.proposals = count
        fixture.changed.candidates = 20
        fixture.changed.strategy = .random
        let outcome = try fixture.search().run()
        #expect(outcome.state.known.count > 4)
        #expect(outcome.state.known.allSatisfy { $0.architecture.selection.inference.afterNMS == count })
    }

    /// With all weights of the distillation 0 there are no teachers, whatever the mode: none is chosen, none is counted.
    @Test func withoutLossesThereAreNoTeachers() throws {
        let fixture = SearchFixture()
        fixture.changed.distillation = .off
        let outcome = try fixture.search().run()
        #expect(fixture.trainer.taught == 0 && !fixture.changed.hasTeachers)
        #expect(outcome.state.known.allSatisfy { !$0.move.hasPrefix("teacher") })
        #expect(outcome.state.journal.allSatisfy { $0.contains("\"taught\":false") })
    }
}
