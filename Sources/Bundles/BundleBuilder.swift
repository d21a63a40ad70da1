public import Archive
public import Basics
public import Foundation
import Glibc

/// Writes a job's result bundle: a tar.zst that says itself what is in it.
///
/// ```swift
/// try BundleBuilder.build(
///     members: [ArchiveMember(path: "report.html", contents: .file(report))],
///     about: ["job": "night", "state": "done"], to: outbox.appending(path: "night.tar.zst"))
/// ```
/// The same members and `about` give the same bytes; the file is complete under its name or not there. Files with equal
/// contents are stored once: a search's base is in each of its stages, and its student once more for whoever looks first.
public enum BundleBuilder {
    public static func build(members: [ArchiveMember], about: JSON, to url: URL) throws {
        if members.contains(where: { $0.path == BundleManifest.fileName }) {
            throw Failure(
                "a member must not be called '\(BundleManifest.fileName)'", at: url.path, remedy: "rename the member")
        }
        let sorted = members.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        let listed = try sorted.map { member in
            switch member.contents {
            case .data(let data):
                return BundleManifest.Member(path: member.path, size: data.count, sha256: Digest(of: data))
            case .file(let file):
                let values = try? FileManager.default.attributesOfItem(atPath: file.path)
                guard let size = values?[.size] as? Int else {
                    throw Failure(
                        "the file of member '\(member.path)' is not there", at: file.path,
                        remedy: "let nothing remove a job's files while its bundle is written", cause: .system)
                }
                return BundleManifest.Member(path: member.path, size: size, sha256: try Digest(ofFile: file))
            case .copy:
                throw Failure(
                    "member '\(member.path)' is given as a copy", at: url.path,
                    remedy: "give its file: a bundle finds out itself which are equal")
            }
        }
        let stored = storedOnce(sorted, listed)
        let hasCopies = stored.contains { if case .copy = $0.contents { true } else { false } }
        let manifest = BundleManifest(about: about, members: listed, hasCopies: hasCopies)
        let first = ArchiveMember(
            path: BundleManifest.fileName, contents: .data(Data(manifest.json.prettyText.utf8)))
        let temporary = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).part")
        defer { try? FileManager.default.removeItem(at: temporary) }
        let written = try ArchiveWriter.write(
            [first] + stored, to: temporary, format: .tarZstd, order: .asGiven)
        let digests = Dictionary(listed.map { ($0.path, $0.sha256) }, uniquingKeysWith: { first, _ in first })
        for member in written.dropFirst() where member.sha256 != digests[member.path] {
            throw Failure(
                "the file of member '\(member.path)' was changed while the bundle was written", at: url.path,
                remedy: "let nothing write to a job's files, and try again", cause: .system)
        }
        guard rename(temporary.path, url.path) == 0 else {
            throw Failure.system("rename", at: url.path, errno: errno)
        }
        try DurableFile.syncDirectory(url.deletingLastPathComponent())
    }

    /// Bytes from which on a file is stored once. Small ones compress to next to nothing, and remain files of their own, to
    /// be changed where they were unpacked.
    private static let leastShared = 1 << 16

    /// What lies higher up comes first, and so is the original of its copies: `tar` gives `student/` without the rest.
    private static func storedOnce(_ members: [ArchiveMember], _ listed: [BundleManifest.Member]) -> [ArchiveMember] {
        let depths = members.map { $0.path.utf8.count { $0 == UInt8(ascii: "/") } }
        var first: [Digest: String] = [:]
        return members.indices.sorted { (depths[$0], $0) < (depths[$1], $1) }.map { index in
            let (member, listed) = (members[index], listed[index])
            guard listed.size >= leastShared else { return member }
            if let original = first[listed.sha256] {
                return ArchiveMember(path: member.path, contents: .copy(of: original))
            }
            first[listed.sha256] = member.path
            return member
        }
    }
}
