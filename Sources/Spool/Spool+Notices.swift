import Basics
import Foundation

/// A program that is to be called because a job has ended: `notices/<job id>.<epoch>-<n>.json`.
public struct Notice: Codable, Sendable, Hashable {
    public static let format = "jdnas-notice/1"

    public var format = Notice.format
    public var id: JobID
    /// The job's, when it ended: one that was tried again ends more than once.
    public var epoch: Int
    /// A job may have several: from its manifest, and from the runner.
    public var number: Int
    public var state: StateFolder
    public var reason: String?
    /// The program and its arguments.
    public var command: [String]
    /// The folder that it is called in.
    public var base: String

    public init(
        id: JobID, epoch: Int, number: Int, state: StateFolder, reason: String?, command: [String], base: String
    ) {
        self.id = id
        self.epoch = epoch
        self.number = number
        self.state = state
        self.reason = reason
        self.command = command
        self.base = base
    }

    public var name: String { "\(id).\(epoch)-\(number).json" }
}

extension Spool {
    /// Makes a notice durable; no harm if it is there already.
    public func post(_ notice: Notice) throws {
        try makeFolder(noticesFolder)
        _ = try place(SealedRecord.encode(notice), at: noticesFolder.appending(path: notice.name))
    }

    /// What is still to be told, of jobs that have ended. Damaged ones are left out.
    public func notices() throws -> [Notice] { try noticeNames().compactMap(notice) }

    /// The first of them, but for some by name.
    public func firstNotice(but told: Set<String>) throws -> Notice? {
        for name in try noticeNames() where !told.contains(name) {
            if let notice = try notice(name) { return notice }
        }
        return nil
    }

    private func noticeNames() throws -> [String] {
        files.exists(noticesFolder) ? try files.list(noticesFolder).filter { $0.hasSuffix(".json") }.sorted() : []
    }

    private func notice(_ name: String) throws -> Notice? {
        let file = noticesFolder.appending(path: name)
        guard let data = try files.read(file),
            let notice = try? SealedRecord.decode(Notice.self, from: data, at: file.path), notice.name == name,
            files.exists(tokenFile(notice.id, in: notice.state))
        else { return nil }
        return notice
    }

    /// Takes damaged notices out of the way, which can be told to nobody. Returns a line for each.
    func settleNotices() throws -> [String] {
        var notes: [String] = []
        for name in try noticeNames() {
            let file = noticesFolder.appending(path: name)
            // What cannot be read is not damaged.
            guard let data = (try? files.read(file)) ?? nil else { continue }
            let reason: String
            do {
                let notice = try SealedRecord.decode(Notice.self, from: data, at: file.path)
                if notice.name == name { continue }
                reason = "the notice is of another job, or of another end of it"
            } catch { reason = "\(error)" }
            try setAside(file, because: reason)
            notes.append("set aside a damaged notice: notices/\(name)")
        }
        return notes
    }

    /// Removes what was to be told of an end that does not hold any more: the job is tried again.
    public func forgetNotices(_ id: JobID) throws {
        let own = try noticeNames().filter { $0.hasPrefix("\(id).") }
        for name in own { try files.unlink(noticesFolder.appending(path: name)) }
        if !own.isEmpty { try files.syncFolder(noticesFolder) }
    }

    public func remove(_ notice: Notice) throws {
        try files.unlink(noticesFolder.appending(path: notice.name))
        try files.syncFolder(noticesFolder)
    }
}
