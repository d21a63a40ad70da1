import Basics
import CLinux
public import Foundation

/// Something in the inbox that is ready to be taken.
public enum InboxItem: Sendable, Hashable {
    /// Handed in by `submit`.
    case submission(Token)
    /// A manifest that a user put there with `cp` or `mv`.
    case drop(Drop)
    /// Not a manifest, with the reason.
    case stranger(Drop, reason: String)
}

/// A file that a user put into the inbox.
public struct Drop: Sendable, Hashable {
    public let url: URL
    public var name: String { url.lastPathComponent }
}

/// Looks into the inbox again and again, and takes a dropped file only when its size and time stood still between two
/// looks and nobody holds it open for writing. Dotfiles, `~`, `.tmp`, `.part` and `.swp` files are left alone: editors,
/// rsync and browsers write under such names first.
public struct InboxWatcher: Sendable {
    private var seen: [String: FileStatus] = [:]

    public init() {}

    /// Whether the last look saw files that were not ready yet.
    public private(set) var isWaiting = false

    /// One look. Looks should be at least some tenths of a second apart.
    public mutating func look(at spool: Spool) throws -> [InboxItem] {
        let inbox = spool.folder(.inbox)
        var now: [String: FileStatus] = [:]
        var items: [InboxItem] = []
        isWaiting = false
        for name in try spool.files.list(inbox) where !InboxWatcher.isIgnored(name) {
            let url = inbox.appending(path: name)
            if name.hasSuffix(".json"), let id = JobID(String(name.dropLast(5))),
                let token = try? spool.token(id, in: .inbox)
            {
                items.append(.submission(token))
                continue
            }
            guard let status = FileStatus(url), status.kind != .folder else { continue }
            now[name] = status
            guard seen[name] == status, !jd_is_being_written(url.path) else {
                isWaiting = true
                continue
            }
            items.append(InboxWatcher.judge(Drop(url: url), status))
        }
        seen = now
        return items
    }

    private static func judge(_ drop: Drop, _ status: FileStatus) -> InboxItem {
        if status.kind != .file {
            return .stranger(
                drop, reason: "a job manifest has to be a regular file, not a link or a device: copy it here")
        }
        if !drop.name.hasSuffix(".yaml"), !drop.name.hasSuffix(".yml") {
            return .stranger(
                drop, reason: "the name of a job manifest ends in .yaml: rename the file and drop it again")
        }
        if status.size > largestManifest {
            return .stranger(
                drop, reason: "\(status.size) bytes are too much for a job manifest (at most \(largestManifest))")
        }
        return .drop(drop)
    }

    private static let largestManifest = 1 << 20

    private static func isIgnored(_ name: String) -> Bool {
        name.hasPrefix(".") || name.hasSuffix("~") || [".tmp", ".part", ".swp"].contains { name.hasSuffix($0) }
    }
}
