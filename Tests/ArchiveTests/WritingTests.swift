import Archive
import Basics
import Foundation
import TestSupport
import Testing

@Suite struct WritingTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func sample() throws -> [ArchiveMember] {
        let file = try folder.write(String(repeating: "file ", count: 100_000), to: "source.txt")
        return [
            ArchiveMember(path: "z/last.txt", contents: .data(Data("last".utf8))),
            ArchiveMember(path: "größe/naïve-ß.txt", contents: .data(Data("non-ASCII".utf8))),
            ArchiveMember(path: "empty", contents: .data(Data())),
            ArchiveMember(path: "a/file.txt", contents: .file(file)),
            ArchiveMember(path: "long/" + String(repeating: "n", count: 200), contents: .data(Data("long".utf8))),
        ]
    }

    @Test(arguments: [ArchiveFormat.tar, .tarZstd])
    func whatIsWrittenIsReadBack(format: ArchiveFormat) throws {
        let members = try sample()
        let written = try ArchiveWriter.write(members, to: folder["x"], format: format)
        let reader = ArchiveReader(folder["x"])
        #expect(try reader.members().map(\.path) == written.map(\.path))
        #expect(written.map(\.path).first == "a/file.txt")
        for member in written {
            let data = try reader.data(of: member.path)
            #expect(data.count == member.size)
            #expect(Digest(of: data) == member.sha256)
        }
        try reader.unpack(to: folder["out"])
        #expect(try String(contentsOf: folder["out/größe/naïve-ß.txt"], encoding: .utf8) == "non-ASCII")
        #expect(folder.files().filter { $0.hasPrefix("out/") }.count == 5)
    }

    @Test(arguments: [ArchiveFormat.tar, .tarZstd])
    func sameMembersGiveSameBytes(format: ArchiveFormat) throws {
        let members = try sample()
        try ArchiveWriter.write(members, to: folder["one"], format: format)
        try ArchiveWriter.write(members.reversed(), to: folder["two"], format: format)
        #expect(try Data(contentsOf: folder["one"]) == Data(contentsOf: folder["two"]))
    }

    @Test func orderCanBeKept() throws {
        let members = try sample()
        let written = try ArchiveWriter.write(members, to: folder["x"], format: .tarZstd, order: .asGiven)
        #expect(written.map(\.path) == members.map(\.path))
    }

    @Test func everyoneElsesTarReadsIt() throws {
        let copy = ArchiveMember(path: "zz", contents: .copy(of: "größe/naïve-ß.txt"))
        try ArchiveWriter.write(try sample() + [copy], to: folder["x.tar"], format: .tar)
        let tar = Process()
        tar.executableURL = URL(filePath: "/usr/bin/env")
        tar.arguments = ["tar", "-xf", folder["x.tar"].path, "-C", folder.url.path]
        try tar.run()
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
        #expect(try String(contentsOf: folder["größe/naïve-ß.txt"], encoding: .utf8) == "non-ASCII")
        #expect(try String(contentsOf: folder["zz"], encoding: .utf8) == "non-ASCII")
    }

    @Test func offsetsLeadToTheBytes() throws {
        let shard = try TarShardWriter(folder["s.tar"])
        let texts = ["first", "", String(repeating: "x", count: 5000), "größe"]
        let offsets = try texts.enumerated().map { index, text in
            try shard.append(path: index == 3 ? "ü\(index)" : "m\(index)", data: Data(text.utf8))
        }
        #expect(shard.byteCount == texts.reduce(0) { $0 + $1.utf8.count })
        #expect(!FileManager.default.fileExists(atPath: folder["s.tar"].path))
        try shard.finish()
        let bytes = try Data(contentsOf: folder["s.tar"])
        for (offset, text) in zip(offsets, texts) {
            #expect(bytes[offset..<offset + text.utf8.count] == Data(text.utf8))
        }
    }

    private func copies() -> [ArchiveMember] {
        [
            ArchiveMember(path: "b/original", contents: .data(Data(repeating: 7, count: 3000))),
            ArchiveMember(path: "a/copy", contents: .copy(of: "b/original")),
            ArchiveMember(path: "ü/copy", contents: .copy(of: "b/original")),
            ArchiveMember(path: "other", contents: .data(Data("other".utf8))),
        ]
    }

    @Test(arguments: [ArchiveFormat.tar, .tarZstd])
    func copiesAreStoredOnceAndReadLikeAnyMember(format: ArchiveFormat) throws {
        let written = try ArchiveWriter.write(copies(), to: folder["x"], format: format, order: .asGiven)
        let reader = ArchiveReader(folder["x"], allowsCopies: true)
        #expect(try reader.members().map(\.copyOf) == [nil, "b/original", "b/original", nil])
        #expect(try reader.members().map(\.size) == [3000, 3000, 3000, 5])
        for member in written {
            let data = try reader.data(of: member.path)
            #expect(data.count == member.size)
            #expect(Digest(of: data) == member.sha256)
        }
        if format == .tar { #expect(try Data(contentsOf: folder["x"]).count < 10_000) }
        var seen: [String: Digest] = [:]
        try reader.unpack(to: folder["all"], check: { seen[$0.path] = $1 })
        #expect(seen == Dictionary(uniqueKeysWithValues: written.map { ($0.path, $0.sha256) }))
        for member in written { #expect(try Digest(ofFile: folder["all/" + member.path]) == member.sha256) }
    }

    @Test func copiesAreUnpackedWithoutTheirOriginal() throws {
        try ArchiveWriter.write(copies(), to: folder["x"], format: .tarZstd, order: .asGiven)
        let reader = ArchiveReader(folder["x"], allowsCopies: true)
        for wanted in [["a/copy"], ["ü/copy"], ["a/copy", "ü/copy"], ["b/original", "ü/copy"], ["other"]] {
            let found = try reader.unpack(to: folder["some"], only: Set(wanted), check: { _, _ in })
            #expect(found.map(\.path).sorted() == wanted.sorted())
            #expect(folder.files().filter { $0.hasPrefix("some/") } == wanted.sorted().map { "some/" + $0 })
            for path in wanted where path != "other" {
                #expect(try Data(contentsOf: folder["some/" + path]) == Data(repeating: 7, count: 3000))
            }
            try FileManager.default.removeItem(at: folder["some"])
        }
    }

    @Test func copiesOfWhatIsNotThereAreNotWritten() throws {
        for (members, name) in [([1, 0], "a/copy"), ([0, 1, 4], "c")] {
            let all = copies() + [ArchiveMember(path: "c", contents: .copy(of: "a/copy"))]
            let text = failureText(in: folder) {
                try ArchiveWriter.write(members.map { all[$0] }, to: folder["x"], format: .tar, order: .asGiven)
            }
            #expect(text?.contains("member '\(name)' is a copy of ") == true)
        }
        #expect(folder.files() == [])
    }

    @Test func nothingIsLeftOfAnAbandonedArchive() throws {
        do {
            let shard = try TarShardWriter(folder["s.tar"])
            try shard.append(path: "a", data: Data("a".utf8))
        }
        #expect(failureText(in: folder) { try TarShardWriter(folder["no/s.tar"]).finish() } != nil)
        #expect(folder.files() == [])
    }

    @Test func wrongMembersAreRefused() throws {
        func refusal(_ paths: String...) -> String? {
            failureText(in: folder) {
                let members = paths.map { ArchiveMember(path: $0, contents: .data(Data())) }
                try ArchiveWriter.write(members, to: folder["x.tar"], format: .tar)
            }
        }
        #expect(
            refusal("a", "a")
                == "~/x.tar: error: member 'a' is there twice\n  remedy: give each member its own path")
        #expect(
            refusal("../a")
                == "~/x.tar: error: member '../a' leads out of the folder ('..')\n  remedy: give it a plain relative path"
        )
        #expect(refusal("/etc/passwd")?.contains("has an absolute path") == true)
        #expect(refusal("")?.contains("has an empty path") == true)
        #expect(refusal("a//b")?.contains("has an empty part or '.'") == true)
        #expect(refusal("a\u{1b}[2J")?.contains("has a control character") == true)
        #expect(folder.files() == [])
    }
}
