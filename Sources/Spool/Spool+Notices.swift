import Basics
import Foundation

/// A program that is to be called because a job has ended: `notices/<job id>.<n>.json`.
public struct Notice: Codable, Sendable, Hashable {
    public static let format = "jdnas-notice/1"

    public var format = Notice.format
    public var id: JobID
    /// A job may have several: from its manifest, and from the runner.
    public var number: Int
    public var state: StateFolder
    public var reason: String?
    /// The program and its arguments.
    public var command: [String]
    /// The folder that it is called in.
    public var base: String

    public init(id: JobID, number: Int, state: StateFolder, reason: String?, command: [String], base: String) {
        self.id = id
        self.number = number
        self.state = state
        self.reason = reason
        self.command = command
        self.base = base
    }

    public var name: String { "\(id).\(number).json" }
}

extension Spool {
    /// Makes a notice durable; no harm if it is there already.
    public func post(_ notice: Notice) throws {
        try makeFolder(noticesFolder)
        _ = try place(SealedRecord.encode(notice), at: noticesFolder.appending(path: notice.name))
    }

    /// What is still to be told, of jobs that have ended. Damaged ones are left out.
    public func notices() throws -> [Notice] {
        guard files.exists(noticesFolder) else { return [] }
        return try files.list(noticesFolder).sorted().compactMap { name in
            let file = noticesFolder.appending(path: name)
            guard name.hasSuffix(".json"), let data = try files.read(file),
                let notice = try? SealedRecord.decode(Notice.self, from: data, at: file.path), notice.name == name,
                files.exists(tokenFile(notice.id, in: notice.state))
            else { return nil }
            return notice
        }
    }

    public func remove(_ notice: Notice) throws {
        try files.unlink(noticesFolder.appending(path: notice.name))
        try files.syncFolder(noticesFolder)
    }
}
