import Basics
public import Foundation

/// What makes a job: written into its work folder when it is accepted, so that a lost or damaged token can be rebuilt.
struct JobRecord: Codable, Sendable, Hashable {
    var format = "jdnas-job/1"
    var id: JobID
    var base: String
    var submitted: Timestamp
    var manifestDigest: Digest
    var source: String
    var key: String?
    var environment: [String: String]?
    /// What the manifest says; nil for 0.
    var priority: Int?
    /// Of `resolved.json` as it was when the job was accepted; nil in jobs of earlier versions.
    var resolvedDigest: Digest?
    /// Whether the manifest was dropped into the inbox; then the job exists once `dropped.yaml` is in the work folder.
    var dropped: Bool
}

extension Spool {
    /// The bytes of a dropped manifest; nil if it has gone.
    public func contents(of drop: Drop) throws -> Data? { try files.read(drop.url) }

    /// The bytes of an accepted or submitted manifest, checked against the token. A `Failure` with the cause `.input` says
    /// that they are not those that were handed in, `.system` that they cannot be read.
    public func manifestData(of token: Token) throws -> Data {
        guard let data = try files.read(manifest(token.id)), Digest(of: data) == token.manifestDigest else {
            throw Failure(
                "the manifest is missing or was changed after it was handed in", at: manifest(token.id).path,
                remedy: "submit the job again; leave the files in work/ alone")
        }
        return data
    }

    /// The bytes of an accepted job's `resolved.json`; nil if they are gone, or not those that were accepted.
    public func resolvedData(of id: JobID) throws -> Data? {
        guard let data = try files.read(resolved(id)), try isAccepted(data, for: id) else { return nil }
        return data
    }

    /// Whether this is what a job was resolved to when it was accepted. True where that is not known: in jobs of earlier
    /// versions, and where the record is damaged.
    public func isAccepted(_ resolved: Data, for id: JobID) throws -> Bool {
        guard let digest = try record(of: id)?.resolvedDigest else { return true }
        return Digest(of: resolved) == digest
    }

    /// Nil where it is not there, or damaged.
    func record(of id: JobID) throws -> JobRecord? {
        guard let data = try files.read(recordFile(id)) else { return nil }
        return try? SealedRecord.decode(JobRecord.self, from: data, at: recordFile(id).path)
    }

    /// Makes a dropped manifest a queued job. The user's file itself moves, with one rename, into the work folder: there
    /// is never a moment with two jobs or none. Nil if the file is not the one that was read (`manifest`) any more.
    ///
    /// - Parameters:
    ///   - job: the job's name.
    ///   - base: the folder that relative paths in the manifest refer to.
    ///   - key: the job's key, if it has one.
    ///   - priority: what it begins with, if its manifest says so.
    ///   - resolved: the contents of `resolved.json`.
    public func accept(
        _ drop: Drop, manifest data: Data, job: String, base: String, key: String? = nil, priority: Int? = nil,
        resolved: Data
    ) throws -> Token? {
        let moment = try nextMoment()
        let id = try reserve(job: job, at: moment)
        let record = JobRecord(
            id: id, base: base, submitted: moment, manifestDigest: Digest(of: data), source: drop.name,
            key: key, priority: priority, resolvedDigest: Digest(of: resolved), dropped: true)
        do {
            try replace(data, at: manifest(id))
            try replace(resolved, at: self.resolved(id))
            try replace(SealedRecord.encode(record), at: recordFile(id))
            try move(drop.url, to: droppedFile(id))
        } catch {
            // Not claimed: the file is in the inbox still, or the user took it back. Else it goes on below or after a restart.
            if !files.exists(droppedFile(id)) { try? discard(id) }
            if files.exists(drop.url) || files.exists(droppedFile(id)) { throw error }
        }
        return try finishAccepting(record)
    }

    /// Makes a submission a queued job.
    ///
    /// - Parameter priority: what it begins with, if its manifest says so and nobody wanted another.
    public func accept(_ submission: Token, priority: Int? = nil, resolved: Data) throws -> Token {
        try replace(resolved, at: self.resolved(submission.id))
        let record = JobRecord(
            id: submission.id, base: submission.base, submitted: submission.submitted,
            manifestDigest: submission.manifestDigest, source: submission.source, key: submission.key,
            environment: submission.environment, priority: priority,
            resolvedDigest: Digest(of: resolved), dropped: false)
        try replace(SealedRecord.encode(record), at: recordFile(submission.id))
        try beginPriority(record)
        return try move(submission, from: .inbox, to: .queued(accepted: .now))
    }

    /// Moves a dropped file to `rejected/`, with the diagnostics beside it.
    public func reject(_ drop: Drop, diagnostics: String) throws {
        let text = Data(diagnostics.utf8)
        let (file, explanation) = try namesInRejected(for: drop, diagnostics: text)
        try replace(text, at: explanation)
        do { try move(drop.url, to: file) } catch  where !files.exists(drop.url) {
            // The user took it back.
        }
    }

    /// Two names in `rejected/` that go together and are nobody else's. Diagnostics of the very same text are what a crash
    /// left of this rejection, and are used again.
    private func namesInRejected(for drop: Drop, diagnostics: Data) throws -> (file: URL, explanation: URL) {
        let whole = Spool.stem(drop.name)
        let ending = drop.name.dropFirst(whole.count)
        let stem = Spool.shortened(whole)
        var name = stem
        var count = 1
        while true {
            let file = folder(.rejected).appending(path: name + ending)
            let explanation = folder(.rejected).appending(path: "\(name).diagnostics.txt")
            if !files.exists(file), try files.read(explanation).map({ $0 == diagnostics }) ?? true {
                return (file, explanation)
            }
            count += 1
            name = "\(stem)-\(count)"
        }
    }

    /// A beginning of a name that leaves room for `-2.diagnostics.txt` within the 255 bytes of a file's name.
    private static func shortened(_ stem: String) -> String {
        var short = stem
        while short.utf8.count > 200 { short.removeLast() }
        return short
    }

    /// Moves a submission to `rejected/`, with a copy of its manifest and the diagnostics beside it.
    public func reject(_ submission: Token, diagnostics: String) throws {
        let rejected = folder(.rejected)
        if let data = try files.read(manifest(submission.id)) {
            try replace(data, at: rejected.appending(path: "\(submission.id).yaml"))
        }
        try replace(Data(diagnostics.utf8), at: rejected.appending(path: "\(submission.id).diagnostics.txt"))
        let reason = diagnostics.split(separator: "\n").first.map(String.init) ?? "the manifest was refused"
        _ = try move(submission, from: .inbox, to: .rejected(reason: reason))
        try forgetWishes(submission.id)
    }

    /// Completes the intake of a drop from whatever point it had reached; nil if there is no job to be made of it.
    func finishAccepting(_ record: JobRecord) throws -> Token? {
        let dropped = droppedFile(record.id)
        guard let data = try files.read(dropped) else {
            // Never claimed: the file is still in the inbox, or the user took it back.
            try discard(record.id)
            return nil
        }
        guard Digest(of: data) == record.manifestDigest else {
            // Changed after we had read it. Back with it, to be looked at again.
            try giveBack(dropped, named: record.source)
            try discard(record.id)
            return nil
        }
        try beginPriority(record)
        return try restoreToken(record)
    }

    /// Publishes the token of an accepted job that has none.
    func restoreToken(_ record: JobRecord) throws -> Token {
        let token = Token(
            id: record.id, base: record.base, submitted: record.submitted, manifestDigest: record.manifestDigest,
            source: record.source, key: record.key, environment: record.environment ?? [:],
            epoch: try lastEpoch(record.id),
            state: .queued(accepted: .now))
        _ = try place(SealedRecord.encode(token), at: tokenFile(record.id, in: .queued))
        return token
    }

    func recordFile(_ id: JobID) -> URL { workFolder(id).appending(path: "job.json") }
    func droppedFile(_ id: JobID) -> URL { workFolder(id).appending(path: "dropped.yaml") }

    /// Puts a user's file back into the inbox under its name, or a similar one if that is taken.
    private func giveBack(_ file: URL, named name: String) throws {
        var target = folder(.inbox).appending(path: name)
        var count = 1
        while try !place(file, at: target) {
            count += 1
            target = folder(.inbox).appending(path: "\(Spool.shortened(Spool.stem(name)))-\(count).yaml")
        }
        try files.unlink(file)
        try files.syncFolder(file.deletingLastPathComponent())
    }

    /// Removes the work folder of a job that never came to be. The record goes first: without it the rest means nothing.
    private func discard(_ id: JobID) throws {
        try files.unlink(recordFile(id))
        try files.syncFolder(workFolder(id))
        try files.removeFolder(workFolder(id))
        try files.syncFolder(work)
    }
}
