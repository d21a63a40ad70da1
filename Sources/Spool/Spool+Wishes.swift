import Basics
import Foundation

/// What users want done with a job that has not ended.
public struct Wishes: Sendable, Hashable {
    /// Jobs with a higher one go first; of equals, the earlier.
    public var priority = 0
    /// It is to wait, with its stage stopped, until it is released.
    public var isHeld = false
    /// It is to end.
    public var isCancelled = false

    public static let priorities = -100...100

    public init(priority: Int = 0, isHeld: Bool = false, isCancelled: Bool = false) {
        self.priority = priority
        self.isHeld = isHeld
        self.isCancelled = isCancelled
    }
}

/// Wishes lie in `wishes/`, a file each: `<job id>.hold`, `<job id>.cancel`, `<job id>.priority`. Commands write them, the runner
/// heeds them and removes those of a job that has ended; they need no lock, and no runner.
extension Spool {
    private enum WishName: String { case hold, cancel, priority }

    /// The wishes for all jobs that have some.
    public func wishes() throws -> [JobID: Wishes] {
        guard files.exists(wishesFolder) else { return [:] }
        var found: [JobID: Wishes] = [:]
        for name in try files.list(wishesFolder) {
            guard let dot = name.lastIndex(of: "."), let id = JobID(String(name[..<dot])),
                let wish = WishName(rawValue: String(name[name.index(after: dot)...]))
            else { continue }
            switch wish {
            case .hold: found[id, default: Wishes()].isHeld = true
            case .cancel: found[id, default: Wishes()].isCancelled = true
            case .priority: found[id, default: Wishes()].priority = priority(of: id)
            }
        }
        return found
    }

    /// The job that a file in `wishes/` is about; nil if it is no wish for a job.
    static func jobOfWish(_ name: String) -> JobID? {
        guard let dot = name.lastIndex(of: "."), WishName(rawValue: String(name[name.index(after: dot)...])) != nil
        else { return nil }
        return JobID(String(name[..<dot]))
    }

    /// The wishes for one job; cheap enough to be asked for all the time.
    public func wishes(for id: JobID) -> Wishes {
        Wishes(
            priority: priority(of: id), isHeld: files.exists(wishFile(id, .hold)),
            isCancelled: files.exists(wishFile(id, .cancel)))
    }

    public func hold(_ id: JobID) throws { try wish(.hold, for: id, "held") }

    /// Lets a held job go on; false where it was not held.
    @discardableResult
    public func release(_ id: JobID) throws -> Bool { try withdraw(.hold, for: id) }

    public func cancel(_ id: JobID) throws { try wish(.cancel, for: id, "cancelled") }

    /// - Parameter priority: within `Wishes.priorities`.
    public func prioritise(_ id: JobID, _ priority: Int) throws {
        if priority == 0 {
            try withdraw(.priority, for: id)
        } else {
            try wish(.priority, for: id, "\(priority)")
        }
    }

    /// Removes the wishes for a job that has ended.
    public func forgetWishes(_ id: JobID) throws {
        for name in [WishName.hold, .cancel, .priority] { try withdraw(name, for: id) }
    }

    private func wish(_ name: WishName, for id: JobID, _ text: String) throws {
        try makeFolder(wishesFolder)
        try replace(Data("\(text)\n".utf8), at: wishFile(id, name))
    }

    @discardableResult
    private func withdraw(_ name: WishName, for id: JobID) throws -> Bool {
        let file = wishFile(id, name)
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

    private func wishFile(_ id: JobID, _ name: WishName) -> URL {
        wishesFolder.appending(path: "\(id).\(name.rawValue)")
    }
}
