import Basics
import Foundation
import TestSupport
import Testing

@Suite struct DurableFileTests {
    @Test func writingReplacesAndLeavesNothingBeside() throws {
        let folder = try TemporaryFolder()
        try DurableFile.write("old, and longer than what follows", to: folder["file"])
        try DurableFile.write("new", to: folder["file"])
        #expect(try String(contentsOf: folder["file"], encoding: .utf8) == "new")
        #expect(folder.files() == ["file"])
    }

    @Test func creatingNeverReplaces() throws {
        let folder = try TemporaryFolder()
        #expect(try DurableFile.create(Data("one".utf8), at: folder["file"]))
        #expect(try !DurableFile.create(Data("two".utf8), at: folder["file"]))
        #expect(try String(contentsOf: folder["file"], encoding: .utf8) == "one")
        #expect(folder.files() == ["file"])
    }

    @Test func ofManyCreatorsOneWins() async throws {
        let folder = try TemporaryFolder()
        let won = try await withThrowingTaskGroup(of: Int?.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try DurableFile.create(Data("\(number)".utf8), at: folder["file"]) ? number : nil
                }
            }
            return try await group.reduce(into: [Int]()) { if let number = $1 { $0.append(number) } }
        }
        #expect(won.count == 1)
        #expect(try String(contentsOf: folder["file"], encoding: .utf8) == "\(won[0])")
    }

    @Test func aFailureLeavesTheOldFileAndNothingElse() throws {
        let folder = try TemporaryFolder()
        #expect(throws: Failure.self) { try DurableFile.write("x", to: folder["none/file"]) }
        // A folder cannot be replaced by a file: the rename fails after all bytes were written.
        try folder.write("inside", to: "there/file")
        let failure = #expect(throws: Failure.self) { try DurableFile.write("x", to: folder["there"]) }
        #expect(failure?.cause == .system && failure?.place == folder["there"].path)
        #expect(folder.files() == ["there/file"])
    }

    @Test func aLargeFileIsWhole() throws {
        let folder = try TemporaryFolder()
        var random = RandomStream(seed: 4)
        let data = Data((0..<3_000_001).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        try DurableFile.write(data, to: folder["large"])
        #expect(try Data(contentsOf: folder["large"]) == data)
    }
}
