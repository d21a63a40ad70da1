import Basics
import Foundation
import Spool
import TestSupport
import Testing

/// Every file system call of every change fails or crashes once; after recovery nothing is lost and nothing is there twice.
@Suite struct CrashTests {
    static let manifest = Data("job: blood\nseed: 7\n".utf8)

    /// Each job is in one state folder, whole, with its manifest. Returns id → folder.
    @discardableResult
    func checkTokens(_ spool: Spool) throws -> [JobID: StateFolder] {
        var found: [JobID: StateFolder] = [:]
        for folder in StateFolder.allCases {
            for token in try spool.tokens(in: folder) {
                #expect(found.updateValue(folder, forKey: token.id) == nil, "\(token.id) is in two states")
                #expect(try spool.manifestData(of: token) == CrashTests.manifest)
            }
        }
        return found
    }

    @Test(arguments: FaultMode.allCases) func submit(_ mode: FaultMode) throws {
        try forEveryCall(
            mode, prepare: { _, _ in },
            act: { spool, _ in try spool.submit(manifest: CrashTests.manifest, name: "blood", base: "/", priority: 4) },
            check: { spool, scratch, _, id in
                let found = try checkTokens(spool)
                for id in found.keys { #expect(spool.wishes(for: id).priority == 4, "handed in without its priority") }
                if let id {
                    #expect(found == [id: .inbox])
                } else if mode.isCrash {
                    #expect(found.count <= 1)
                } else {
                    #expect(found.isEmpty, "an error was reported, yet the job is there")
                    #expect(try scratch.names(in: "work").isEmpty)
                    #expect(try scratch.names(in: "inbox").isEmpty)
                    #expect(try spool.wishes().isEmpty)
                }
            })
    }

    @Test(arguments: FaultMode.allCases) func intakeOfADrop(_ mode: FaultMode) throws {
        try forEveryCall(
            mode, prepare: { _, scratch in try drop("blood.yaml", scratch) },
            act: { spool, drop in
                try spool.accept(
                    drop, manifest: CrashTests.manifest, job: "blood", base: "/", priority: 4,
                    resolved: Data("{}".utf8))
            },
            check: { spool, scratch, drop, _ in
                // What the runner does next: it looks again, and takes what is still there.
                if FileManager.default.fileExists(atPath: drop.url.path) {
                    #expect(try checkTokens(spool).isEmpty, "taken, and still in the inbox")
                    _ = try spool.accept(
                        drop, manifest: CrashTests.manifest, job: "blood", base: "/", priority: 4,
                        resolved: Data("{}".utf8))
                }
                #expect(try Array(checkTokens(spool).values) == [.queued])
                let id = try #require(try spool.tokens(in: .queued).first?.id)
                #expect(try spool.resolvedData(of: id) == Data("{}".utf8))
                #expect(spool.wishes(for: id).priority == 4, "taken in without its priority")
                #expect(try scratch.names(in: "inbox").isEmpty)
                // A crash can leave the beginnings of a work folder, without a record; recovery removes old ones.
                let made = try scratch.names(in: "work").filter { id in
                    FileManager.default.fileExists(atPath: scratch.url.appending(path: "work/\(id)/job.json").path)
                }
                #expect(made.count == 1)
                if !mode.isCrash { #expect(try scratch.names(in: "work") == made) }
            })
    }

    /// A drop that was changed after it was read goes back, whole and once, to be looked at again.
    @Test(arguments: FaultMode.allCases) func givingBackAChangedDrop(_ mode: FaultMode) throws {
        try forEveryCall(
            mode, prepare: { _, scratch in try drop("blood.yaml", scratch) },
            act: { spool, drop in
                try spool.accept(
                    drop, manifest: Data("job: before\n".utf8), job: "before", base: "/", priority: 4,
                    resolved: Data("{}".utf8))
            },
            check: { spool, scratch, drop, _ in
                let tokens = try checkTokens(spool)
                #expect(tokens.isEmpty)
                #expect(try scratch.names(in: "inbox") == ["blood.yaml"])
                #expect(try Data(contentsOf: drop.url) == CrashTests.manifest)
                #expect(try spool.wishes().isEmpty)
            })
    }

    @Test(arguments: FaultMode.allCases) func intakeOfASubmission(_ mode: FaultMode) throws {
        try forEveryCall(
            mode,
            prepare: { spool, _ in
                _ = try spool.submit(manifest: CrashTests.manifest, name: "blood", base: "/")
                return try #require(try spool.tokens(in: .inbox).first)
            },
            act: { spool, token in try spool.accept(token, priority: 4, resolved: Data("{}".utf8)) },
            check: { spool, _, token, _ in
                // What it refers to may have changed between the two: the later one counts, and the record fits it.
                var resolved = Data("{}".utf8)
                if let again = try spool.tokens(in: .inbox).first {
                    resolved = Data(#"{"later": 1}"#.utf8)
                    _ = try spool.accept(again, priority: 4, resolved: resolved)
                }
                #expect(spool.wishes(for: token.id).priority == 4)
                #expect(try checkTokens(spool) == [token.id: .queued])
                #expect(try spool.resolvedData(of: token.id) == resolved)
            })
    }

    /// A wish is there, whole, or it is not; withdrawn, it is gone or still there.
    @Test(arguments: FaultMode.allCases) func wishes(_ mode: FaultMode) throws {
        try forEveryCall(
            mode,
            prepare: { spool, _ in
                let id = try spool.submit(manifest: CrashTests.manifest, name: "blood", base: "/")
                try spool.prioritise(id, 3)
                try spool.hold(id)
                return id
            },
            act: { spool, id in
                try spool.prioritise(id, 12)
                try spool.release(id)
            },
            check: { spool, scratch, id, done in
                let left = try #require(try spool.wishes()[id])
                #expect([3, 12].contains(left.priority) && !left.isCancelled)
                if done != nil { #expect(left == spool.wishes(for: id) && left.priority == 12 && !left.isHeld) }
                try spool.forgetWishes(id)
                #expect(try scratch.names(in: "wishes").isEmpty)
                #expect(try checkTokens(spool) == [id: .inbox])
            })
    }

    private func notice(_ id: JobID, _ number: Int) -> Notice {
        Notice(id: id, epoch: 1, number: number, state: .inbox, reason: nil, command: ["true"], base: "/")
    }

    /// A notice is there, whole, or not at all; it is told of a job in its final state only, and told no more once removed.
    @Test(arguments: FaultMode.allCases) func notices(_ mode: FaultMode) throws {
        try forEveryCall(
            mode,
            prepare: { spool, _ in
                let id = try spool.submit(manifest: CrashTests.manifest, name: "blood", base: "/")
                try spool.post(notice(id, 1))
                return id
            },
            act: { spool, id in
                try spool.post(notice(id, 2))
                try spool.post(notice(id, 2))
                try spool.remove(notice(id, 1))
            },
            check: { spool, _, id, done in
                let left = try spool.notices()
                #expect(left.allSatisfy { $0 == notice(id, $0.number) })
                if done != nil { #expect(left == [notice(id, 2)]) } else { #expect(!left.isEmpty) }
                for one in left { try spool.remove(one) }
                #expect(try spool.notices().isEmpty)
            })
    }

    /// A damaged notice is set aside, once and with a reason; one that is whole stays.
    @Test(arguments: FaultMode.allCases) func damagedNotices(_ mode: FaultMode) throws {
        try forEveryCall(
            mode,
            prepare: { spool, _ in
                let id = try spool.submit(manifest: CrashTests.manifest, name: "blood", base: "/")
                for number in 1...3 { try spool.post(notice(id, number)) }
                let files = (1...3).map { spool.noticesFolder.appending(path: notice(id, $0).name) }
                try Data(Data(contentsOf: files[0]).dropLast(20)).write(to: files[0])
                // Another one's.
                try Data(contentsOf: files[2]).write(to: files[1])
                return id
            },
            act: { spool, _ in try spool.recover() },
            check: { spool, scratch, id, _ in
                #expect(try scratch.names(in: "notices") == [notice(id, 3).name])
                #expect(try spool.notices() == [notice(id, 3)])
                let aside = try scratch.names(in: "aside")
                for number in 1...2 {
                    let name = notice(id, number).name
                    #expect(aside.count { $0.hasSuffix(name) } == 1)
                    #expect(aside.contains { $0.hasSuffix("\(name).reason.txt") })
                }
            })
    }

    /// The page is the old one or the new one, whole, and no draft of it is left but by a crash.
    @Test(arguments: FaultMode.allCases) func statusPage(_ mode: FaultMode) throws {
        let (old, new) = (Data("<html>old</html>".utf8), Data("<html>new, and longer</html>".utf8))
        try forEveryCall(
            mode, prepare: { spool, _ in try spool.writeStatusPage(old) },
            act: { spool, _ in try spool.writeStatusPage(new) },
            check: { spool, scratch, _, done in
                let found = try Data(contentsOf: spool.statusPage)
                #expect(found == new || found == old && done == nil)
                #expect(try scratch.names(in: "status") == ["index.html"])
                if !mode.isCrash { #expect(try scratch.names(in: "tmp").isEmpty) }
                try spool.writeStatusPage(new)
                #expect(try Data(contentsOf: spool.statusPage) == new)
            })
    }

    @Test(arguments: FaultMode.allCases) func runnerNotes(_ mode: FaultMode) throws {
        let (old, new) = ([RunnerNote("old")], [RunnerNote("new"), RunnerNote("old")])
        try forEveryCall(
            mode, prepare: { spool, _ in try spool.write(old) }, act: { spool, _ in try spool.write(new) },
            check: { spool, scratch, _, done in
                let (found, names) = (spool.runnerNotes(), try scratch.names(in: "status"))
                #expect(found == new || found == old && done == nil)
                #expect(names == ["notes.json"])
                if !mode.isCrash { #expect(try scratch.names(in: "tmp").isEmpty) }
            })
    }

    /// A failed job is where it was, or in the queue; the wish is there until it is heeded.
    @Test(arguments: FaultMode.allCases) func tryingAgain(_ mode: FaultMode) throws {
        try forEveryCall(
            mode,
            prepare: { spool, scratch throws -> JobID in
                var token = try spool.claim(
                    queued(spool, scratch, priority: 4), from: .queued, for: .current)
                _ = try spool.publishReceipt(of: finishedAttempt(spool, token))
                try spool.forgetWishes(token.id)
                token = try spool.move(
                    token, from: .running, to: .failed(reason: "no", stage: nil, finished: .now, bundle: "b"))
                try spool.wishRetry(token.id, from: "data")
                return token.id
            },
            act: { spool, id in
                guard let token = try spool.find(id)?.token else { throw Failure("the job is lost", at: id.text) }
                return try spool.retry(token, from: "data")
            },
            check: { spool, scratch, id, done in
                let (folder, token) = try #require(try spool.find(id))
                if folder == .failed {
                    #expect(done == nil && spool.wishes(for: id).retry == Wishes.Retry(from: "data"))
                    _ = try spool.retry(token, from: "data")
                }
                #expect(try checkTokens(spool) == [id: .queued])
                let again = try #require(try spool.find(id)?.token)
                #expect(
                    again.epoch > 1
                        && again.retry == Token.Retry(epoch: again.epoch - 1, anew: ["data": again.epoch - 1]))
                #expect(try spool.publishedReceipt(id, "data") == nil)
                #expect(try spool.attempts(of: again, "data").isEmpty)
                // A runner that finds the wish at a job that has not failed knows that it was heeded.
                try spool.withdrawRetry(id)
                #expect(try scratch.names(in: "wishes") == ["\(id).priority"])
                #expect(spool.wishes(for: id).priority == 4)
            })
    }

    /// The spool is paused or it is not; so for the wish that a runner end.
    @Test(arguments: FaultMode.allCases) func wishesForTheSpool(_ mode: FaultMode) throws {
        try forEveryCall(
            mode, prepare: { spool, _ in try spool.pause(.pause) },
            act: { spool, _ in
                try spool.pause(.now)
                try spool.drain()
                _ = try spool.resume()
            },
            check: { spool, scratch, _, done in
                if done != nil { #expect(spool.pauseWish == nil && spool.isToDrain) }
                _ = try spool.resume()
                try spool.forgetDrain()
                #expect(try scratch.names(in: "wishes").isEmpty && spool.pauseWish == nil && !spool.isToDrain)
            })
    }

    /// At every moment there is a bundle: the old one or the new one.
    @Test(arguments: FaultMode.allCases) func aBundleInPlaceOfAnother(_ mode: FaultMode) throws {
        try forEveryCall(
            mode,
            prepare: { spool, scratch throws -> (URL, JobID) in
                let id = try queued(spool, scratch).id
                try Data("old".utf8).write(to: spool.bundle(id))
                let draft = spool.temporary.appending(path: "draft")
                try Data("new".utf8).write(to: draft)
                return (draft, id)
            }, act: { spool, situation in try spool.publishBundle(situation.0, of: situation.1) },
            check: { spool, _, situation, done in
                let text = try String(contentsOf: spool.bundle(situation.1), encoding: .utf8)
                #expect(done == nil ? ["old", "new"].contains(text) : text == "new")
            })
    }

    /// What was wished for it goes with it.
    @Test(arguments: FaultMode.allCases) func rejectionOfASubmission(_ mode: FaultMode) throws {
        try forEveryCall(
            mode,
            prepare: { spool, _ in
                let id = try spool.submit(manifest: CrashTests.manifest, name: "blood", base: "/", priority: 4)
                return try #require(try spool.find(id)?.token)
            },
            act: { spool, token in try spool.reject(token, diagnostics: "blood.yaml:1:1: error: no\n") },
            check: { spool, scratch, token, done in
                // What the runner does next.
                if let again = try spool.tokens(in: .inbox).first {
                    try spool.reject(again, diagnostics: "blood.yaml:1:1: error: no\n")
                }
                #expect(try checkTokens(spool) == [token.id: .rejected])
                let names = ["diagnostics.txt", "json", "yaml"].map { "\(token.id).\($0)" }
                #expect(try scratch.names(in: "rejected") == names)
                // A crash in between leaves a wish for a job that has ended, which a doctor takes away.
                if done != nil { #expect(try scratch.names(in: "wishes").isEmpty) }
            })
    }

    @Test(arguments: FaultMode.allCases) func rejectionOfADrop(_ mode: FaultMode) throws {
        try forEveryCall(
            mode, prepare: { _, scratch in try drop("blood.yaml", scratch) },
            act: { spool, drop in try spool.reject(drop, diagnostics: "blood.yaml:1:1: error: no\n") },
            check: { spool, scratch, drop, _ in
                if FileManager.default.fileExists(atPath: drop.url.path) {
                    #expect(try !scratch.names(in: "rejected").contains("blood.yaml"))
                    try spool.reject(drop, diagnostics: "blood.yaml:1:1: error: no\n")
                }
                #expect(try scratch.names(in: "rejected") == ["blood.diagnostics.txt", "blood.yaml"])
                let file = scratch.url.appending(path: "rejected/blood.yaml")
                #expect(try Data(contentsOf: file) == CrashTests.manifest)
                #expect(try spool.jobs().map(\.reason) == ["blood.yaml:1:1: error: no"])
            })
    }

    @Test(arguments: FaultMode.allCases) func statesFromQueuedToDone(_ mode: FaultMode) throws {
        func goOn(_ spool: Spool, _ id: JobID) throws {
            guard var (folder, token) = try spool.find(id) else { throw Failure("the job is lost", at: id.text) }
            if folder == .queued {
                token = try spool.claim(token, from: folder, for: .current)
                folder = .running
            }
            if folder == .running {
                _ = try spool.move(token, from: .running, to: .done(started: .now, finished: .now, bundle: "b"))
            }
        }
        try forEveryCall(
            mode, prepare: { spool, scratch in try queued(spool, scratch) }, act: { try goOn($0, $1.id) },
            check: { spool, _, token, _ in
                #expect(try checkTokens(spool).keys.sorted() == [token.id])
                try goOn(spool, token.id)
                #expect(try checkTokens(spool) == [token.id: .done])
            })
    }

    @Test(arguments: FaultMode.allCases) func receipts(_ mode: FaultMode) throws {
        try forEveryCall(
            mode, prepare: { spool, scratch in try finishedAttempt(spool, queued(spool, scratch)) },
            act: { spool, attempt in try spool.publishReceipt(of: attempt) },
            check: { spool, _, attempt, _ in
                let receipt = try spool.publishReceipt(of: attempt)
                #expect(try spool.publishedReceipt(attempt.job, "data") == receipt)
                // A second attempt comes too late and changes nothing.
                let token = try #require(try spool.find(attempt.job)?.token)
                let late = try finishedAttempt(spool, token)
                #expect(late.name == "1-2")
                #expect(try spool.publishReceipt(of: late) == receipt)
            })
    }

    private static let cacheKey = Digest(of: "cached")

    /// A result that another job takes over, from remembering it to its second receipt.
    @Test(arguments: FaultMode.allCases) func resultsUsedAgain(_ mode: FaultMode) throws {
        func takeOver(_ spool: Spool, _ id: JobID, _ key: Digest) throws -> Receipt? {
            guard var token = try spool.find(id)?.token, let earlier = spool.remembered(Self.cacheKey, key: key) else {
                return nil
            }
            token.epoch = 1
            let attempt = try spool.newAttempt(token, stage: "data")
            try spool.adopt(earlier, as: attempt, inputs: [])
            return try spool.publishReceipt(of: attempt)
        }
        try forEveryCall(
            mode,
            prepare: { spool, scratch throws -> (Receipt, JobID) in
                let receipt = try spool.publishReceipt(of: finishedAttempt(spool, queued(spool, scratch)))
                return (receipt, try queued(spool, scratch).id)
            },
            act: { spool, situation in
                try spool.remember(situation.0, as: Self.cacheKey)
                return try takeOver(spool, situation.1, situation.0.key)
            },
            check: { spool, _, situation, _ in
                let (earlier, id) = situation
                // An entry may be missing, never wrong.
                if let known = spool.remembered(Self.cacheKey, key: earlier.key) { #expect(known == earlier) }
                try spool.remember(earlier, as: Self.cacheKey)
                let receipt = try #require(try takeOver(spool, id, earlier.key))
                #expect(receipt.artifactDigest == earlier.artifactDigest && receipt.job == id)
                #expect(try spool.publishedReceipt(id, "data") == receipt)
                #expect(try spool.publishedReceipt(earlier.job, "data") == earlier)
            })
    }

    @Test(arguments: FaultMode.allCases) func bundles(_ mode: FaultMode) throws {
        try forEveryCall(
            mode,
            prepare: { spool, scratch in
                let draft = spool.temporary.appending(path: "draft")
                try Data("first".utf8).write(to: draft)
                return (draft, try queued(spool, scratch).id)
            },
            act: { spool, situation in try spool.publishBundle(situation.0, of: situation.1) },
            check: { spool, scratch, situation, done in
                let names = try scratch.names(in: "outbox")
                if done == nil { #expect(names.count <= 1) } else { #expect(names == ["\(situation.1).tar.zst"]) }
                if !names.isEmpty { #expect(try Data(contentsOf: spool.bundle(situation.1)) == Data("first".utf8)) }
            })
    }

    /// Recovery of a spool with all kinds of damage is itself interrupted at every call.
    @Test(arguments: FaultMode.allCases) func recoveryItself(_ mode: FaultMode) throws {
        try forEveryCall(
            mode,
            prepare: { spool, scratch throws -> (JobID, JobID) in
                let twice = try queued(spool, scratch)
                let running = try spool.claim(twice, from: .queued, for: .current)
                let torn = try queued(spool, scratch)
                let manager = FileManager.default
                let path = { @Sendable (folder: StateFolder, id: JobID) -> URL in
                    spool.folder(folder).appending(path: "\(id).json")
                }
                try manager.copyItem(at: path(.running, running.id), to: path(.queued, running.id))
                try Data(Data(contentsOf: path(.queued, torn.id)).dropLast(40)).write(to: path(.queued, torn.id))
                return (running.id, torn.id)
            }, act: { spool, _ in try spool.recover() },
            check: { spool, scratch, ids, _ throws in
                #expect(try checkTokens(spool) == [ids.0: .running, ids.1: .queued])
                #expect(try !scratch.names(in: "aside").isEmpty)
            })
    }

    /// A name appears only for a file that was synced before, and its folder is synced afterwards.
    @Test func nothingIsNamedBeforeItIsOnTheDisk() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        _ = try Spool(at: scratch.url, create: true)
        let plan = FaultPlan(.fails, at: 1_000_000)
        let spool = try Spool(at: scratch.url, files: FileSystem(faults: plan))
        _ = try spool.submit(manifest: CrashTests.manifest, name: "blood", base: "/")
        let calls = plan.calls.filter { call in ["fsync", "close", "link", "rename"].contains { call.hasPrefix($0) } }
        for (index, call) in calls.enumerated() where call.hasPrefix("link") || call.hasPrefix("rename") {
            let words = call.split(separator: " ", maxSplits: 1)
            let target = URL(filePath: String(words[1]))
            #expect(calls[index - 1].hasPrefix("close"))
            #expect(calls[index - 2].hasPrefix("fsync /") || calls[index - 2].hasPrefix("fsync "))
            let folder = target.deletingLastPathComponent().path
            #expect(calls[index + 1].hasPrefix("fsync(directory) \(folder)"))
        }
    }

    // MARK: Situations

    func drop(_ name: String, _ scratch: TemporaryFolder) throws -> Drop {
        let spool = try Spool(at: scratch.url)
        try CrashTests.manifest.write(to: spool.folder(.inbox).appending(path: name))
        var watcher = InboxWatcher()
        _ = try watcher.look(at: spool)
        guard case .drop(let drop)? = try watcher.look(at: spool).first else { throw Failure("no drop was seen") }
        return drop
    }

    func queued(_ spool: Spool, _ scratch: TemporaryFolder, priority: Int? = nil) throws -> Token {
        let id = try spool.submit(manifest: CrashTests.manifest, name: "blood", base: "/")
        let token = try #require(try spool.find(id)?.token)
        let rules = priority.map { #""rules": {"priority": \#($0)}, "# } ?? ""
        return try spool.accept(
            token, priority: priority,
            resolved: Data(#"{\#(rules)"stages": [{"name": "data", "produces": "dataset"}]}"#.utf8))
    }

    func finishedAttempt(_ spool: Spool, _ token: Token) throws -> AttemptFolder {
        var token = token
        token.epoch = 1
        let attempt = try spool.newAttempt(token, stage: "data")
        try Data("result".utf8).write(to: attempt.output.appending(path: "a.txt"))
        let receipt = Receipt(
            job: token.id, stage: "data", plugin: "fake", pluginVersion: 1, kind: "dataset", key: Digest(of: "k"),
            attempt: attempt.path, members: try Receipt.members(of: attempt.output) { _ in true }, summary: [:],
            inputs: [])
        try receipt.sealed().write(to: attempt.receipt)
        return attempt
    }
}
