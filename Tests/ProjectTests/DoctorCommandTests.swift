import Basics
import Foundation
import Spool
import TestSupport
import Testing

/// `jdnas doctor`, from outside.
@Suite struct DoctorCommandTests {
    @Test func aLostTokenIsFoundAndRebuilt() throws {
        let folder = try TemporaryFolder()
        let spool = try Spool(at: folder["s"], create: true)
        let sound = try run(["doctor", "--spool", "s"], in: folder.url)
        #expect(sound.code == 0 && sound.output == "nothing is wrong\n", "\(sound.output)\(sound.error)")

        let id = try spool.submit(manifest: Data("job: first\n".utf8), name: "first", base: "/tmp")
        let token = try #require(try spool.find(id)?.token)
        _ = try spool.accept(token, resolved: Data(#"{"stages": []}"#.utf8))
        try FileManager.default.removeItem(at: folder["s/queued/\(id).json"])
        let found = try run(["doctor", "--spool", "s"], in: folder.url)
        #expect(found.code == 1)
        #expect(
            found.output == """
                work/\(id): fault: the job has no token
                  remedy: 'jdnas doctor --repair' puts it right, and so does the next 'jdnas run'
                1 fault

                """)
        let json = try JSON(parsing: try run(["doctor", "--json", "--spool", "s"], in: folder.url).output)
        #expect(json["findings"]?[0]?["severity"] == "fault" && json["findings"]?[0]?["repairable"] == true)

        let mended = try run(["doctor", "--repair", "--spool", "s"], in: folder.url)
        #expect(mended.code == 0)
        #expect(mended.output == "rebuilt the token of \(id)\nnothing is wrong\n")
        #expect(try spool.find(id)?.folder == .queued)
    }

    @Test func itIsRefusedWhileARunnerWorks() throws {
        let folder = try TemporaryFolder()
        let spool = try Spool(at: folder["s"], create: true)
        let lock = try SchedulerLock.acquire(spool)
        defer { lock.release() }
        let beside = try run(["doctor", "--spool", "s"], in: folder.url)
        #expect(beside.code == 0 && beside.output == "a runner works here: \(lock.owner)\nnothing is wrong\n")
        let refused = try run(["doctor", "--repair", "--spool", "s"], in: folder.url)
        #expect(refused.code == 1 && refused.error.contains("a runner works on this spool already: process"))
        #expect(try run(["doctor", "--bundles", "--spool", "s"], in: folder.url).code == 2)
        #expect(try run(["doctor", "--spool", "nowhere"], in: folder.url).error.contains("there is no spool here"))
    }
}
