public import Foundation

/// Writes whole archives: the same members give the same bytes, and the file is complete on the disk or not there.
///
/// ```swift
/// let members = [ArchiveMember(path: "report.html", contents: .file(report))]
/// try ArchiveWriter.write(members, to: bundle, format: .tarZstd)
/// ```
public enum ArchiveWriter {
    public enum Order: Sendable {
        /// By the bytes of the path.
        case byPath
        case asGiven
    }

    @discardableResult public static func write(
        _ members: [ArchiveMember], to url: URL, format: ArchiveFormat, order: Order = .byPath
    ) throws -> [WrittenMember] {
        let sorted = order == .byPath ? members.sorted { MemberPath.precedes($0.path, $1.path) } : members
        let output = try ArchiveOutput(url: url, format: format)
        let written = try sorted.map { member in
            switch member.contents {
            case .data(let data): try output.add(member.path, data)
            case .file(let file): try output.add(member.path, file: file)
            case .copy(let original): try output.add(member.path, copyOf: original)
            }
        }
        try output.finish()
        return written
    }
}
