import Basics
import Foundation
import Glibc

/// The right to move jobs in a spool: one process at a time has it, and `spool/lock` says which.
///
/// The file holds the owner and is touched at every heartbeat. A dead owner on this machine is replaced; one on another
/// machine only by `takeOver`, and not while its heart beats by the file server's clock.
public final class SchedulerLock: Sendable {
    private struct Record: Codable {
        var format = "jdnas-lock/1"
        var owner: Owner
        var since: Timestamp
        var nonce: String
    }

    /// A foreign owner whose lock was touched within this many seconds is alive.
    static let heartbeatLimit = 60.0

    public let owner: Owner
    private let spool: Spool
    private let nonce: String

    private init(spool: Spool, owner: Owner, nonce: String) {
        self.spool = spool
        self.owner = owner
        self.nonce = nonce
    }

    /// Takes the lock, or says who has it.
    public static func acquire(_ spool: Spool, takeOver: Bool = false, owner: Owner = .current) throws -> SchedulerLock
    {
        // Keeps two starting runners of one machine from removing a dead owner's lock at the same time. Over NFS it may
        // do nothing; the check of what was removed (`remove`) still holds.
        let guardFile = open(spool.marker.path, O_RDONLY | O_CLOEXEC)
        guard guardFile >= 0 else { throw Failure.system("open", at: spool.marker.path, errno: errno) }
        defer { close(guardFile) }
        flock(guardFile, LOCK_EX)

        let record = Record(owner: owner, since: .now, nonce: String(UInt64.random(in: 0...(.max)), radix: 16))
        for _ in 0..<8 {
            if try spool.place(SealedRecord.encode(record), at: spool.lockFile) {
                return SchedulerLock(spool: spool, owner: owner, nonce: record.nonce)
            }
            guard let data = try spool.files.read(spool.lockFile) else { continue }
            try judge(data, spool: spool, takeOver: takeOver)
            try remove(data, spool: spool)
        }
        throw Failure("other runners are starting here too", at: spool.root.path, remedy: "start one", cause: .system)
    }

    /// Shows that the owner lives. Throws when the lock is not ours any more: then nothing may be moved.
    public func beat() throws {
        guard try isOurs() else {
            throw Failure(
                "another runner has taken over this spool", at: spool.lockFile.path,
                remedy: "let one runner work on a spool", cause: .system)
        }
        // NULL times: the file server's clock (utimensat(2)).
        utimensat(AT_FDCWD, spool.lockFile.path, nil, 0)
    }

    /// Gives the lock back.
    public func release() {
        if (try? isOurs()) == true { try? spool.files.unlink(spool.lockFile) }
    }

    /// Who has the lock of a spool and is not known to be dead.
    static func holder(_ spool: Spool) -> Spool.RunnerSigns? {
        guard let data = try? spool.files.read(spool.lockFile),
            let record = try? SealedRecord.decode(Record.self, from: data, at: spool.lockFile.path)
        else { return nil }
        return record.owner.isAlive == false ? nil : .init(owner: record.owner, since: record.since)
    }

    /// What lies at the lock's place.
    enum State {
        case free
        /// Nobody can read whose it is. Seconds since it was touched, by the file server's clock.
        case damaged(silence: Double)
        /// `isAlive` is nil where that can't be seen from here.
        case held(Owner, since: Timestamp, isAlive: Bool?, silence: Double)
    }

    static func state(of spool: Spool) throws -> State {
        guard let data = try spool.files.read(spool.lockFile) else { return .free }
        let silence = try spool.serverTime() - (FileStatus(spool.lockFile)?.modified ?? 0)
        guard let record = try? SealedRecord.decode(Record.self, from: data, at: spool.lockFile.path) else {
            return .damaged(silence: silence)
        }
        return .held(record.owner, since: record.since, isAlive: record.owner.isAlive, silence: silence)
    }

    private func isOurs() throws -> Bool {
        guard let data = try spool.files.read(spool.lockFile) else { return false }
        return (try? SealedRecord.decode(Record.self, from: data, at: spool.lockFile.path))?.nonce == nonce
    }

    /// Returns if the lock may be replaced; throws, naming the owner, if not.
    private static func judge(_ data: Data, spool: Spool, takeOver: Bool) throws {
        let place = spool.lockFile.path
        guard let record = try? SealedRecord.decode(Record.self, from: data, at: place) else {
            // Locks appear whole, by link: what can't be read was damaged, and its owner is unknown.
            if takeOver { return }
            throw Failure(
                "the lock is damaged, so its owner is unknown", at: place,
                remedy: "if no runner works on this spool, start one with --take-over", cause: .system)
        }
        let text = "\(record.owner) (since \(record.since))"
        switch record.owner.isAlive {
        case false?: return
        case true?:
            throw Failure(
                "a runner works on this spool already: \(text)", at: place,
                remedy: "stop that one first: kill \(record.owner.pid)", cause: .system)
        case nil:
            let age = try spool.serverTime() - (FileStatus(spool.lockFile)?.modified ?? 0)
            if age > heartbeatLimit, takeOver { return }
            throw Failure(
                age > heartbeatLimit
                    ? "a runner on another machine has this spool and has not been heard of for \(spanText(seconds: age)): \(text)"
                    : "a runner on another machine works on this spool: \(text)",
                at: place,
                remedy: age > heartbeatLimit
                    ? "if that machine is dead, start with --take-over"
                    : "stop that one first; --take-over is possible \(spanText(seconds: heartbeatLimit)) after its last sign of life",
                cause: .system)
        }
    }

    /// Removes a dead owner's lock: renamed away first, then checked that it was that one and not a new one.
    private static func remove(_ expected: Data, spool: Spool) throws {
        let removed = spool.draftFile("lock")
        do { try spool.files.rename(spool.lockFile, to: removed) } catch  where !spool.files.exists(spool.lockFile) {
            return
        }
        if try spool.files.read(removed) != expected { _ = try spool.files.link(removed, to: spool.lockFile) }
        try spool.files.unlink(removed)
    }
}

extension Spool {
    /// A runner, by its lock.
    public struct RunnerSigns: Sendable, Hashable {
        public var owner: Owner
        public var since: Timestamp

        public init(owner: Owner, since: Timestamp) {
            self.owner = owner
            self.since = since
        }
    }

    /// The runner that works here, as far as one can see.
    public var runner: Owner? { SchedulerLock.holder(self)?.owner }

    /// The same, with the time of its start.
    public var runnerSigns: RunnerSigns? { SchedulerLock.holder(self) }
}
