import Basics
import Foundation
import Spool
import TestSupport
import Testing

@Suite struct InboxTests {
    @Test func aFileThatGrowsIsLeftAlone() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        let file = spool.folder(.inbox).appending(path: "a.yaml")
        var watcher = InboxWatcher()
        try Data("job: a".utf8).write(to: file)
        #expect(try watcher.look(at: spool).isEmpty)
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("\nseed: 1\n".utf8))
        #expect(try watcher.look(at: spool).isEmpty, "it grew between the looks")
        #expect(try watcher.look(at: spool).isEmpty, "it stands still, but is open for writing")
        #expect(watcher.isWaiting)
        try handle.close()
        #expect(try watcher.look(at: spool).count == 1)
    }

    @Test(arguments: [".a.yaml", "a.yaml~", "a.yaml.tmp", "a.yaml.part", ".a.yaml.swp"])
    func namesOfDraftsAreLeftAlone(_ name: String) throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        try Data("job: a".utf8).write(to: spool.folder(.inbox).appending(path: name))
        var watcher = InboxWatcher()
        for _ in 0..<3 { #expect(try watcher.look(at: spool).isEmpty) }
        #expect(!watcher.isWaiting)
    }

    @Test func whatIsNoManifestIsNamedAsSuch() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        let inbox = spool.folder(.inbox)
        try Data("x".utf8).write(to: inbox.appending(path: "a.txt"))
        try FileManager.default.createSymbolicLink(
            at: inbox.appending(path: "b.yaml"), withDestinationURL: URL(filePath: "/etc/hostname"))
        var watcher = InboxWatcher()
        _ = try watcher.look(at: spool)
        let reasons = try watcher.look(at: spool).map { item in
            if case .stranger(let drop, let reason) = item { "\(drop.name): \(reason)" } else { "taken" }
        }
        #expect(reasons.count == 2)
        #expect(reasons.first?.contains(".yaml") == true)
        #expect(reasons.last?.contains("regular file") == true)
    }

    @Test func aManifestThatChangedAfterItWasReadGoesBack() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        let file = spool.folder(.inbox).appending(path: "a.yaml")
        try Data("job: new\n".utf8).write(to: file)
        var watcher = InboxWatcher()
        _ = try watcher.look(at: spool)
        guard case .drop(let drop)? = try watcher.look(at: spool).first else {
            Issue.record("no drop was seen")
            return
        }
        let read = Data("job: old\n".utf8)
        #expect(try spool.accept(drop, manifest: read, job: "old", base: "/", resolved: Data()) == nil)
        #expect(try Data(contentsOf: file) == Data("job: new\n".utf8))
        #expect(try scratch.names(in: "work").isEmpty)
        #expect(try spool.jobs().isEmpty)
    }

    @Test func aSecondRejectedFileOfTheSameNameKeepsBoth() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        for text in ["one", "two"] {
            try Data(text.utf8).write(to: spool.folder(.inbox).appending(path: "a.yaml"))
            var watcher = InboxWatcher()
            _ = try watcher.look(at: spool)
            guard case .drop(let drop)? = try watcher.look(at: spool).first else { continue }
            try spool.reject(drop, diagnostics: "no \(text)\n")
        }
        let expected = ["a-2.diagnostics.txt", "a-2.yaml", "a.diagnostics.txt", "a.yaml"]
        #expect(try scratch.names(in: "rejected") == expected)
    }

    /// Names that differ in their ending only share the name of their diagnostics.
    @Test func rejectionOverwritesNothing() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        for name in ["a.yaml", "a.yml"] {
            try Data(name.utf8).write(to: spool.folder(.inbox).appending(path: name))
            var watcher = InboxWatcher()
            _ = try watcher.look(at: spool)
            guard case .drop(let drop)? = try watcher.look(at: spool).first else { continue }
            try spool.reject(drop, diagnostics: "\(name) is wrong\n")
        }
        let expected = ["a-2.diagnostics.txt", "a-2.yml", "a.diagnostics.txt", "a.yaml"]
        #expect(try scratch.names(in: "rejected") == expected)
        let text = try String(contentsOf: scratch["rejected/a.diagnostics.txt"], encoding: .utf8)
        #expect(text == "a.yaml is wrong\n")
        #expect(try spool.jobs().compactMap(\.reason) == ["a.yml is wrong", "a.yaml is wrong"])
    }

    @Test func theOlderFileIsTakenFirst() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        for (name, age) in [("c", 30.0), ("a", 20.0), ("b", 10.0)] {
            let file = spool.folder(.inbox).appending(path: "\(name).yaml")
            try Data(name.utf8).write(to: file)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: file.path)
        }
        var watcher = InboxWatcher()
        _ = try watcher.look(at: spool)
        #expect(try watcher.look(at: spool).map(\.name) == ["c.yaml", "a.yaml", "b.yaml"])
    }

    @Test func aDamagedSubmissionIsNamedAsSuch() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        let spool = try Spool(at: scratch.url, create: true)
        let id = try spool.submit(manifest: Data("job: a\n".utf8), name: "a", base: "/")
        let file = spool.folder(.inbox).appending(path: "\(id).json")
        try Data(Data(contentsOf: file).dropLast(40)).write(to: file)
        var watcher = InboxWatcher()
        guard case .stranger(_, let reason)? = try watcher.look(at: spool).first else {
            Issue.record("it was not seen")
            return
        }
        #expect(reason.contains("submit it again"))
    }
}
