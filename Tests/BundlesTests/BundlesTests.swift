import Archive
import Basics
import Bundles
import Foundation
import TestSupport
import Testing

@Suite struct BundlesTests {
    let folder: TemporaryFolder
    let members: [ArchiveMember]
    let about: JSON = ["job": "night", "state": "done"]

    init() throws {
        folder = try TemporaryFolder()
        let file = try folder.write(String(repeating: "<p>report</p>", count: 5000), to: "source.html")
        members = [
            ArchiveMember(path: "report.html", contents: .file(file)),
            ArchiveMember(path: "logs/train.txt", contents: .data(Data("epoch 1\n".utf8))),
            ArchiveMember(path: "metrics.json", contents: .data(Data("{}".utf8))),
        ]
    }

    private var bundle: Bundles.Bundle { Bundles.Bundle(folder["b.tar.zst"]) }

    /// Writes an archive whose manifest is the real one but whose members are changed.
    private func forge(_ change: (inout [ArchiveMember]) -> Void) throws {
        try BundleBuilder.build(members: members, about: about, to: bundle.url)
        let reader = ArchiveReader(bundle.url)
        var all = try reader.members().map {
            ArchiveMember(path: $0.path, contents: .data(try reader.data(of: $0.path)))
        }
        change(&all)
        try ArchiveWriter.write(all, to: bundle.url, format: .tarZstd, order: .asGiven)
    }

    @Test func whatIsBuiltIsWholeAndReadBack() throws {
        try BundleBuilder.build(members: members, about: about, to: bundle.url)
        #expect(bundle.verify() == [])
        #expect(try bundle.list().map(\.path) == ["bundle.json", "metrics.json", "report.html", "logs/train.txt"])
        #expect(try bundle.manifest().about == about)
        #expect(try bundle.manifest().members.map(\.size) == [8, 2, 65_000])
        #expect(try bundle.data(of: "metrics.json") == Data("{}".utf8))
        try bundle.unpack(to: folder["out"])
        #expect(try String(contentsOf: folder["out/logs/train.txt"], encoding: .utf8) == "epoch 1\n")
        #expect(folder.files().filter { $0.hasPrefix("out/") }.count == 4)
        #expect(folder.files().filter { $0.hasPrefix(".") } == [])
    }

    @Test func sameMembersGiveSameBytes() throws {
        try BundleBuilder.build(members: members, about: about, to: folder["one"])
        try BundleBuilder.build(members: members.reversed(), about: about, to: folder["two"])
        #expect(try Data(contentsOf: folder["one"]) == Data(contentsOf: folder["two"]))
        let heavy = try heavy()
        try BundleBuilder.build(members: heavy, about: about, to: folder["one"])
        try BundleBuilder.build(members: heavy.reversed(), about: about, to: folder["two"])
        #expect(try Data(contentsOf: folder["one"]) == Data(contentsOf: folder["two"]))
    }

    /// Whoever wants the student alone gets it by `tar` alone.
    @Test func tarTakesOutTheStudent() throws {
        try BundleBuilder.build(members: try heavy(), about: about, to: bundle.url)
        let tar = Process()
        tar.executableURL = URL(filePath: "/usr/bin/env")
        tar.arguments = ["tar", "-xf", bundle.url.path, "-C", folder.url.path, "student"]
        try tar.run()
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
        #expect(try Data(contentsOf: folder["student/w"]) == Data(contentsOf: folder["weights"]))
    }

    /// Noise does not compress: a base of this size that is in it three times would show.
    private func heavy() throws -> [ArchiveMember] {
        var random = RandomStream(seed: 1)
        let noise = Data((0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) })
        let file = try folder.write(noise, to: "weights")
        return members
            + ["search/base/w", "search/student/w", "student/w"].map { ArchiveMember(path: $0, contents: .file(file)) }
    }

    @Test func equalFilesAreStoredOnce() throws {
        try BundleBuilder.build(members: try heavy(), about: about, to: bundle.url)
        #expect(try Data(contentsOf: bundle.url).count < 110_000)
        #expect(bundle.verify() == [])
        #expect(try bundle.list().map(\.copyOf).compactMap(\.self) == ["student/w", "student/w"])
        #expect(try bundle.manifest().members.map(\.size) == [8, 2, 65_000, 100_000, 100_000, 100_000])
        let noise = try Data(contentsOf: folder["weights"])
        #expect(try bundle.data(of: "search/base/w") == noise)
        try bundle.unpack(to: folder["out"], only: ["search/base/w"])
        #expect(folder.files().filter { $0.hasPrefix("out/") } == ["out/search/base/w"])
        #expect(try Data(contentsOf: folder["out/search/base/w"]) == noise)
        // Readers of before would call it an attack; and what has no copies is as it was.
        #expect(try bundle.data(of: "bundle.json").range(of: Data("jdnas-bundle/2".utf8)) != nil)
        try BundleBuilder.build(members: members, about: about, to: bundle.url)
        #expect(try bundle.data(of: "bundle.json").range(of: Data("jdnas-bundle/1".utf8)) != nil)
    }

    @Test(arguments: ["report.html", "bundle.json"]) func aCopyOfSomethingElseIsNamed(_ target: String) throws {
        try BundleBuilder.build(members: try heavy(), about: about, to: bundle.url)
        let reader = ArchiveReader(bundle.url, allowsCopies: true)
        let all = try reader.members().map { member in
            let data = try reader.data(of: member.path)
            return ArchiveMember(
                path: member.path, contents: member.path == "search/base/w" ? .copy(of: target) : .data(data))
        }
        try ArchiveWriter.write(all, to: bundle.url, format: .tarZstd, order: .asGiven)
        let problem = try #require(bundle.verify().first)
        if target == "bundle.json" {
            #expect(problem == "this is not a bundle: member 'search/base/w' is a link to 'bundle.json'")
        } else {
            #expect(problem == "member 'search/base/w' has 65000 bytes, bundle.json says 100000")
        }
        #expect(failureText { _ = try bundle.data(of: "search/base/w") }?.contains("is not as bundle.json") == true)
        #expect(failureText { try bundle.unpack(to: folder["out"]) }?.contains("'search/base/w' has ") == true)
    }

    @Test func changesAreNamed() throws {
        try forge { $0[3].contents = .data(Data("epoch 2\n".utf8)) }
        let problem = try #require(bundle.verify().first)
        #expect(problem.hasPrefix("member 'logs/train.txt' was changed: its SHA-256 is "))
        #expect(
            failureText(in: folder) { try bundle.unpack(to: folder["out"]) }
                == "~/b.tar.zst: error: \(problem)\n  remedy: copy the bundle again, or run the job again")
        #expect(failureText { _ = try bundle.data(of: "logs/train.txt") }?.contains("is not as bundle.json") == true)

        try forge { $0[1].contents = .data(Data("{ }".utf8)) }
        #expect(bundle.verify() == ["member 'metrics.json' has 3 bytes, bundle.json says 2"])

        try forge { $0.remove(at: 2) }
        #expect(bundle.verify() == ["member 'report.html' is missing"])
        #expect(failureText { try bundle.unpack(to: folder["out"]) }?.contains("'report.html' is missing") == true)

        try forge { $0.append(ArchiveMember(path: "virus.sh", contents: .data(Data()))) }
        #expect(bundle.verify() == ["member 'virus.sh' is not listed in bundle.json"])
        #expect(folder.files().filter { $0.hasPrefix("out") } == [])
    }

    @Test func truncationIsNoticedWhereverItIsCut() throws {
        try BundleBuilder.build(members: members, about: about, to: folder["whole"])
        let whole = try Data(contentsOf: folder["whole"])
        for length in 1..<whole.count {
            try whole.prefix(length).write(to: bundle.url)
            #expect(!bundle.verify().isEmpty, "cut at \(length) of \(whole.count)")
        }
        try whole.dropLast(3).write(to: bundle.url)
        #expect(bundle.verify().last?.hasPrefix("the archive is truncated") == true)
        #expect(failureText { try bundle.unpack(to: folder["out"]) } != nil)
        #expect(!FileManager.default.fileExists(atPath: folder["out"].path))
    }

    @Test func otherFilesAreNoBundles() throws {
        func said(_ members: [ArchiveMember]) throws -> [String] {
            try ArchiveWriter.write(members, to: bundle.url, format: .tarZstd, order: .asGiven)
            return bundle.verify()
        }
        func manifest(_ text: String) -> [ArchiveMember] {
            [ArchiveMember(path: "bundle.json", contents: .data(Data(text.utf8)))]
        }
        #expect(
            try said(members) == ["this is not a bundle: its first member is 'report.html', not 'bundle.json'"])
        #expect(try said([]) == ["this is not a bundle: it is empty"])
        #expect(try said(manifest("{")).first?.hasPrefix("this is not a bundle: bundle.json is not valid JSON") == true)
        #expect(try said(manifest("{}")) == ["this is not a bundle: bundle.json has no format"])
        #expect(
            try said(manifest(#"{"format": "jdnas-bundle/9"}"#))
                == ["this is not a bundle: its format is 'jdnas-bundle/9', not 'jdnas-bundle/1' or 'jdnas-bundle/2'"])
        #expect(
            try said(manifest(#"{"format": "jdnas-bundle/1", "members": [{"path": "a", "size": 1}]}"#))
                == ["this is not a bundle: members[0] of bundle.json lacks its path, size or digest"])
        try Data("plain text".utf8).write(to: bundle.url)
        #expect(bundle.verify() == ["this is not a tar archive, plain or compressed by zstd"])
        try FileManager.default.removeItem(at: bundle.url)
        #expect(bundle.verify() == ["open: No such file or directory"])
    }

    @Test func impossibleMembersAreRefused() throws {
        let clash = [ArchiveMember(path: "bundle.json", contents: .data(Data()))]
        #expect(
            failureText(in: folder) { try BundleBuilder.build(members: clash, about: about, to: bundle.url) }
                == "~/b.tar.zst: error: a member must not be called 'bundle.json'\n  remedy: rename the member")
        let gone = [ArchiveMember(path: "a", contents: .file(folder["none"]))]
        #expect(
            failureText(in: folder) { try BundleBuilder.build(members: gone, about: about, to: bundle.url) }?
                .hasPrefix("~/none: error: the file of member 'a' is not there") == true)
        #expect(folder.files() == ["source.html"])
    }
}
