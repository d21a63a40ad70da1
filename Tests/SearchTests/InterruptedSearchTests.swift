import Basics
import Foundation
import Search
import Tensor
import Testing
import Training

/// A search that is killed anywhere ends as if it had not been.
@Suite struct InterruptedSearchTests {
    /// Killed after a save: while the base is evaluated, while children are proposed and when they are, in the middle of an epoch,
    /// between candidates.
    @Test(arguments: [
        "measured", "generation-1-proposing", "generation-1", "candidate-1-training", "candidate-1",
        "candidate-3-training", "generation-2-proposing", "candidate-6",
    ])
    func anInterruptedSearchEndsAlike(afterSave name: String) throws { try expectSameEnd { $0.lastSave = name } }

    /// Killed at a save near the end: in the last trainings, while they are evaluated.
    @Test(arguments: [-12, -9, -2, -1])
    func anInterruptedSearchEndsAlike(fromTheEnd saves: Int) throws {
        let whole = SearchFixture()
        whole.savesOften = true
        _ = try whole.search().run()
        try expectSameEnd { $0.savesLeft = whole.count + saves }
    }

    private func expectSameEnd(killed: (SearchFixture) -> Void) throws {
        let whole = try SearchFixture().search().run()
        let fixture = SearchFixture()
        fixture.savesOften = true
        killed(fixture)
        #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
        (fixture.lastSave, fixture.savesLeft) = (nil, .max)
        let resumed = try fixture.search().run()
        #expect(resumed.state.journal == whole.state.journal)
        #expect(resumed.student == whole.student)
        #expect(resumed.state.archive == whole.state.archive)
        #expect(resumed.state.refused == whole.state.refused && resumed.state.duplicates == whole.state.duplicates)
        #expect(resumed.weights == whole.weights)
    }

    /// A checkpoint's journal tells of all who were trained, also of the generation at work.
    @Test func theJournalKeepsUp() throws {
        let fixture = SearchFixture()
        // The base, the first generation's children, and two of them trained.
        fixture.savesLeft = 3
        #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
        let file = try #require(fixture.newest).appending(path: "journal.jsonl")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            try JSON(parsing: Data($0.utf8), at: "journal")
        }
        #expect(lines.compactMap { $0["candidate"]?.integer } == [0, 1, 2])
        #expect(lines.allSatisfy { $0["ap"]?.number != nil })
        fixture.savesLeft = .max
        let whole = try SearchFixture().search().run()
        #expect(try fixture.search().run().state.journal == whole.state.journal)
    }

    /// What is done is not done again.
    @Test func aTrialGoesOnWhereItWasStopped() throws {
        let fixture = SearchFixture()
        fixture.savesOften = true
        fixture.lastSave = "candidate-1-training"
        #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
        let before = fixture.trainer.steps
        #expect(fixture.newest?.appending(path: "candidate-1-training").isFolder == true)
        fixture.lastSave = nil
        _ = try fixture.search().run()
        let whole = SearchFixture()
        _ = try whole.search().run()
        // One step was taken and not saved.
        #expect(fixture.trainer.steps == whole.trainer.steps + 1 && before > 1)
    }

    /// The latencies of one device say nothing of another's.
    @Test func aSearchDoesNotGoOnWithAnotherDevicesLatencies() throws {
        let fixture = SearchFixture()
        fixture.savesLeft = 3
        #expect(throws: SearchFixture.Killed.self) { _ = try fixture.search().run() }
        fixture.savesLeft = .max
        fixture.device.libraries = "others"
        let failure = #expect(throws: Failure.self) { _ = try fixture.search().run() }
        #expect(failure?.what.hasPrefix("the checkpoint's latencies are another device's") == true)
        fixture.device.libraries = "none"
        #expect(try fixture.search().run().state.known.count == 13)
    }
}
