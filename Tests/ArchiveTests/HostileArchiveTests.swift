import Archive
import Basics
import Foundation
import TestSupport
import Testing

@Suite struct HostileArchiveTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    static let again = "\n  remedy: copy it again, or have it written again"
    static let plain = "\n  remedy: such archives are refused; have it written again with plain files only"

    private func unpacking(_ data: Data, limits: ArchiveLimits = ArchiveLimits()) throws -> String? {
        try folder.write(data, to: "in/x.tar")
        let text = failureText(in: folder) {
            try ArchiveReader(folder["in/x.tar"], limits: limits).unpack(to: folder["out"])
        }
        // Whatever was wrong: nothing half-unpacked remains.
        if text != nil { #expect(folder.files() == ["in/x.tar"]) }
        return text
    }

    static let hostile: [(String, Character, String, String)] = [
        ("../evil", "0", "", "member '../evil' leads out of the folder ('..')"),
        ("a/../../evil", "0", "", "member 'a/../../evil' leads out of the folder ('..')"),
        ("/etc/evil", "0", "", "member '/etc/evil' has an absolute path"),
        ("link", "2", "/etc/passwd", "member 'link' is a link"),
        ("hard", "1", "ok", "member 'hard' is a link"),
        ("device", "3", "", "member 'device' is a device or pipe"),
        ("fifo", "6", "", "member 'fifo' is a device or pipe"),
        ("ok", "0", "", "member 'ok' is there twice"),
        ("./ok", "0", "", "member 'ok' is there twice"),
        ("bad\u{1b}[2J", "0", "", "member 'bad?[2J' has a control character in its path"),
        ("../folder/", "5", "", "member '../folder' leads out of the folder ('..')"),
    ]

    @Test(arguments: hostile)
    func isRefused(name: String, type: Character, link: String, message: String) throws {
        var tar = RawTar()
        tar.add("ok", "fine")
        tar.add(name, type: type, link: link)
        #expect(try unpacking(tar.ended) == "~/in/x.tar: error: \(message)" + Self.plain)
    }

    static let hostileCopies: [(String, Character, String)] = [
        ("copy", "1", "later"), ("copy", "1", "nowhere"), ("copy", "1", "../ok"), ("copy", "1", "/etc/passwd"),
        ("copy", "1", "copy"), ("copy", "1", "second"), ("copy", "2", "ok"), ("second", "1", "ok"),
    ]

    /// Where copies are allowed, they are of plain members before them, and links of any other kind are refused still.
    @Test(arguments: hostileCopies)
    func otherCopiesAreRefused(name: String, type: Character, target: String) throws {
        var tar = RawTar()
        tar.add("ok", "fine")
        tar.add("second", type: "1", link: "ok")
        tar.add(name, type: type, link: target)
        tar.add("later", "fine")
        try folder.write(tar.ended, to: "in/x.tar")
        let reader = ArchiveReader(folder["in/x.tar"], allowsCopies: true)
        let text = failureText(in: folder) { try reader.unpack(to: folder["out"]) }
        let message =
            name == "second" ? "is there twice" : type == "2" ? "is a link\n" : "is a link, and not to a plain member"
        #expect(text?.hasPrefix("~/in/x.tar: error: member '\(name)' \(message)") == true)
        #expect(folder.files() == ["in/x.tar"])
    }

    /// With a pax header a link may have bytes, which nobody would look at.
    @Test func aCopyHasNoBytesOfItsOwn() throws {
        var tar = RawTar()
        tar.add("ok", "fine")
        let record = "18 path=copy/long\n"
        #expect(record.utf8.count == 18)
        tar.add("pax", type: "x", record)
        tar.add("copy", type: "1", link: "ok", "hidden")
        try folder.write(tar.ended, to: "in/x.tar")
        let reader = ArchiveReader(folder["in/x.tar"], allowsCopies: true)
        let text = failureText(in: folder) { try reader.unpack(to: folder["out"]) }
        #expect(
            text == "~/in/x.tar: error: member 'copy/long' is a link, and has bytes of its own" + Self.plain)
    }

    /// As `tar -c ./ok ./copy` writes them.
    @Test func copiesMayBeginWithADot() throws {
        var tar = RawTar()
        tar.add("./ok", "fine")
        tar.add("./copy", type: "1", link: "./ok")
        try folder.write(tar.ended, to: "x.tar")
        try ArchiveReader(folder["x.tar"], allowsCopies: true).unpack(to: folder["out"])
        #expect(try String(contentsOf: folder["out/copy"], encoding: .utf8) == "fine")
    }

    @Test func foldersAndDotsArePassedOver() throws {
        var tar = RawTar()
        tar.add("./", type: "5")
        tar.add("./sub/", type: "5")
        tar.add("./sub/file", "text")
        #expect(try unpacking(tar.ended) == nil)
        #expect(try String(contentsOf: folder["out/sub/file"], encoding: .utf8) == "text")
    }

    @Test func fileWhereAFolderIsNeeded() throws {
        var tar = RawTar()
        tar.add("a", "file")
        tar.add("a/b", "below it")
        #expect(try unpacking(tar.ended)?.contains("cannot create the folder of member 'a/b'") == true)
    }

    @Test func truncatedTarIsNoticedWhereverItIsCut() throws {
        var tar = RawTar()
        tar.add("first", String(repeating: "1", count: 700))
        tar.add("second", String(repeating: "2", count: 700))
        let whole = tar.ended
        #expect(try unpacking(whole) == nil)
        try FileManager.default.removeItem(at: folder["out"])
        for length in stride(from: 512, to: whole.count, by: 256) {
            let text = try unpacking(whole.prefix(length))
            #expect(text?.contains("truncated") == true, "cut at \(length): \(text ?? "accepted")")
        }
        #expect(
            try unpacking(whole.prefix(2100))
                == "~/in/x.tar: error: the archive is truncated (in member 'second')" + Self.again)
    }

    @Test func truncatedZstdIsNoticedWhereverItIsCut() throws {
        var random = RandomStream(seed: 1)
        let noise = Data((0..<40_000).map { _ in UInt8.random(in: 0...255, using: &random) })
        let members = [ArchiveMember(path: "noise", contents: .data(noise))]
        try ArchiveWriter.write(members, to: folder["w"], format: .tarZstd)
        let whole = try Data(contentsOf: folder["w"])
        try FileManager.default.removeItem(at: folder["w"])
        for length in stride(from: 1000, to: whole.count, by: 3900) {
            #expect(try unpacking(whole.prefix(length))?.contains("truncated") == true, "cut at \(length)")
        }
        #expect(try unpacking(whole.dropLast(1))?.contains("truncated") == true)
    }

    @Test(arguments: ["", "hello, this is no archive"])
    func otherFilesAreRefused(text: String) throws {
        let message = try unpacking(Data(text.utf8))
        #expect(message?.hasPrefix("~/in/x.tar: error: ") == true)
    }

    @Test func notAnArchiveSaysSo() throws {
        #expect(
            try unpacking(Data(String(repeating: "x", count: 4096).utf8))
                == "~/in/x.tar: error: this is not a tar archive, plain or compressed by zstd\n"
                + "  remedy: check that it is the file you meant")
    }

    @Test func damagedBytesNeverCrash() throws {
        let members = [ArchiveMember(path: "a", contents: .data(Data("some text to squeeze".utf8)))]
        try ArchiveWriter.write(members, to: folder["w"], format: .tarZstd)
        let whole = try Data(contentsOf: folder["w"])
        try FileManager.default.removeItem(at: folder["w"])
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 0x55
            _ = try unpacking(damaged)
            try? FileManager.default.removeItem(at: folder["out"])
        }
    }

    @Test func limitsHold() throws {
        var tar = RawTar()
        tar.add("a", "1234567890")
        tar.add("b", "1234567890")
        var limits = ArchiveLimits()
        limits.members = 1
        #expect(try unpacking(tar.ended, limits: limits)?.contains("it has more than 1 members") == true)
        limits = ArchiveLimits()
        limits.memberBytes = 9
        #expect(try unpacking(tar.ended, limits: limits)?.contains("member 'a' has 10 bytes, more than the 9") == true)
        limits = ArchiveLimits()
        limits.totalBytes = 15
        #expect(try unpacking(tar.ended, limits: limits)?.contains("more than the 15 bytes allowed") == true)
        limits = ArchiveLimits()
        limits.memoryBytes = 5
        #expect(
            failureText { _ = try ArchiveReader(folder["in/x.tar"], limits: limits).data(of: "a") }?
                .contains("more than the 5 that are read into memory") == true)
    }

    @Test func claimedSizeIsNotTrusted() throws {
        var tar = RawTar()
        tar.add("huge", size: 0o7777777777, "tiny")
        #expect(try unpacking(tar.data)?.contains("truncated (in member 'huge')") == true)
    }

    @Test func existingFoldersAreLeftAlone() throws {
        var tar = RawTar()
        tar.add("a", "1")
        try folder.write(tar.ended, to: "in/x.tar")
        try folder.write("mine", to: "out/kept")
        let text = failureText(in: folder) { try ArchiveReader(folder["in/x.tar"]).unpack(to: folder["out"]) }
        #expect(text == "~/out: error: the folder is not empty\n  remedy: name a new folder to unpack to")
        #expect(folder.files() == ["in/x.tar", "out/kept"])
    }

    @Test func missingMemberIsNamedWithASuggestion() throws {
        var tar = RawTar()
        tar.add("report.html", "x")
        try folder.write(tar.ended, to: "x.tar")
        let text = failureText(in: folder) { _ = try ArchiveReader(folder["x.tar"]).data(of: "report.htm") }
        #expect(text == "~/x.tar: error: there is no member 'report.htm'\n  remedy: did you mean 'report.html'?")
    }
}
