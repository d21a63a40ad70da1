import Basics
import CArchive
public import Foundation

/// The bytes of the member that is being visited, from its start, once.
public struct MemberStream: ~Copyable {
    let archive: OpaquePointer
    let file: String
    let container: ArchiveReader.Container
    let path: String
    /// Of its own bytes: none if it is a copy.
    let size: Int
    let limits: ArchiveLimits
    private var done = 0

    init(
        archive: OpaquePointer, file: String, container: ArchiveReader.Container, member: ArchiveReader.Member,
        limits: ArchiveLimits
    ) {
        self.archive = archive
        self.file = file
        self.container = container
        path = member.path
        size = member.copyOf == nil ? member.size : 0
        self.limits = limits
    }

    /// The next bytes, or nil at the member's end.
    public mutating func read(upTo count: Int = 1 << 18) throws -> Data? {
        guard done < size else {
            try checkEnd()
            return nil
        }
        var data = Data(count: min(count, size - done))
        let got = data.withUnsafeMutableBytes { archive_read_data(archive, $0.baseAddress, $0.count) }
        guard got >= 0 else { throw LibArchive.readFailure(archive, file, container, within: path) }
        guard got > 0 else { throw LibArchive.truncated(file, within: path) }
        done += got
        if got < data.count { data = data.prefix(got) }
        return data
    }

    /// libarchive compares a zip's checksum when it is asked for what follows the last byte.
    private func checkEnd() throws {
        guard container == .zip else { return }
        var byte: UInt8 = 0
        let got = archive_read_data(archive, &byte, 1)
        guard got >= 0 else { throw LibArchive.readFailure(archive, file, container, within: path) }
        guard got == 0 else {
            throw Failure(
                "member '\(path)' has more bytes than the \(size) declared", at: file,
                remedy: "copy it again, or have it written again")
        }
    }

    /// All bytes that are left.
    public mutating func readAll() throws -> Data {
        guard size <= limits.memoryBytes else {
            throw Failure(
                "member '\(path)' has \(size) bytes, more than the \(limits.memoryBytes) that are read into memory",
                at: file, remedy: "unpack it to a file")
        }
        // Grows with what is really there: a header can claim any size.
        var data = Data()
        while let piece = try read(upTo: 1 << 20) { data.append(piece) }
        return data
    }
}
