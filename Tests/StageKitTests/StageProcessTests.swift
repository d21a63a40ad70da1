import Archive
import Basics
import Bundles
import Foundation
import Spool
import StageKit
import Synchronization
import TestSupport
import Testing

/// A stage as its process runs it: inputs checked, receipt written last, failures told.
@Suite struct StageProcessTests {
    @Test func chainsStages() throws {
        let bench = try Bench()
        let data = try bench.request("data", "lines", options: ["count": 3, "rate": 0.5])
        #expect(bench.run(data) == 0)
        let receipt = try bench.receipt(of: data)
        #expect(receipt.kind == "dataset")
        #expect(receipt.attempt == "work/\(bench.id)/data/attempts/1-1")
        #expect(receipt.members.map(\.path) == ["lines.txt"])
        #expect(receipt.members.map(\.bundle) == [true])
        #expect(receipt.summary == ["count": 3])
        let used = try #require(receipt.used)
        #expect(used.peakBytes > 1 << 20 && used.processorSeconds > 0 && used.seconds >= 0)
        #expect(receipt.verify(in: bench.output(of: data)).isEmpty)

        let eval = try bench.request("eval", "reads", options: ["mode": "copy"], inputs: [bench.input(data)])
        #expect(bench.run(eval) == 0)
        #expect(try bench.receipt(of: eval).inputs.map(\.reference) == ["data"])
        #expect(try bench.receipt(of: eval).members.map(\.bundle) == [false])
        #expect(
            try Data(contentsOf: bench.output(of: eval).appending(path: "copy.txt"))
                == Data(contentsOf: bench.output(of: data).appending(path: "lines.txt")))
    }

    @Test func equalSeedsGiveEqualBytes() throws {
        let bench = try Bench()
        let digests = try [(7, "1-1"), (7, "1-2"), (8, "1-3")].map { seed, attempt in
            let file = try bench.request(
                "data", "lines", options: ["count": 3, "rate": 0.5], seed: seed, attempt: attempt)
            #expect(bench.run(file) == 0)
            return try bench.receipt(of: file).artifactDigest
        }
        #expect(digests[0] == digests[1])
        #expect(digests[0] != digests[2])
    }

    @Test func aChangedInputIsRefused() throws {
        let bench = try Bench()
        let data = try bench.request("data", "lines", options: ["count": 3, "rate": 0.5])
        #expect(bench.run(data) == 0)
        let input = try bench.input(data)
        let file = bench.output(of: data).appending(path: "lines.txt")
        var bytes = try Data(contentsOf: file)
        bytes[0] ^= 1
        try bytes.write(to: file)
        let eval = try bench.request("eval", "reads", options: ["mode": "copy"], inputs: [input])
        #expect(bench.run(eval) == 65)
        #expect(try bench.failure(of: eval).what.hasPrefix("the input 'data' is damaged: lines.txt: its contents"))
    }

    static let failures: [(mode: String, code: Int32, what: String)] = [
        ("fail", 65, "the lines are wrong"),
        ("cancel", 75, "stopped on request"),
        ("nothing", 70, "the stage ended without writing anything"),
        ("link", 70, "an artifact may hold regular files and folders only"),
    ]

    @Test(arguments: failures) func failuresAreTold(_ mode: String, _ code: Int32, _ what: String) throws {
        let bench = try Bench()
        let file = try bench.request("eval", "reads", options: ["mode": .string(mode)])
        #expect(bench.run(file) == code)
        #expect(try bench.failure(of: file).what == what)
        #expect(!FileManager.default.fileExists(atPath: bench.attempt(file).appending(path: "receipt.json").path))
    }

    /// Of what its plugin reckons; told before anything is done, and as a full disk is.
    @Test func withoutRoomItDoesNotBegin() throws {
        let bench = try Bench()
        let file = try bench.request("eval", "reads", options: ["mode": "huge"])
        #expect(bench.run(file) == 74)
        let failure = try bench.failure(of: file)
        #expect(failure.isOfRoom && failure.what.contains("it needs about 1024 PiB, and "), "\(failure)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.output(of: file).path) == [])
    }

    /// The manifest's word on room counts for more than the plugin's.
    @Test func roomThatTheManifestNamesIsNotAskedForAgain() throws {
        let bench = try Bench()
        let data = try bench.request("data", "lines", options: ["count": 3, "rate": 0.5])
        #expect(bench.run(data) == 0)
        let file = try bench.request("eval", "reads", options: ["mode": "huge"], inputs: [bench.input(data)])
        var request = try StageRequest.read(file)
        #expect(request.hasOwnRoom == nil)
        request.hasOwnRoom = true
        try request.write(to: file)
        // It begins, and ends without a result, as this mode does.
        #expect(bench.run(file) == 70)
    }

    /// Who watches sees what the stage says as it says it, and what it marked.
    @Test func isWatched() throws {
        let bench = try Bench()
        let data = try bench.request("data", "lines", options: ["count": 3, "rate": 0.5])
        let seen = Mutex<[StageMoment]>([])
        let code = StageProcess.run(
            data, catalog: testCatalog, cancellation: Cancellation(), log: { _ in },
            watch: { moment in seen.withLock { $0.append(moment) } })
        #expect(code == 0)
        let expected: [StageMoment] = [
            .report(fraction: 1, message: "written", metrics: ["count": 3]), .end(marked: ["lines.txt"]),
        ]
        #expect(seen.withLock { $0 } == expected)
    }

    @Test func aMissingInputIsTold() throws {
        let bench = try Bench()
        let file = try bench.request("eval", "reads", options: ["mode": "copy"])
        #expect(bench.run(file) == 65)
        #expect(try bench.failure(of: file).what == "no dataset among the inputs")
    }

    @Test func aTornRequestIsTold() throws {
        let bench = try Bench()
        let file = bench.base.appending(path: "request.json")
        try Data("{\"format\": \"jdnas-req".utf8).write(to: file)
        #expect(bench.run(file) == 65)
    }

    @Test func filesAsInputs() throws {
        let bench = try Bench()
        let data = try bench.request("data", "lines", options: ["count": 3, "rate": 0.5])
        #expect(bench.run(data) == 0)
        let expected = try bench.input(data)
        for path in [bench.attempt(data).path, bench.output(of: data).path] {
            let input = try FileArtifacts(imports: FileManager.default.temporaryDirectory).input(path)
            #expect(input.digest == expected.digest)
            #expect(input.directory == expected.directory)
            #expect(input.kind == .dataset)
        }
        let detector = bench.base.appending(path: "detector")
        try FileManager.default.createDirectory(at: detector, withIntermediateDirectories: true)
        #expect(throws: Failure.self) {
            try FileArtifacts(imports: FileManager.default.temporaryDirectory).input(detector.path)
        }
        try Data("{}".utf8).write(to: detector.appending(path: "architecture.json"))
        #expect(
            try FileArtifacts(imports: FileManager.default.temporaryDirectory).input(detector.path).kind == .detector)
        #expect(throws: Failure.self) {
            try FileArtifacts(imports: FileManager.default.temporaryDirectory).input("/no/such/place")
        }
    }

    /// A stage's result in a bundle counts as it does in the spool, where all of it is there.
    @Test func bundlesAsInputs() throws {
        let bench = try Bench()
        let data = try bench.request("data", "lines", options: ["count": 3, "rate": 0.5])
        #expect(bench.run(data) == 0)
        let expected = try bench.input(data)
        let receipt = bench.attempt(data).appending(path: "receipt.json")
        let members = try Receipt(reading: receipt).members
        #expect(!members.isEmpty)
        func build(_ name: String, _ parts: [Receipt.Member]) throws -> String {
            let bundle = bench.base.appending(path: name)
            try BundleBuilder.build(
                members: [ArchiveMember(path: "receipts/data.json", contents: .file(receipt))]
                    + parts.map { part in
                        ArchiveMember(
                            path: "data/\(part.path)",
                            contents: .file(bench.output(of: data).appending(path: part.path)))
                    }, about: ["job": "night"], to: bundle)
            return bundle.path
        }
        let files = FileArtifacts(imports: bench.base.appending(path: "imports"))
        let whole = try build("whole.tar.zst", members)
        for _ in 0..<2 {
            let input = try files.input("\(whole)/data")
            #expect(input.digest == expected.digest && input.kind == .dataset)
            let record = try Receipt(reading: URL(filePath: #require(input.receipt)))
            #expect(record.verify(in: URL(filePath: input.directory)).isEmpty)
        }
        // Damaged on the disk, it is unpacked again; unread, whatever lies half done is removed.
        let again = FileArtifacts(imports: bench.base.appending(path: "imports"))
        let place = URL(filePath: try files.input("\(whole)/data").directory)
        try Data("torn".utf8).write(to: place.appending(path: members[0].path))
        try FileManager.default.createDirectory(
            at: bench.base.appending(path: "imports/.draft-old"), withIntermediateDirectories: true)
        let mended = try again.input("\(whole)/data")
        #expect(try Receipt(reading: URL(filePath: #require(mended.receipt))).verify(in: place).isEmpty)
        #expect(
            try FileManager.default.contentsOfDirectory(
                atPath: place.deletingLastPathComponent().deletingLastPathComponent().path
            ).count == 1)
        // A bundle that was made up does not come in.
        let forged = bench.base.appending(path: "forged.tar.zst")
        try BundleBuilder.build(
            members: [ArchiveMember(path: "receipts/data.json", contents: .file(receipt))]
                + members.map { ArchiveMember(path: "data/\($0.path)", contents: .data(Data(count: $0.size))) },
            about: [:], to: forged)
        let fresh = FileArtifacts(imports: bench.base.appending(path: "fresh"))
        #expect(throws: Failure.self) { try fresh.input("\(forged.path)/data") }
        func refusal(_ path: String) -> Failure? { #expect(throws: Failure.self) { try files.input(path) } }
        // An evaluation's members may lie at the top.
        var report = try Receipt(reading: receipt)
        report.kind = ArtifactKind.evaluation.rawValue
        let top = bench.base.appending(path: "top.tar.zst")
        try BundleBuilder.build(
            members: [ArchiveMember(path: "receipts/data.json", contents: .data(report.sealed()))]
                + members.map {
                    ArchiveMember(path: $0.path, contents: .file(bench.output(of: data).appending(path: $0.path)))
                }, about: [:], to: top)
        let evaluation = try files.input("\(top.path)/data")
        #expect(evaluation.kind == .evaluation)
        #expect(report.verify(in: URL(filePath: evaluation.directory)).isEmpty)
        #expect(refusal("\(top.path)/date")?.remedy == "name a stage in it: top.tar.zst/data")
        #expect(refusal(whole)?.remedy == "name a stage in it: whole.tar.zst/data")
        #expect(refusal("\(whole)/date")?.remedy == "name a stage in it: whole.tar.zst/data")
        let part = try build("part.tar.zst", [])
        #expect(refusal("\(part)/data")?.what.hasPrefix("the bundle holds only a part of 'data'") == true)
        #expect(refusal(part)?.remedy?.contains("none that is whole") == true)
    }

    /// A folder is hashed again only when something in it has another time, size or place.
    @Test func aFolderIsHashedOnce() throws {
        let folder = try TemporaryFolder()
        try folder.write("{}", to: "architecture.json")
        let weights = try folder.write("one", to: "weights")
        let files = FileArtifacts(imports: FileManager.default.temporaryDirectory)
        let first = try files.input(folder.url.path).digest
        let time = try #require(
            try FileManager.default.attributesOfItem(atPath: weights.path)[.modificationDate] as? Date)
        func change(_ text: String, _ time: Date) throws {
            let handle = try FileHandle(forWritingTo: weights)
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
            try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: weights.path)
        }
        try change("one", Date(timeIntervalSince1970: 1000))
        #expect(try files.input(folder.url.path).digest == first)
        try change("two", Date(timeIntervalSince1970: 1000))
        #expect(try files.input(folder.url.path).digest == first, "it was hashed though its status is the same")
        try change("two", time.addingTimeInterval(5))
        let second = try files.input(folder.url.path).digest
        #expect(second != first)
        #expect(
            try FileArtifacts(imports: FileManager.default.temporaryDirectory).input(folder.url.path).digest == second)
    }
}

/// A spool's work folder without a spool.
private struct Bench {
    let folder: TemporaryFolder
    let id: JobID
    var base: URL { folder.url }

    init() throws {
        folder = try TemporaryFolder()
        id = try JobID(job: "test", at: .now, random: 7)
    }

    func request(
        _ stage: String, _ plugin: String, options: JSON, inputs: [StageRequest.Input] = [], seed: Int = 1,
        attempt: String = "1-1"
    ) throws -> URL {
        let folder = base.appending(path: "work/\(id)/\(stage)/attempts/\(attempt)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let resolved = ResolvedJob.Stage(
            name: stage, plugin: plugin, pluginVersion: plugin == "lines" ? 3 : 1, options: options, produces: .dataset)
        let file = folder.appending(path: "request.json")
        try StageRequest(
            jobID: id.text, job: "test", seed: UInt64(seed), stage: resolved, inputs: inputs, threads: 1,
            attempt: folder.path
        ).write(to: file)
        return file
    }

    func run(_ request: URL) -> Int32 { StageProcess.run(request, catalog: testCatalog) }
    func attempt(_ request: URL) -> URL { request.deletingLastPathComponent() }
    func output(of request: URL) -> URL { attempt(request).appending(path: "output") }

    func receipt(of request: URL) throws -> Receipt {
        try Receipt(reading: attempt(request).appending(path: "receipt.json"))
    }

    func failure(of request: URL) throws -> Failure {
        let data = try Data(contentsOf: attempt(request).appending(path: "failure.json"))
        return try JSON(parsing: data).decode(Failure.self)
    }

    func input(_ request: URL) throws -> StageRequest.Input {
        StageRequest.Input(
            reference: "data", kind: .dataset, directory: output(of: request).path,
            digest: try receipt(of: request).artifactDigest,
            receipt: attempt(request).appending(path: "receipt.json").path)
    }
}
