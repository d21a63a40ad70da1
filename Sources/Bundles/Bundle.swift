public import Archive
import Basics
public import Foundation

/// A result bundle on disk.
public struct Bundle: Sendable {
    public let url: URL
    private let reader: ArchiveReader

    /// Nothing is read yet.
    public init(_ url: URL, limits: ArchiveLimits = ArchiveLimits()) {
        self.url = url
        reader = ArchiveReader(url, limits: limits, allowsCopies: true)
    }

    /// The bundle's own list of what is in it.
    public func manifest() throws -> BundleManifest {
        var found: BundleManifest?
        try reader.forEachMember { member, stream in
            found = try manifest(member, &stream)
            return .stop
        }
        guard let found else { throw notABundle("it is empty") }
        return found
    }

    /// The members that the archive holds, in its order.
    public func list() throws -> [ArchiveReader.Member] { try reader.members() }

    /// The contents of one member, checked against the manifest.
    public func data(of path: String) throws -> Data {
        let data = try reader.data(of: path)
        guard path != BundleManifest.fileName else { return data }
        if let listed = try manifest().members.first(where: { $0.path == path }), listed.sha256 != Digest(of: data) {
            throw Failure("member '\(path)' is not as bundle.json describes it", at: url.path, remedy: Self.remedy)
        }
        return data
    }

    /// Everything that is wrong with it, a line each; empty if the bundle is whole.
    public func verify() -> [String] {
        var check: BundleCheck?
        var digests: [String: Digest] = [:]
        do {
            try reader.forEachMember { member, stream in
                guard check != nil else {
                    check = BundleCheck(try manifest(member, &stream))
                    return .goOn
                }
                if let original = member.copyOf {
                    // Nobody says what the manifest's own digest should be.
                    guard let digest = digests[original] else {
                        throw notABundle("member '\(member.path)' is a link to '\(original)'")
                    }
                    check?.see(member, digest)
                    return .goOn
                }
                var hasher = SHA256Stream()
                while let piece = try stream.read() { hasher.update(piece) }
                let digest = hasher.finish()
                digests[member.path] = digest
                check?.see(member, digest)
                return .goOn
            }
        } catch let failure as Failure {
            return (check?.problems ?? []) + [failure.what]
        } catch {
            return (check?.problems ?? []) + ["\(error)"]
        }
        guard var check else { return [notABundle("it is empty").what] }
        check.finish()
        return check.problems
    }

    /// Unpacks into a new folder, checking every member on the way: all of a whole bundle, or nothing.
    ///
    /// - Parameter paths: the members that are wanted; nil for all.
    public func unpack(to folder: URL, only paths: Set<String>? = nil) throws {
        var manifest = try manifest()
        if let paths { manifest.members.removeAll { !paths.contains($0.path) } }
        var check = BundleCheck(manifest)
        try reader.unpack(to: folder, only: paths) { member, digest in
            if member.path != BundleManifest.fileName { check.see(member, digest) }
            try refuse(check)
        } finish: {
            check.finish()
            try refuse(check)
        }
    }

    private static let remedy = "copy the bundle again, or run the job again"

    private func refuse(_ check: BundleCheck) throws {
        if let problem = check.problems.first { throw Failure(problem, at: url.path, remedy: Self.remedy) }
    }

    private func manifest(_ member: ArchiveReader.Member, _ stream: inout MemberStream) throws -> BundleManifest {
        guard member.path == BundleManifest.fileName else {
            throw notABundle("its first member is '\(member.path)', not '\(BundleManifest.fileName)'")
        }
        let json: JSON
        do { json = try JSON(parsing: try stream.readAll(), at: url.path) } catch let failure as Failure {
            throw failure.what.hasPrefix("not valid JSON") ? notABundle("bundle.json is \(failure.what)") : failure
        }
        return try BundleManifest(json, at: url.path)
    }

    private func notABundle(_ what: String) -> Failure {
        Failure(
            "this is not a bundle: \(what)", at: url.path,
            remedy: "check that it is the file you meant (outbox/*.tar.zst)")
    }
}

/// Compares members with the manifest as they come.
private struct BundleCheck {
    private var expected: [String: BundleManifest.Member]
    private let order: [String]
    private(set) var problems: [String] = []

    init(_ manifest: BundleManifest) {
        expected = Dictionary(manifest.members.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        order = manifest.members.map(\.path)
    }

    mutating func see(_ member: ArchiveReader.Member, _ digest: Digest) {
        guard let listed = expected.removeValue(forKey: member.path) else {
            problems.append("member '\(member.path)' is not listed in bundle.json")
            return
        }
        if listed.size != member.size {
            problems.append("member '\(member.path)' has \(member.size) bytes, bundle.json says \(listed.size)")
        } else if listed.sha256 != digest {
            problems.append(
                "member '\(member.path)' was changed: its SHA-256 is \(digest.short)…, not \(listed.sha256.short)…")
        }
    }

    mutating func finish() {
        for path in order where expected[path] != nil { problems.append("member '\(path)' is missing") }
    }
}
