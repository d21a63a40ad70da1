import Basics
import Foundation
import Spool
import TestSupport
import Testing

@Suite struct RecordTests {
    struct Sample: Codable, Equatable {
        var name: String
        var whole: Double
        var numbers: [Double]
        var nothing: Int?
    }

    let sample = Sample(name: "é \"x\"", whole: 3, numbers: [0.1, 1e20, -2, 1e-9], nothing: nil)

    @Test func aRecordComesBackEqual() throws {
        let data = try SealedRecord.encode(sample)
        #expect(try SealedRecord.decode(Sample.self, from: data, at: "r") == sample)
    }

    /// A later version may tell faults apart that this one does not know.
    @Test func unknownFaultsCountAsTheStages() throws {
        let outcome = AttemptOutcome(result: .failed, fault: .memory, reason: "no", started: .now)
        let text = try JSON(encoding: outcome).canonicalText.replacing("\"memory\"", with: "\"moonlight\"")
        #expect(try JSON(parsing: Data(text.utf8)).decode(AttemptOutcome.self).fault == .stage)
    }

    @Test func everyTornOrChangedRecordIsRefused() throws {
        let data = try SealedRecord.encode(sample)
        for length in 0..<(data.count - 1) {
            #expect(throws: Failure.self) { try SealedRecord.decode(Sample.self, from: data.prefix(length), at: "r") }
        }
        for index in data.indices {
            var changed = data
            changed[index] ^= 1
            if let read = try? SealedRecord.decode(Sample.self, from: changed, at: "r") { #expect(read == sample) }
        }
    }

    @Test func anArtifactIsCheckedMemberByMember() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let folder = scratch.url.appending(path: "output")
        try FileManager.default.createDirectory(at: folder.appending(path: "deep"), withIntermediateDirectories: true)
        for name in ["a", "deep/b", "c"] { try Data("text".utf8).write(to: folder.appending(path: name)) }
        let id = try JobID(job: "j", at: .now, random: 1)
        let members = try Receipt.members(of: folder) { $0 == "a" }
        let receipt = Receipt(
            job: id, stage: "s", plugin: "p", pluginVersion: 1, kind: "dataset", key: Digest(of: ""), attempt: "x",
            members: members, summary: ["headline": ["one", "two"]], inputs: [])
        #expect(receipt.members.map(\.path) == ["a", "c", "deep/b"])
        #expect(receipt.members.map(\.bundle) == [true, false, false])
        #expect(receipt.headline == ["one", "two"])
        #expect(receipt.verify(in: folder) == [])
        try Data("test".utf8).write(to: folder.appending(path: "a"))
        try Data("longer".utf8).write(to: folder.appending(path: "c"))
        try FileManager.default.removeItem(at: folder.appending(path: "deep/b"))
        let problems = receipt.verify(in: folder)
        #expect(problems.count == 3)
        #expect(problems[0].hasPrefix("a: its contents have changed"))
        #expect(problems[1] == "c: 6 bytes instead of 4")
        #expect(problems[2] == "deep/b: missing")
    }

    @Test func attemptFoldersAreReadFromPaths() throws {
        let id = try JobID(job: "j", at: .now, random: 1)
        let attempt = AttemptFolder(spool: URL(filePath: "/s"), job: id, stage: "data", epoch: 2, number: 3)
        #expect(AttemptFolder(at: attempt.url)?.path == attempt.path)
        #expect(AttemptFolder(at: URL(filePath: "/s/work/x/data/attempts/2-3")) == nil)
        #expect(AttemptFolder(at: URL(filePath: "/s/work/\(id)/data/attempts/2-03")) == nil)
    }
}
