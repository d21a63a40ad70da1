import Basics
import Foundation

/// What users want done with a job.
public struct Wishes: Sendable, Hashable {
    /// Jobs with a higher one go first; of equals, the earlier.
    public var priority = 0
    /// It is to wait, with its stage stopped, until it is released.
    public var isHeld = false
    /// It is to end.
    public var isCancelled = false

    /// It failed, and is to be tried again.
    public var retry: Retry?

    public struct Retry: Sendable, Hashable {
        /// The stage that is run anew, with all that depend on it; nil for none.
        public var from: String?

        public init(from stage: String? = nil) { from = stage }
    }

    public static let priorities = -100...100

    public init(priority: Int = 0, isHeld: Bool = false, isCancelled: Bool = false, retry: Retry? = nil) {
        self.priority = priority
        self.isHeld = isHeld
        self.isCancelled = isCancelled
        self.retry = retry
    }
}

/// Wishes lie in `wishes/`, a file each: `<job id>.hold`, `<job id>.cancel`, `<job id>.priority`, `<job id>.retry`. Commands
/// write them (and whoever takes in a job whose manifest has a priority), the runner heeds them and removes those of a job that has
/// ended; they need no lock, and no runner.
extension Spool {
    enum WishName: String { case hold, cancel, priority, retry }

    /// The wishes for all jobs that have some.
    public func wishes() throws -> [JobID: Wishes] {
        guard files.exists(wishesFolder) else { return [:] }
        var found: [JobID: Wishes] = [:]
        for name in try files.list(wishesFolder) {
            guard let (id, wish) = Spool.wish(named: name) else { continue }
            switch wish {
            case .hold: found[id, default: Wishes()].isHeld = true
            case .cancel: found[id, default: Wishes()].isCancelled = true
            case .priority: found[id, default: Wishes()].priority = priority(of: id)
            case .retry: found[id, default: Wishes()].retry = retry(of: id)
            }
        }
        return found
    }

    /// The job that a file in `wishes/` is about, and what is wished; nil if it is no wish for a job.
    static func wish(named name: String) -> (id: JobID, wish: WishName)? {
        guard let dot = name.lastIndex(of: "."), let id = JobID(String(name[..<dot])),
            let wish = WishName(rawValue: String(name[name.index(after: dot)...]))
        else { return nil }
        return (id, wish)
    }

    /// The wishes for one job; cheap enough to be asked for all the time.
    public func wishes(for id: JobID) -> Wishes {
        Wishes(
            priority: priority(of: id), isHeld: files.exists(wishFile(id, .hold)),
            isCancelled: files.exists(wishFile(id, .cancel)), retry: retry(of: id))
    }

    public func hold(_ id: JobID) throws { try wish(.hold, for: id, "held") }

    /// Lets a held job go on; false where it was not held.
    @discardableResult
    public func release(_ id: JobID) throws -> Bool { try withdraw(.hold, for: id) }

    public func cancel(_ id: JobID) throws { try wish(.cancel, for: id, "cancelled") }

    /// - Parameter priority: within `Wishes.priorities`. 0 is written down like any other: what the job's manifest says does not
    ///   count then.
    public func prioritise(_ id: JobID, _ priority: Int) throws { try wish(.priority, for: id, "\(priority)") }

    /// Gives a job the priority that its manifest says, unless somebody wanted another.
    func beginPriority(_ record: JobRecord) throws {
        guard let priority = record.priority else { return }
        try makeFolder(wishesFolder)
        // Never over what somebody wants.
        _ = try place(Data("\(priority)\n".utf8), at: wishFile(record.id, .priority))
    }

    /// - Parameter stage: what is run anew, with all that depend on it.
    public func wishRetry(_ id: JobID, from stage: String? = nil) throws {
        try wish(.retry, for: id, stage.map { "from \($0)" } ?? "retry")
    }

    /// Takes that back; false where nobody wanted it.
    @discardableResult
    public func withdrawRetry(_ id: JobID) throws -> Bool { try withdraw(.retry, for: id) }

    /// Removes the wishes that make sense for a job that has not ended. That one be tried again which has just failed may be
    /// wished in this very moment, and stays.
    public func forgetWishes(_ id: JobID) throws {
        for name in [WishName.hold, .cancel, .priority] { try withdraw(name, for: id) }
    }

    private func wish(_ name: WishName, for id: JobID, _ text: String) throws {
        try makeFolder(wishesFolder)
        try replace(Data("\(text)\n".utf8), at: wishFile(id, name))
    }

    @discardableResult
    private func withdraw(_ name: WishName, for id: JobID) throws -> Bool {
        try removeWish(wishFile(id, name))
    }

    /// False where there is none.
    func removeWish(_ file: URL) throws -> Bool {
        guard files.exists(file) else { return false }
        try files.unlink(file)
        try files.syncFolder(wishesFolder)
        return true
    }

    /// 0 where there is none, and where nobody can tell what is meant.
    private func priority(of id: JobID) -> Int {
        let file = wishFile(id, .priority)
        guard files.exists(file), let data = try? files.read(file) else { return 0 }
        let text = String(decoding: data.prefix(16), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return min(max(Int(text) ?? 0, Wishes.priorities.lowerBound), Wishes.priorities.upperBound)
    }

    /// What nobody understands means no particular stage.
    private func retry(of id: JobID) -> Wishes.Retry? {
        let file = wishFile(id, .retry)
        guard files.exists(file) else { return nil }
        let words = String(decoding: ((try? files.read(file)) ?? Data()).prefix(200), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).map(String.init)
        return Wishes.Retry(from: words.count == 2 && words[0] == "from" ? words[1] : nil)
    }

    private func wishFile(_ id: JobID, _ name: WishName) -> URL {
        wishesFolder.appending(path: "\(id).\(name.rawValue)")
    }
}
