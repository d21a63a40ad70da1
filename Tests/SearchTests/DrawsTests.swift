import Basics
import DetectorKit
import Search
import Tensor
import Testing
import Training

/// Who is looked at before it is trained, and who gets children.
@Suite struct DrawsTests {
    /// Of the students that are drawn for a child, the one that inherits the least loss is trained; where all is drawn evenly, the first.
    @Test func theStrongestOfSomeDrawsIsTrained() throws {
        let fixture = SearchFixture()
        fixture.changed.candidates = 1
        fixture.changed.childrenPerGeneration = 1
        fixture.changed.draws = 8
        fixture.changed.finish.epochs = 0
        let child = try fixture.search().run().state.known[1]
        let looks = fixture.trainer.looks
        #expect(looks.count > 1 && looks.count <= 8 && Set(looks.map(\.architecture)).count == looks.count)
        #expect(Set(looks.map(\.random)).count == 1)
        let least = try #require(looks.min { $0.loss < $1.loss })
        #expect(least.architecture == child.architecture && looks.first?.architecture != child.architecture)
        // What was looked at is what is trained.
        #expect(fixture.trainer.starts[child.architecture] == least.weights)

        for change in [
            { (settings: inout SearchSettings) in settings.mode = .random },
            { (settings: inout SearchSettings) in settings.strategy = .random },
            { (settings: inout SearchSettings) in settings.draws = 1 },
        ] {
            let fixture = SearchFixture()
            fixture.changed.draws = 8
            change(&fixture.changed)
            #expect(try fixture.search().run().state.known.count == 13)
            #expect(fixture.trainer.looks.isEmpty)
        }
    }

    /// Losses that are no numbers stop nothing.
    @Test func studentsWithoutALossAreTrained() throws {
        let fixture = SearchFixture()
        fixture.changed.draws = 3
        fixture.trainer.isLost = true
        #expect(try fixture.search().run().state.known.count == 13)
        #expect(!fixture.trainer.looks.isEmpty)
    }

    /// A search that looks at several students for each child goes on after an interruption to the same end: before the first
    /// generation is settled, amid its trainings, and after the looks of the second.
    @Test(arguments: [0, 4, 5]) func drawsAreTheSameAgain(saves: Int) throws {
        let whole = SearchFixture()
        whole.changed.draws = 3
        let outcome = try whole.search().run()
        let fixture = SearchFixture()
        fixture.changed.draws = 3
        fixture.savesLeft = saves
        #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
        if saves == 5 { #expect(Set(fixture.trainer.looks.map(\.random)).count == 2) }
        fixture.savesLeft = .max
        let again = try fixture.search().run()
        #expect(again.weights == outcome.weights && again.state.journal == outcome.state.journal)
        #expect(again.state.refused == outcome.state.refused && again.state.duplicates == outcome.state.duplicates)
    }

    /// Who is far less precise than others that are fast enough gets no children, however alone on the front.
    @Test func parentsAreNotFarBelowTheBest() throws {
        let outcome = try SearchFixture().search().run()
        let candidates = [0.4, 0.7, 0.67, 0.5, 0.66].enumerated().map { id, precision in
            var candidate = outcome.base
            candidate.id = id
            candidate.precision = precision
            return candidate
        }
        var draw = RandomStream(seed: 1)
        let parents = (0..<4).map {
            ParetoEvolution().parent($0, among: candidates, outcome.state, pending: [:], &draw).id
        }
        #expect(parents == [1, 2, 1, 2])
        let alone = ParetoEvolution().parent(3, among: [candidates[3]], outcome.state, pending: [:], &draw)
        #expect(alone.id == 3)
        // Where nothing counts, COCO's AP is -1.
        var lost = candidates[0]
        lost.precision = -1
        #expect(ParetoEvolution().parent(1, among: [lost], outcome.state, pending: [:], &draw).id == 0)
    }
}
