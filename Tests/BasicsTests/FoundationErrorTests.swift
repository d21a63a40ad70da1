import Basics
import Foundation
import Glibc
import Testing

/// What the machine's errors become.
@Suite struct FoundationErrorTests {
    private func error(_ body: () throws -> Void) -> (any Error)? {
        do { try body() } catch { return error }
        return nil
    }

    /// /dev/full has no room, ever (full(4)).
    @Test func aFullDiskIsKnownHoweverItIsWrittenTo() throws {
        let full = URL(filePath: "/dev/full")
        let handle = try FileHandle(forWritingTo: full)
        let errors = [
            error { try handle.write(contentsOf: Data("text".utf8)) }, error { try Data("text".utf8).write(to: full) },
            POSIXError(.EDQUOT), CocoaError(.fileWriteOutOfSpace),
        ]
        for error in errors {
            let failure = Failure(foundation: try #require(error), at: "here")
            #expect(failure?.isOfRoom == true, "\(String(describing: error))")
        }
        #expect(Failure.system("write", at: "here", errno: ENOSPC).isOfRoom)
        #expect(Failure.system("write", at: "here", errno: EDQUOT).isOfRoom)
    }

    @Test func othersAreNotOfRoom() throws {
        let missing = try #require(error { _ = try Data(contentsOf: URL(filePath: "/nowhere")) })
        let failure = try #require(Failure(foundation: missing))
        #expect(!failure.isOfRoom && failure.cause == .system && failure.place == "/nowhere")
        #expect(Failure(foundation: CancellationError()) == nil)
        // A user's own words make no full disk.
        #expect(!Failure("No space left on device").isOfRoom)
    }
}
