import Archive
import Basics
import Bundles
import Foundation
import Runner
import Spool
import TestSupport

/// The files of a spool with what differs from run to run and from machine to machine made the same: ids, times, paths, owners,
/// and the digests and seals of what holds such. Nothing else is touched, not even white space.
struct FrozenText {
    private let ids: [String: JobID]
    /// Paths, relative to the spool, to contents.
    private var files: [String: String] = [:]

    init(of scratch: TemporaryFolder, ids: [String: JobID]) throws {
        self.ids = ids
        var digests: [(String, String)] = []
        for path in scratch.files() where FrozenText.isKept(path) {
            let file = scratch[path]
            let old = try Data(contentsOf: file)
            let new = try frozen(String(contentsOf: file, encoding: .utf8), in: scratch)
            files[String(path.dropFirst("spool/".count))] = new
            let (before, after) = (Digest(of: old).hex, Digest(of: new).hex)
            if before != after { digests.append((before, after)) }
        }
        var named: [String: String] = [:]
        for (path, text) in files {
            var (path, text) = (path, text)
            for (before, after) in digests {
                path = path.replacing(before, with: after)
                text = text.replacing(before, with: after)
            }
            named[frozen(path)] = sealed(text)
        }
        files = named
    }

    /// The page and drafts are news, and bundles are built again below.
    private static func isKept(_ path: String) -> Bool {
        path.hasPrefix("spool/") && !path.hasSuffix(".tar.zst")
            && !["status", "tmp", "log"].contains { path.hasPrefix("spool/\($0)/") }
    }

    /// A name or path.
    private func frozen(_ path: String) -> String {
        var path = path
        for (job, id) in ids { path = path.replacing(id.text, with: FrozenSpool.id(job)) }
        return path.replacing(/aside\/\d{8}-\d{6}-[0-9a-f]+-/, with: "aside/20260102-040000-0-")
    }

    private func frozen(_ text: String, in scratch: TemporaryFolder) throws -> String {
        var text = frozen(text).replacing(scratch.url.path, with: "/scratch")
        let job = text.firstMatch(of: /"id": "([a-z-]+)-\d{8}-\d{6}-[0-9a-f]{6}"/).map { String($0.1) } ?? ""
        let number = (FrozenSpool.jobs.firstIndex(of: job) ?? 0) + 10
        for (key, value) in [
            "submitted": "2026-01-02T03:00:\(number).000Z", "accepted": "2026-01-02T03:01:00.000Z",
            "since": "2026-01-02T03:01:00.000Z", "started": "2026-01-02T03:02:00.000Z",
            "ended": "2026-01-02T03:03:00.000Z", "created": "2026-01-02T03:04:00.000Z",
            "finished": "2026-01-02T03:05:00.000Z", "boot": "00000000-0000-4000-8000-000000000000", "host": "elsewhere",
            "namespace": "pid:[1]", "start": "1000", "nonce": "1a2b3c",
        ] {
            text = text.replacing(try Regex("\"\(key)\"(\\s*:\\s*)\"[^\"]*\"")) { match in
                "\"\(key)\"\(match.output[1].substring ?? "")\"\(value)\""
            }
        }
        for (key, value) in ["pid": "100", "userSeconds": "0.25", "systemSeconds": "0.125", "peakBytes": "1048576"] {
            text = text.replacing(try Regex("\"\(key)\"(\\s*:\\s*)[0-9.eE+-]+")) { match in
                "\"\(key)\"\(match.output[1].substring ?? "")\(value)"
            }
        }
        // What a shell says, or does not, of its `sleep`.
        text = text.replacing(/^Terminated\n/.anchorsMatchLineEndings(), with: "")
        return sealed(text.replacing(/used up to \d+ MiB/, with: "used up to 1 MiB"))
    }

    /// With the seal that fits the text, if it has one.
    private func sealed(_ text: String) -> String {
        guard var members = (try? JSON(parsing: text))?.object, members.removeValue(forKey: "seal") != nil else {
            return text
        }
        let seal = Digest(of: JSON.object(members).canonicalText).hex
        return text.replacing(/"seal"(\s*:\s*)"[0-9a-f]{64}"/) { "\"seal\"\($0.1)\"\(seal)\"" }
    }

    func write(to folder: URL) throws {
        for (path, text) in files {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let spool = try Spool(at: folder)
        try FileManager.default.createDirectory(at: spool.outbox, withIntermediateDirectories: true)
        for state in [StateFolder.done, .failed] {
            for token in try spool.tokens(in: state) { try buildBundle(of: token, in: spool) }
        }
    }

    private func buildBundle(of token: Token, in spool: Spool) throws {
        let draft = spool.outbox.appending(path: "draft")
        try BundleTools.jobs.build(spool, token, draft)
        defer { try? FileManager.default.removeItem(at: draft) }
        let bundle = Bundles.Bundle(draft)
        var about = try bundle.manifest().about.object ?? [:]
        about["created"] = "2026-01-02T03:05:00.000Z"
        let members = try bundle.list().map(\.path).filter { $0 != "bundle.json" }.map {
            ArchiveMember(path: $0, contents: .data(try bundle.data(of: $0)))
        }
        try BundleBuilder.build(members: members, about: .object(about), to: spool.bundle(token.id))
    }

    /// Everything in a spool, by path; of a bundle, its members.
    static func contents(of folder: URL) throws -> [String: String] {
        var found: [String: String] = [:]
        for path in FileManager.default.subpaths(atPath: folder.path) ?? [] {
            let file = folder.appending(path: path)
            guard FileStatus(file)?.kind == .file else { continue }
            if path.hasSuffix(".tar.zst") {
                let bundle = Bundles.Bundle(file)
                for member in try bundle.list() {
                    found["\(path)/\(member.path)"] = String(decoding: try bundle.data(of: member.path), as: UTF8.self)
                }
            } else {
                found[path] = try String(contentsOf: file, encoding: .utf8)
            }
        }
        return found
    }
}
