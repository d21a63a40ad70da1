import Foundation
public import Spool

/// Reads what the page shows, again and again, and keeps what cannot have changed: a folder is listed when its time has
/// changed, the token of a job that waits or has ended is read once, and so is a finished stage's receipt.
public struct OverviewReader: Sendable {
    private let spool: Spool
    private var inbox = InboxReader()
    private var wishes = WishReader()
    private var queue = QueueReader()
    private var live = LiveReader()
    private var history = HistoryReader()
    private var rejected = RejectedReader()

    public init(_ spool: Spool) { self.spool = spool }

    /// - Parameter now: seconds of a clock that only goes forward.
    public mutating func read(at now: Double) throws -> SpoolOverview {
        let signs = spool.runnerSigns
        var overview = SpoolOverview(place: spool.root.path, runner: signs.map { .works($0) } ?? .nobody)
        // In the order in which jobs move: one on its way may be seen twice, never missed.
        let wishes = try self.wishes.read(spool, at: now)
        overview.inbox = try inbox.read(spool, at: now)
        try queue.look(spool, at: now, wishes)
        overview.live = try live.read(spool, wishes)
        (overview.ended, overview.failedCount) = try history.read(spool, at: now)
        overview.queue = queue.excerpt(spool, wishes, others: live.ids + history.ids)
        let begun = Set(live.ids)
        overview.heldCount = wishes.count { id, wish in
            wish.isHeld && !wish.isCancelled && (queue.contains(id) || begun.contains(id))
        }
        overview.rejected = try rejected.read(spool, at: now)
        return overview
    }
}

/// Wishes for jobs, read when one has come or gone. A new number in the place of an old one is a new file, too.
struct WishReader {
    private var memo = FolderMemo()
    private var found: [JobID: Wishes] = [:]

    mutating func read(_ spool: Spool, at now: Double) throws -> [JobID: Wishes] {
        if let wishes = try memo.changed(spool.wishesFolder, at: now, spool.wishes) { found = wishes }
        return found
    }
}

/// The names in the inbox.
struct InboxReader {
    private var memo = FolderMemo()
    private var found = Excerpt<String>()

    mutating func read(_ spool: Spool, at now: Double) throws -> Excerpt<String> {
        let folder = spool.folder(.inbox)
        let names = try memo.changed(folder, at: now) { try FileSystem().list(folder) }
        if let names = names?.filter({ !$0.hasPrefix(".") }) {
            found = Excerpt(names.prefix(Limits.inbox).map { brief($0, Limits.cell) }, of: names.count)
        }
        return found
    }
}
