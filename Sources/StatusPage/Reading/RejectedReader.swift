import Foundation
import Spool

/// The manifests in `rejected/`, the latest first.
struct RejectedReader {
    private var memo = FolderMemo()
    private var found = Excerpt<RejectedManifest>()

    mutating func read(_ spool: Spool, at now: Double) throws -> Excerpt<RejectedManifest> {
        let folder = spool.folder(.rejected)
        let names = try memo.changed(folder, at: now) { try FileSystem().list(folder) }
        if let names { found = RejectedReader.manifests(names, folder) }
        return found
    }

    private static func manifests(_ names: [String], _ folder: URL) -> Excerpt<RejectedManifest> {
        let all = Set(names)
        // A submission's token stands beside its manifest's copy.
        let manifests = names.filter { name in
            if name.hasPrefix(".") || name.hasSuffix(".diagnostics.txt") { return false }
            return
                !(name.hasSuffix(".json") && JobID(String(name.dropLast(5))) != nil
                && all.contains("\(name.dropLast(5)).yaml"))
        }
        let path = folder.path
        let latest = manifests.map { (name: $0, time: FileStatus(path: "\(path)/\(explanation($0))")?.modified ?? 0) }
            .sorted { ($0.time, $0.name) > ($1.time, $1.name) }.prefix(Limits.rejected)
        let shown = latest.map { item in
            let text = LogTail.beginning(
                of: folder.appending(path: explanation(item.name)), bytes: 4 * Limits.diagnostics)
            return RejectedManifest(
                name: brief(item.name, Limits.line), diagnostics: cut(text, Limits.diagnostics),
                file: PageLink("manifest", "rejected/\(item.name)"))
        }
        return Excerpt(shown, of: manifests.count)
    }

    private static func explanation(_ name: String) -> String {
        let stem = name.hasSuffix(".json") ? String(name.dropLast(5)) : Spool.stem(name)
        return "\(stem).diagnostics.txt"
    }
}
