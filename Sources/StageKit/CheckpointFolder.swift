import Basics
public import Foundation
import Glibc
import Synchronization

/// Saved states of a stage, from which a later attempt goes on.
///
/// A checkpoint is a folder `checkpoint/<number>-<name>` with whatever the stage wrote and `checkpoint.json` (format, number,
/// name, and size and SHA-256 of each member). It is written under another name, synced, and renamed: a torn or damaged one
/// is never taken. Numbers go on over attempts, so the highest is the newest.
public final class CheckpointFolder: Sendable {
    private let directory: URL
    private let watch: StageWatch?
    private let state: Mutex<(newest: URL?, number: Int)>

    /// - Parameters:
    ///   - directory: the attempt's `checkpoint` folder; made by the first save.
    ///   - resume: a checkpoint of an earlier attempt, as `newest(ofAttempts:)` gives it.
    public init(directory: URL, resume: URL?, watch: StageWatch? = nil) {
        self.directory = directory
        self.watch = watch
        let candidates = [resume, CheckpointFolder.newest(ofAttempts: [directory.deletingLastPathComponent()])]
        let valid = candidates.compactMap { $0 }.compactMap { url in
            CheckpointFolder.number(ofValid: url).map { (url: url, number: $0) }
        }
        let newest = valid.max { $0.number < $1.number }
        state = Mutex((newest?.url, newest?.number ?? 0))
    }

    /// The newest whole checkpoint of this attempt or an earlier one. Read only.
    public var resumeDirectory: URL? { state.withLock { $0.newest } }

    /// Saves a checkpoint: `write` fills the folder it is given. Once this returns, the checkpoint is on the disk and the
    /// attempt's older ones are gone.
    public func save(named name: String, _ write: (URL) throws -> Void) throws {
        let number = state.withLock { $0.number } + 1
        let digits = String(number)
        let title = String(repeating: "0", count: max(0, 6 - digits.count)) + digits + "-" + name
        let temporary = directory.appending(path: ".\(title).tmp")
        let final = directory.appending(path: title)
        try? FileManager.default.removeItem(at: temporary)
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
        do {
            try write(temporary)
            let members = try FolderMember.list(in: temporary)
            let record = Record(format: Record.current, number: number, name: name, members: members)
            try DurableFile.write(try JSON(encoding: record).prettyText, to: temporary.appending(path: Record.file))
            try FolderMember.sync(temporary)
            guard rename(temporary.path, final.path) == 0 else {
                throw Failure.system("rename", at: final.path, errno: errno)
            }
            try DurableFile.syncDirectory(directory)
            try DurableFile.syncDirectory(directory.deletingLastPathComponent())
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw error
        }
        state.withLock { $0 = (final, number) }
        for older in CheckpointFolder.folders(in: directory) where older.lastPathComponent != title {
            try? FileManager.default.removeItem(at: older)
        }
        watch?(.checkpoint(name: name))
    }

    /// The newest whole checkpoint among those of some attempts' folders; damaged ones are passed over.
    public static func newest(ofAttempts attempts: [URL]) -> URL? {
        let found = attempts.flatMap { folders(in: $0.appending(path: "checkpoint")) }
        let numbered = found.map { (url: $0, number: Int($0.lastPathComponent.prefix { $0.isNumber }) ?? 0) }
        for candidate in numbered.sorted(by: { $0.number > $1.number })
        where number(ofValid: candidate.url) != nil { return candidate.url }
        return nil
    }

    /// How many checkpoints some attempts' folders hold, damaged ones too.
    public static func count(ofAttempts attempts: [URL]) -> Int {
        attempts.reduce(0) { $0 + folders(in: $1.appending(path: "checkpoint")).count }
    }

    private struct Record: Codable {
        static let current = "jdnas-checkpoint/1"
        static let file = "checkpoint.json"
        var format: String
        var number: Int
        var name: String
        var members: [FolderMember]
    }

    /// The number of a checkpoint of which every member is there and unchanged.
    private static func number(ofValid url: URL) -> Int? {
        guard let data = try? Data(contentsOf: url.appending(path: Record.file)),
            let record = try? JSON(parsing: data).decode(Record.self), record.format == Record.current
        else { return nil }
        for member in record.members {
            guard let digest = try? Digest(ofFile: url.appending(path: member.path)), digest == member.sha256
            else { return nil }
        }
        return record.number
    }

    private static func folders(in directory: URL) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.map { directory.appending(path: $0) }
    }
}
