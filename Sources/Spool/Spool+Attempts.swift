import Basics
public import Foundation

extension Spool {
    /// A stage's attempts, oldest first.
    public func attempts(_ id: JobID, _ stage: String) throws -> [AttemptFolder] {
        try files.list(stageFolder(id, stage).appending(path: "attempts")).compactMap { name in
            AttemptFolder.parse(name).map {
                AttemptFolder(spool: root, job: id, stage: stage, epoch: $0.epoch, number: $0.number)
            }
        }.sorted()
    }

    /// Makes the folder of the next attempt. Its name carries the token's epoch.
    public func newAttempt(_ token: Token, stage: String) throws -> AttemptFolder {
        let folder = stageFolder(token.id, stage)
        try makeFolder(folder)
        try makeFolder(folder.appending(path: "attempts"))
        let number = (try attempts(token.id, stage).last?.number ?? 0) + 1
        let attempt = AttemptFolder(spool: root, job: token.id, stage: stage, epoch: token.epoch, number: number)
        guard try files.makeFolder(attempt.url) else {
            throw Failure(
                "another runner is working on the stage '\(stage)'", at: attempt.url.path,
                remedy: "let one runner work on a spool", cause: .system)
        }
        try makeFolder(attempt.output)
        try makeFolder(attempt.checkpoint)
        try files.syncFolder(attempt.url.deletingLastPathComponent())
        return attempt
    }

    /// Publishes the receipt that an attempt left, after checking it and every member of the artifact. There is one
    /// receipt for a stage: where another attempt was first, that one's is returned and this one is orphaned. What is wrong
    /// with the result is a `Failure` with the cause `.defect`; other causes are the machine's.
    ///
    /// - Parameters:
    ///   - kind: what the stage makes; nil where that is not known.
    ///   - confirm: called when all is checked, which may take long; nothing is published if it throws.
    public func publishReceipt(
        of attempt: AttemptFolder, kind: String? = nil, confirm: () throws -> Void = {}
    ) throws -> Receipt {
        let receipt: Receipt
        do { receipt = try Receipt(reading: attempt.receipt) } catch let failure as Failure {
            throw Failure(failure.what, at: failure.place, remedy: failure.remedy, cause: .defect)
        }
        guard receipt.job == attempt.job, receipt.stage == attempt.stage, receipt.attempt == attempt.path else {
            throw Failure("the receipt is of another attempt", at: attempt.receipt.path, cause: .defect)
        }
        if let kind, let problem = receipt.contradiction(toKind: kind) {
            throw Failure(problem, at: attempt.receipt.path, cause: .defect)
        }
        if let problem = receipt.verify(in: attempt.output).first {
            throw Failure("the artifact does not fit its receipt: \(problem)", at: attempt.path, cause: .defect)
        }
        try confirm()
        let published = receiptFile(attempt.job, attempt.stage)
        if try !place(attempt.receipt, at: published) { return try Receipt(reading: published) }
        return receipt
    }

    /// The receipt of a stage that is done, if there is one and its artifact is all there (sizes; a stage that reads the
    /// artifact checks the digests).
    ///
    /// - Parameter known: the receipt as it was read before, of the file that is there now.
    public func publishedReceipt(_ id: JobID, _ stage: String, known: Receipt? = nil) throws -> Receipt? {
        let url = receiptFile(id, stage)
        guard files.exists(url) else { return nil }
        guard let receipt = try known ?? files.read(url).map({ try Receipt(parsing: $0, at: url.path) }) else {
            return nil
        }
        guard receipt.verify(in: output(of: receipt), contents: false).isEmpty else { return nil }
        return receipt
    }

    /// The folder of an artifact.
    public func output(of receipt: Receipt) -> URL {
        root.appending(path: receipt.attempt, directoryHint: .isDirectory).appending(
            path: "output", directoryHint: .isDirectory)
    }

    /// Takes a receipt that no longer holds out of the way, so that the stage runs again.
    public func setAsideReceipt(_ id: JobID, _ stage: String, because reason: String) throws {
        let url = receiptFile(id, stage)
        if files.exists(url) { try setAside(url, because: reason) }
    }

    /// The same for the receipt that an attempt left and that was never published.
    public func setAsideReceipt(of attempt: AttemptFolder, because reason: String) throws {
        if files.exists(attempt.receipt) { try setAside(attempt.receipt, because: reason) }
    }

    /// Gives a finished bundle its place in the outbox, with one rename. An older one, of an end before the job was tried again,
    /// is there until then.
    public func publishBundle(_ draft: URL, of id: JobID) throws { try move(draft, to: bundle(id)) }

    /// Where a job's bundle is built before `publishBundle`.
    public func bundleDraft() -> URL { draftFile("bundle.tar.zst") }

    /// Writes how an attempt's process ended.
    public func record(_ outcome: AttemptOutcome, of attempt: AttemptFolder) throws {
        try replace(SealedRecord.encode(outcome), at: attempt.outcome)
    }

    /// How an attempt's process ended; nil while it runs, or when the runner ended first.
    public func outcome(of attempt: AttemptFolder) -> AttemptOutcome? {
        guard let data = try? files.read(attempt.outcome) else { return nil }
        return try? SealedRecord.decode(AttemptOutcome.self, from: data, at: attempt.outcome.path)
    }

    /// Writes a file of the runner's into a job's work folder, durably.
    public func write(_ data: Data, to url: URL) throws { try replace(data, at: url) }

    /// The published receipt of a stage, once there is one.
    public func receiptFile(_ id: JobID, _ stage: String) -> URL {
        stageFolder(id, stage).appending(path: "receipt.json")
    }

    /// The highest epoch among the attempts of a job's stages.
    func lastEpoch(_ id: JobID) throws -> Int {
        var last = 0
        for stage in try files.list(workFolder(id))
        where FileStatus(workFolder(id).appending(path: stage))?.kind == .folder {
            last = max(last, try attempts(id, stage).map(\.epoch).max() ?? 0)
        }
        return last
    }
}
