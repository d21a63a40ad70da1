public import Foundation

/// Writes a plain tar member by member, and tells where each one's bytes lie, so that readers can seek to them.
///
/// Until `finish` there is only a hidden temporary file, which goes away with the writer.
public final class TarShardWriter {
    private let output: ArchiveOutput
    /// Bytes of the members so far, without headers.
    public private(set) var byteCount = 0

    public init(_ url: URL) throws { output = try ArchiveOutput(url: url, format: .tar) }

    /// Appends a member and returns the offset of its first byte in the file.
    @discardableResult public func append(path: String, data: Data) throws -> Int {
        let member = try output.add(path, data)
        byteCount += data.count
        return member.offset ?? 0
    }

    /// Makes the file durable under its name. Nothing can be appended afterwards.
    public func finish() throws { try output.finish() }
}
