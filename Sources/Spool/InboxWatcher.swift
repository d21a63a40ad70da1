public import Basics
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
    /// Handed in by `submit`, and it cannot be read.
    case unreadable(Drop, Failure)
}

extension InboxItem {
    /// The file's name in the inbox.
    public var name: String {
        switch self {
        case .submission(let token): "\(token.id).json"
        case .drop(let drop), .stranger(let drop, _), .unreadable(let drop, _): drop.name
        }
    }
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

    /// Files of which it is known that somebody has closed them after writing, or put them there whole.
    private var finished: Set<String> = []

    /// Counts such a file as ready at the next look, unless it is empty: `touch` closes one, too, that is to be written.
    public mutating func note(finished names: Set<String>) { finished.formUnion(names) }

    /// Whether the last look saw files that were not ready yet.
    public private(set) var isWaiting = false

    /// One look; what came first stands first. Looks should be at least some tenths of a second apart.
    public mutating func look(at spool: Spool) throws -> [InboxItem] {
        let inbox = spool.folder(.inbox)
        var now: [String: FileStatus] = [:]
        var items: [(item: InboxItem, status: FileStatus)] = []
        isWaiting = false
        for name in try spool.files.list(inbox) where !InboxWatcher.isIgnored(name) {
            let url = inbox.appending(path: name)
            guard let status = FileStatus(url), status.kind != .folder else { continue }
            if name.hasSuffix(".json"), let id = JobID(String(name.dropLast(5))) {
                if let item = InboxWatcher.submission(id, Drop(url: url), spool) { items.append((item, status)) }
                continue
            }
            now[name] = status
            let isStill = seen[name] == status || finished.contains(name) && status.size > 0
            guard isStill, !jd_is_being_written(url.path) else {
                isWaiting = true
                continue
            }
            items.append((InboxWatcher.judge(Drop(url: url), status), status))
        }
        seen = now
        finished = []
        return items.sorted { InboxWatcher.isEarlier($0, $1) }.map(\.item)
    }

    /// By time, as users drop jobs in the order in which they build on each other. Files that were copied within one tick of
    /// the file system's clock have the same time; most file systems number new files upwards.
    private static func isEarlier(
        _ a: (item: InboxItem, status: FileStatus), _ b: (item: InboxItem, status: FileStatus)
    )
        -> Bool
    {
        (a.status.modified, a.status.inode, a.item.name) < (b.status.modified, b.status.inode, b.item.name)
    }

    /// What `submit` handed in; nil if it has gone. It appears whole, so one look is enough.
    private static func submission(_ id: JobID, _ drop: Drop, _ spool: Spool) -> InboxItem? {
        let data: Data
        do {
            guard let found = try spool.files.read(drop.url) else { return nil }
            data = found
        } catch {
            return .unreadable(drop, error as? Failure ?? Failure("\(error)", at: drop.url.path, cause: .system))
        }
        do { return .submission(try spool.token(id, in: .inbox, from: data)) } catch {
            let reason = (error as? Failure)?.what ?? "\(error)"
            return .stranger(drop, reason: "not a whole job of 'jdnas submit' (\(reason)): submit it again")
        }
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

    static let largestManifest = 1 << 20

    private static func isIgnored(_ name: String) -> Bool {
        name.hasPrefix(".") || name.hasSuffix("~") || [".tmp", ".part", ".swp"].contains { name.hasSuffix($0) }
    }
}
