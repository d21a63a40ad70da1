import Archive
import Basics
import Foundation
import TestSupport
import Testing

@Suite struct ZipTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func reader(_ data: Data, limits: ArchiveLimits = ArchiveLimits()) throws -> ArchiveReader {
        try ArchiveReader(folder.write(data, to: "x.zip"), container: .zip, limits: limits)
    }

    private var two: StoredZip {
        var zip = StoredZip()
        zip.add("a/data.pkl", String(repeating: "pickle ", count: 300))
        zip.add("a/data/0", Data([1, 2, 3, 4]))
        return zip
    }

    @Test func membersAreRead() throws {
        let reader = try reader(two.data)
        #expect(try reader.members().map(\.path) == ["a/data.pkl", "a/data/0"])
        #expect(try reader.members().map(\.size) == [2100, 4])
        #expect(try reader.data(of: "a/data/0") == Data([1, 2, 3, 4]))
    }

    /// The directory stands at the end: a file that lacks it is none.
    @Test func aCutZipIsRefusedWhereverItIsCut() throws {
        let whole = two.data
        for length in stride(from: 0, to: whole.count - 1, by: 37) {
            let text = failureText(in: folder) { _ = try reader(whole.prefix(length)).members() }
            #expect(text?.contains("this is not a zip archive, or it is cut off") == true, "cut at \(length)")
        }
    }

    @Test func aTarIsNoZipAndAZipIsNoTar() throws {
        try ArchiveWriter.write([ArchiveMember(path: "a", contents: .data(Data()))], to: folder["t"], format: .tar)
        #expect(throws: Failure.self) { try ArchiveReader(folder["t"], container: .zip).members() }
        let zip = try reader(two.data).url
        #expect(
            failureText(in: folder) { _ = try ArchiveReader(zip).members() }
                == "~/x.zip: error: this is not a tar archive, plain or compressed by zstd\n"
                + "  remedy: check that it is the file you meant")
    }

    @Test func damagedElementsAreNoticed() throws {
        var data = two.data
        let place = try #require(data.range(of: Data([1, 2, 3, 4])))
        data[place.lowerBound] = 9
        #expect(
            failureText { _ = try reader(data).data(of: "a/data/0") }?.contains("damaged (in member 'a/data/0')")
                == true)
    }

    @Test(arguments: ["../evil", "/etc/evil", "a/data/0"]) func hostilePathsAreRefused(_ path: String) throws {
        var zip = two
        zip.add(path, "x")
        #expect(throws: Failure.self) { try reader(zip.data).members() }
    }

    /// A member that claims more than the file has.
    @Test func declaredSizesAreLimited() throws {
        var zip = two
        zip.add("bomb", Data(repeating: 0, count: 10), declaredSize: 1 << 31, method: 8)
        let data = zip.data
        var limits = ArchiveLimits()
        limits.totalBytes = data.count
        #expect(
            failureText { _ = try reader(data, limits: limits).members() }?.contains(
                "its members have more than the \(data.count) bytes allowed") == true)
    }

    @Test func damagedBytesNeverCrash() throws {
        let whole = two.data
        for index in whole.indices where index > 2000 || index < 60 {
            var damaged = whole
            damaged[index] ^= 0x55
            let reader = try reader(damaged)
            try? reader.forEachMember { _, stream in
                _ = try stream.readAll()
                return .goOn
            }
        }
    }
}
