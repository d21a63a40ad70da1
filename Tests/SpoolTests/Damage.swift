import Basics
import Foundation
import Spool
import TestSupport
import Testing

/// A spool with a job that is done, one that failed, and one that waits; and what can happen to their files.
struct Ward {
    let scratch: TemporaryFolder
    let spool: Spool
    let done: JobID
    let failed: JobID
    let queued: JobID

    init() throws {
        let scratch = try TemporaryFolder(inMemory: true)
        try self.init(Spool(at: scratch.url, create: true), scratch)
    }

    init(_ spool: Spool, _ scratch: TemporaryFolder) throws {
        self.scratch = scratch
        self.spool = spool
        let crash = CrashTests()
        var token = try spool.claim(crash.queued(spool, scratch), from: .queued, for: .current)
        _ = try spool.publishReceipt(of: crash.finishedAttempt(spool, token))
        token = try spool.prepare(
            token, in: .running, for: .done(started: .now, finished: .now, bundle: spool.bundle(token.id).path))
        try spool.publishBundle(Ward.bundle(spool, token), of: token.id)
        try spool.commit(token, from: .running)
        done = token.id
        try spool.remember(#require(try spool.publishedReceipt(done, "data")), as: Digest(of: "cached"))

        token = try spool.claim(crash.queued(spool, scratch), from: .queued, for: .current)
        let attempt = try spool.newAttempt(token, stage: "data")
        try spool.record(AttemptOutcome(result: .input, reason: "a wrong image", started: .now), of: attempt)
        token = try spool.prepare(
            token, in: .running,
            for: .failed(reason: "data: a wrong image", stage: "data", finished: .now, bundle: "b"))
        try spool.publishBundle(Ward.bundle(spool, token), of: token.id)
        try spool.commit(token, from: .running)
        failed = token.id

        queued = try crash.queued(spool, scratch, priority: 4).id
    }

    /// Stands for a real bundle: a JSON object with a seal, and the members that a doctor asks for.
    static let tools = BundleTools(
        problems: { url, token in
            guard let data = try? Data(contentsOf: url),
                let members = try? SealedRecord.decode([String: String].self, from: data, at: "bundle")
            else { return ["torn"] }
            return members["id"] == token.id.text ? [] : ["of another job"]
        },
        member: { url, path in
            guard let data = try? Data(contentsOf: url) else { return nil }
            return (try? SealedRecord.decode([String: String].self, from: data, at: "bundle"))?[path].map {
                Data($0.utf8)
            }
        },
        build: { spool, token, draft in try FileManager.default.moveItem(at: Ward.bundle(spool, token), to: draft) })

    private static func bundle(_ spool: Spool, _ token: Token) throws -> URL {
        var members = ["id": token.id.text]
        for (path, file) in [
            "manifest.yaml": spool.manifest(token.id), "resolved.json": spool.resolved(token.id),
            "receipts/data.json": spool.receiptFile(token.id, "data"),
        ] { members[path] = try? String(contentsOf: file, encoding: .utf8) }
        let draft = spool.temporaryFile("bundle")
        try SealedRecord.encode(members).write(to: draft)
        return draft
    }

    func doctor(_ files: FileSystem = FileSystem(), deep: Bool = false, missing: Bool = false) throws -> Doctor {
        var surroundings = Surroundings()
        surroundings.wait = { _ in }
        return try Doctor(
            at: scratch.url, bundles: Ward.tools, isDeep: deep, buildsMissingBundles: missing,
            surroundings: surroundings, files: files)
    }

    func examine(deep: Bool = false) throws -> [String] {
        try doctor(deep: deep).examine().map { "\($0.severity) \($0.file): \($0.what)" }
    }

    // MARK: Changing files

    subscript(path: String) -> URL {
        scratch.url.appending(
            path: path.replacing("DONE", with: done.text).replacing("FAILED", with: failed.text)
                .replacing("QUEUED", with: queued.text))
    }

    /// A new file in place of the old one, as a careful editor would write it.
    func write(_ data: Data, to path: String) throws {
        try FileManager.default.createDirectory(
            at: self[path].deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: self[path], options: .atomic)
    }

    func tear(_ path: String) throws {
        let data = try Data(contentsOf: self[path])
        try Data(data.prefix(data.count / 2)).write(to: self[path])
    }

    func remove(_ path: String) throws { try FileManager.default.removeItem(at: self[path]) }

    func age(_ path: String, seconds: Double = 90_000) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: self[path].path)
    }

    func change<Record: Codable>(_ type: Record.Type, at path: String, _ body: (inout Record) -> Void) throws {
        var record = try SealedRecord.decode(type, from: Data(contentsOf: self[path]), at: path)
        body(&record)
        try write(SealedRecord.encode(record), to: path)
    }
}

/// One thing that can be wrong, and what a doctor says of it.
struct Damage: Sendable, CustomTestStringConvertible {
    let name: String
    let said: String
    let make: @Sendable (Ward) throws -> Void
    /// Faults count, remarks do not.
    var isFault = true
    /// What holds after the repair, beside that nothing is found.
    var after: @Sendable (Ward) throws -> Void = { _ in }
    var isDeep = false

    var testDescription: String { name }

    static let all: [Damage] = tokens + receipts + others
    /// Those whose repair takes several steps.
    static let intricate: [Damage] =
        tokens + receipts.prefix(6)
        + others.filter {
            ["a changed manifest", "a torn record", "a torn bundle", "work of nobody", "half an import", "a torn lock"]
                .contains($0.name)
        }
}

extension Damage {
    private static let tokens = [
        Damage(name: "a torn token", said: "fault queued/QUEUED.json: the token is damaged") {
            try $0.tear("queued/QUEUED.json")
        },
        Damage(name: "a lost token", said: "fault work/QUEUED: the job has no token") {
            try $0.remove("queued/QUEUED.json")
        },
        Damage(
            name: "a torn token of a job that is done", said: "fault done/DONE.json: the token is damaged",
            make: { try $0.tear("done/DONE.json") },
            after: { ward throws in
                let token = try #require(try ward.spool.find(ward.done))
                #expect(token.folder == .queued && token.token.epoch == 1)
            }),
        Damage(name: "a token in two states", said: "fault queued/DONE.json: the job has two tokens") {
            try FileManager.default.copyItem(at: $0["done/DONE.json"], to: $0["queued/DONE.json"])
        },
        Damage(
            name: "a token of another name",
            said: "fault queued/QUEUED.json: the token is damaged: it is of another job"
        ) {
            ward in
            let other = ward.failed
            try ward.change(Token.self, at: "queued/QUEUED.json") { $0.id = other }
        },
        Damage(
            name: "a state that lags behind", said: "fault done/FAILED.json: the token says that the job is failed",
            make: { ward in
                try FileManager.default.moveItem(at: ward["failed/FAILED.json"], to: ward["done/FAILED.json"])
            }, after: { ward throws in #expect(try ward.spool.find(ward.failed)?.folder == .failed) }),
        Damage(name: "an epoch that is too small", said: "fault failed/FAILED.json: an attempt is of claim 1") {
            try $0.change(Token.self, at: "failed/FAILED.json") { $0.epoch = 0 }
        },
        Damage(
            name: "a token without work", said: "fault queued/QUEUED.json: the job has no work folder",
            make: { try $0.remove("work/QUEUED") },
            after: { ward throws in #expect(try ward.spool.find(ward.queued) == nil) }),
        Damage(
            name: "a stranger among the tokens", said: "remark running/notes.txt: this is no job's token",
            make: { try $0.write(Data(), to: "running/notes.txt") }, isFault: false),
    ]

    private static let receipts = [
        Damage(
            name: "a torn receipt", said: "fault work/DONE/data/receipt.json: the receipt is damaged",
            make: { try $0.tear("work/DONE/data/receipt.json") },
            after: { ward throws in
                #expect(try ward.spool.find(ward.done)?.folder == .done, "the bundle has a whole one")
                #expect(try ward.spool.publishedReceipt(ward.done, "data") != nil)
            }),
        Damage(
            name: "a lost receipt",
            said: "fault work/DONE/data/receipt.json: the job is done, and this stage has no receipt",
            make: { try $0.remove("work/DONE/data/receipt.json") },
            after: { ward throws in #expect(try ward.spool.find(ward.done)?.folder == .done) }),
        Damage(
            name: "an attempt without its receipt",
            said: "fault work/DONE/data/receipt.json: its attempt 1-1 has no such receipt"
        ) { try $0.remove("work/DONE/data/attempts/1-1/receipt.json") },
        Damage(
            name: "a lost result",
            said: "fault work/DONE/data/receipt.json: the result does not fit its receipt: a.txt: missing",
            make: { try $0.remove("work/DONE/data/attempts/1-1/output/a.txt") },
            after: { ward throws in
                let found = try #require(try ward.spool.find(ward.done))
                guard case .failed(let reason, "data", _, _) = found.token.state else {
                    Issue.record("\(found)")
                    return
                }
                #expect(found.folder == .failed && reason.contains("damaged after the job was done"))
                #expect(FileManager.default.fileExists(atPath: ward.spool.bundle(ward.done).path))
            }),
        Damage(
            name: "a changed result",
            said: "fault work/DONE/data/receipt.json: the result does not fit its receipt: a.txt: its",
            make: { try $0.write(Data("tluser".utf8), to: "work/DONE/data/attempts/1-1/output/a.txt") }, isDeep: true),
        Damage(
            name: "a receipt of another job",
            said: "fault work/DONE/data/receipt.json: the receipt is of another stage",
            make: { ward in
                let other = ward.failed
                try ward.change(Receipt.self, at: "work/DONE/data/receipt.json") { $0.job = other }
            }),
        Damage(
            name: "a lost receipt, and an attempt's of another kind",
            said: "fault work/DONE/data/receipt.json: the job is done, and this stage has no receipt",
            make: { ward in
                try ward.remove("work/DONE/data/receipt.json")
                try ward.change(Receipt.self, at: "work/DONE/data/attempts/1-1/receipt.json") { $0.kind = "detector" }
            },
            // The bundle has the true one.
            after: { ward throws in
                #expect(try ward.spool.publishedReceipt(ward.done, "data")?.kind == "dataset")
                #expect(try ward.spool.find(ward.done)?.folder == .done)
            }),
        Damage(
            name: "a receipt of another kind",
            said: "fault work/DONE/data/receipt.json: the receipt is of the kind 'detector', and the stage makes",
            make: { ward in
                for name in ["data/receipt.json", "data/attempts/1-1/receipt.json"] {
                    try ward.change(Receipt.self, at: "work/DONE/\(name)") { $0.kind = "detector" }
                }
            },
            after: { ward throws in #expect(try ward.spool.publishedReceipt(ward.done, "data")?.kind == "dataset") }),
        Damage(
            name: "a torn outcome",
            said: "fault work/FAILED/data/attempts/1-1/outcome.json: the attempt's outcome is damaged"
        ) { try $0.tear("work/FAILED/data/attempts/1-1/outcome.json") },
        Damage(
            name: "a torn receipt of an attempt",
            said: "fault work/FAILED/data/attempts/1-1/receipt.json: the attempt's receipt is damaged"
        ) { try $0.write(Data("{".utf8), to: "work/FAILED/data/attempts/1-1/receipt.json") },
        Damage(
            name: "a stranger among the attempts", said: "remark work/FAILED/data/attempts/1-x: this is no attempt",
            make: { try $0.write(Data(), to: "work/FAILED/data/attempts/1-x/a") }, isFault: false),
    ]

    private static let others = [
        Damage(name: "a changed manifest", said: "fault work/DONE/manifest.yaml: the manifest is not the one") {
            try $0.write(Data("job: x\n".utf8), to: "work/DONE/manifest.yaml")
        },
        Damage(name: "a lost manifest", said: "fault work/DONE/manifest.yaml: the manifest is missing") {
            try $0.remove("work/DONE/manifest.yaml")
        },
        Damage(
            name: "a torn record", said: "fault work/QUEUED/job.json: the job's record is damaged",
            make: { try $0.tear("work/QUEUED/job.json") },
            after: {
                // What its manifest says of its priority is not lost with it.
                let record = try JSON(parsing: Data(contentsOf: $0["work/QUEUED/job.json"]))
                #expect(record["priority"] == 4)
            }),
        Damage(name: "a lost record", said: "fault work/QUEUED/job.json: the job's record is missing") {
            try $0.remove("work/QUEUED/job.json")
        },
        Damage(name: "a record that disagrees", said: "fault work/QUEUED/job.json: the job's record and its token") {
            try $0.change(Token.self, at: "queued/QUEUED.json") { $0.base = "/elsewhere" }
        },
        Damage(name: "a torn resolved job", said: "fault work/FAILED/resolved.json: the resolved job is damaged") {
            try $0.tear("work/FAILED/resolved.json")
        },
        Damage(name: "a torn bundle", said: "fault outbox/DONE.tar.zst: the bundle is damaged: torn") {
            try $0.tear("outbox/DONE.tar.zst")
        },
        Damage(name: "another job's bundle", said: "fault outbox/DONE.tar.zst: the bundle is damaged: of another job") {
            try $0.write(Data(contentsOf: $0["outbox/FAILED.tar.zst"]), to: "outbox/DONE.tar.zst")
        },
        Damage(
            name: "work of nobody", said: "fault work/lost-20250101-000000-000000: the work of a job that has neither",
            make: { try $0.write(Data(), to: "work/lost-20250101-000000-000000/data/receipt.json") }),
        Damage(
            name: "an old beginning", said: "remark work/lost-20250101-000000-000000: the beginning of a submission",
            make: {
                try $0.write(Data(), to: "work/lost-20250101-000000-000000/manifest.yaml")
                try $0.age("work/lost-20250101-000000-000000")
            }, isFault: false,
            after: { ward throws in
                #expect(!FileManager.default.fileExists(atPath: ward["work/lost-20250101-000000-000000"].path))
            }),
        Damage(
            name: "an entry of the cache that dangles",
            said: "remark cache/\(Digest(of: "x")).json: the entry of the cache names",
            make: {
                try $0.write(
                    Data(#"{"format": "jdnas-cache/1", "job": "\#($0.queued)", "stage": "data"}"#.utf8),
                    to: "cache/\(Digest(of: "x")).json")
            }, isFault: false),
        Damage(
            name: "a torn entry of the cache",
            said: "remark cache/\(Digest(of: "cached")).json: the entry of the cache is damaged",
            make: { try $0.tear("cache/\(Digest(of: "cached")).json") }, isFault: false),
        Damage(
            name: "half an import", said: "fault imports/\(Digest(of: "i")): what was taken out of a bundle is damaged"
        ) {
            try $0.write(Data(), to: "imports/\(Digest(of: "i"))/output/a.txt")
        },
        Damage(
            name: "a wish too late", said: "remark wishes/DONE.hold: a wish for a job that has ended",
            make: { try $0.write(Data(), to: "wishes/DONE.hold") }, isFault: false),
        Damage(
            name: "a wish for nobody",
            said: "remark wishes/lost-20250101-000000-000000.cancel: a wish for a job that is not here",
            make: { try $0.write(Data(), to: "wishes/lost-20250101-000000-000000.cancel") }, isFault: false),
        Damage(
            name: "an old draft", said: "remark tmp/1-2-draft: a draft",
            make: {
                try $0.write(Data(), to: "tmp/1-2-draft")
                try $0.age("tmp/1-2-draft")
            }, isFault: false),
        Damage(
            name: "a torn lock", said: "fault lock: the lock is damaged",
            make: {
                try $0.write(Data("{".utf8), to: "lock")
                try $0.age("lock")
            }),
        Damage(
            name: "a dead runner's lock", said: "remark lock: the runner has ended without giving the lock back",
            make: { ward in
                var dead = Owner.current
                dead.start = "1"
                _ = try SchedulerLock.acquire(ward.spool, owner: dead)
            }, isFault: false),
        Damage(name: "no marker", said: "fault spool.json: the spool's marker is missing") {
            try $0.remove("spool.json")
        },
        Damage(name: "a torn marker", said: "fault spool.json: the spool's marker is damaged") {
            try $0.tear("spool.json")
        },
        Damage(name: "no outbox", said: "fault outbox: this folder of the spool is missing") {
            // With its bundles: they are remarked on.
            try $0.remove("outbox")
        },
        Damage(
            name: "no log folder", said: "remark log: this folder of the spool is missing",
            make: { try $0.remove("log") },
            isFault: false),
    ]
}
