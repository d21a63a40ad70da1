import Foundation
import StageKit
import Synchronization
import TestSupport
import Testing

@Suite struct CheckpointFolderTests {
    @Test func savesAndResumes() throws {
        let scratch = try TemporaryFolder()
        defer { withExtendedLifetime(scratch) {} }
        let base = scratch.url
        let first = base.appending(path: "attempts/1-1")
        let folder = CheckpointFolder(directory: first.appending(path: "checkpoint"), resume: nil)
        #expect(folder.resumeDirectory == nil)
        for epoch in 1...3 {
            try folder.save(named: "epoch-\(epoch)") { url in
                try Data("\(epoch)".utf8).write(to: url.appending(path: "state"))
            }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: first.appending(path: "checkpoint").path)
        #expect(names == ["000003-epoch-3"])

        let newest = try #require(CheckpointFolder.newest(ofAttempts: [base.appending(path: "attempts/0-1"), first]))
        let second = base.appending(path: "attempts/2-1")
        let next = CheckpointFolder(directory: second.appending(path: "checkpoint"), resume: newest)
        let resumed = try #require(next.resumeDirectory)
        #expect(try String(contentsOf: resumed.appending(path: "state"), encoding: .utf8) == "3")
        try next.save(named: "epoch-4") { try Data("4".utf8).write(to: $0.appending(path: "state")) }
        #expect(
            CheckpointFolder.newest(ofAttempts: [second, first])?.lastPathComponent == "000004-epoch-4")
    }

    @Test(arguments: ["state", "checkpoint.json"]) func damagedOnesArePassedOver(_ name: String) throws {
        let scratch = try TemporaryFolder()
        defer { withExtendedLifetime(scratch) {} }
        let base = scratch.url
        var attempts: [URL] = []
        var resume: URL?
        for attempt in 1...2 {
            let url = base.appending(path: "\(attempt)")
            let folder = CheckpointFolder(directory: url.appending(path: "checkpoint"), resume: resume)
            try folder.save(named: "s") { try Data("whole".utf8).write(to: $0.appending(path: "state")) }
            resume = folder.resumeDirectory
            attempts.append(url)
        }
        let newest = try #require(CheckpointFolder.newest(ofAttempts: attempts))
        #expect(newest.lastPathComponent == "000002-s")
        try Data("wh".utf8).write(to: newest.appending(path: name))
        #expect(CheckpointFolder.newest(ofAttempts: attempts)?.lastPathComponent == "000001-s")
    }

    @Test func aFailedSaveLeavesTheOldOne() throws {
        struct Stop: Error {}
        let scratch = try TemporaryFolder()
        defer { withExtendedLifetime(scratch) {} }
        let base = scratch.url
        let seen = Mutex<[StageMoment]>([])
        let folder = CheckpointFolder(directory: base.appending(path: "checkpoint"), resume: nil) { moment in
            seen.withLock { $0.append(moment) }
        }
        try folder.save(named: "a") { try Data("a".utf8).write(to: $0.appending(path: "state")) }
        #expect(throws: Stop.self) { try folder.save(named: "b") { _ in throw Stop() } }
        #expect(folder.resumeDirectory?.lastPathComponent == "000001-a")
        #expect(seen.withLock { $0 } == [.checkpoint(name: "a")])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: base.appending(path: "checkpoint").path) == ["000001-a"]
        )
    }
}
