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
