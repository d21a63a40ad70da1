import Basics
import Foundation

extension Examination {
    /// The stages of a job: what has a folder, and, of a job that is done, all of them.
    mutating func lookAtStages(_ token: Token, in folder: StateFolder) {
        let id = token.id
        let present = names(in: spool.workFolder(id), job: id).filter {
            FileStatus(spool.stageFolder(id, $0))?.kind == .folder && isLegalName($0)
        }
        var lastEpoch = 0
        for stage in present {
            lookAtPublishedReceipt(id, stage)
            lastEpoch = max(lastEpoch, lookAtAttempts(id, stage))
        }
        if lastEpoch > token.epoch {
            note(
                .fault, path(spool.tokenFile(id, in: folder)),
                "an attempt is of claim \(lastEpoch), and the token knows of \(token.epoch)", job: id,
                repair: .token(id))
        }
        guard folder == .done else { return }
        for stage in spool.stageNames(id) where !spool.files.exists(spool.receiptFile(id, stage)) {
            note(
                .fault, path(spool.receiptFile(id, stage)), "the job is done, and this stage has no receipt", job: id,
                repair: .receipt(id, stage: stage))
        }
    }

    private mutating func lookAtPublishedReceipt(_ id: JobID, _ stage: String) {
        let url = spool.receiptFile(id, stage)
        func tell(_ what: String) {
            note(.fault, path(url), what, job: id, repair: .receipt(id, stage: stage))
        }
        switch read(Receipt.self, at: url) {
        case .none: return
        case .damaged(let why): tell("the receipt is damaged: \(why)")
        case .unreadable(let why): noteUnreadable(url, why, job: id)
        case .whole(let receipt):
            guard let attempt = spool.attempt(of: receipt, id, stage) else {
                return tell("the receipt is of another stage or job")
            }
            if let problem = spool.wrongKind(of: receipt, for: stage, of: id) { return tell(problem) }
            if let problem = receipt.verify(in: attempt.output, contents: doctor.isDeep).first {
                return tell("the result does not fit its receipt: \(problem)")
            }
            guard let own = try? spool.files.read(attempt.receipt), own == (try? spool.files.read(url)) else {
                // One of the two may not be readable just now: that is told where it matters.
                if FileStatus(attempt.receipt) == nil { tell("its attempt \(attempt.name) has no such receipt") }
                return
            }
        }
    }

    /// Returns the highest epoch.
    private mutating func lookAtAttempts(_ id: JobID, _ stage: String) -> Int {
        let folder = spool.stageFolder(id, stage).appending(path: "attempts", directoryHint: .isDirectory)
        var epochs: [Int] = []
        for name in names(in: folder, job: id) {
            guard let (epoch, number) = AttemptFolder.parse(name) else {
                note(
                    .remark, path(folder.appending(path: name)), "this is no attempt, and nobody looks at it", job: id,
                    repair: .setAside(path(folder.appending(path: name))))
                continue
            }
            epochs.append(epoch)
            lookAt(AttemptFolder(spool: spool.root, job: id, stage: stage, epoch: epoch, number: number))
        }
        return epochs.max() ?? 0
    }

    private mutating func lookAt(_ attempt: AttemptFolder) {
        switch read(AttemptOutcome.self, at: attempt.outcome) {
        case .none, .whole: break
        case .damaged(let why):
            let file = path(attempt.outcome)
            note(
                .fault, file, "the attempt's outcome is damaged: \(why)", job: attempt.job, repair: .setAside(file))
        case .unreadable(let why): noteUnreadable(attempt.outcome, why, job: attempt.job)
        }
        let file = path(attempt.receipt)
        switch read(Receipt.self, at: attempt.receipt) {
        case .none: break
        case .unreadable(let why): noteUnreadable(attempt.receipt, why, job: attempt.job)
        case .damaged(let why):
            // The published one is the same file: mended with that.
            if isPublished(attempt.receipt, attempt) { return }
            note(.fault, file, "the attempt's receipt is damaged: \(why)", job: attempt.job, repair: .setAside(file))
        case .whole(let receipt):
            if receipt.attempt == attempt.path, spool.attempt(of: receipt, attempt.job, attempt.stage) != nil { return }
            note(.fault, file, "the receipt is of another attempt", job: attempt.job, repair: .setAside(file))
        }
    }

    private func isPublished(_ receipt: URL, _ attempt: AttemptFolder) -> Bool {
        let published = FileStatus(spool.receiptFile(attempt.job, attempt.stage))
        return published != nil && published?.inode == FileStatus(receipt)?.inode
    }
}

extension Spool {
    /// The attempt that a receipt speaks of, if it is one of this stage.
    func attempt(of receipt: Receipt, _ id: JobID, _ stage: String) -> AttemptFolder? {
        guard receipt.format == Receipt.format, receipt.job == id, receipt.stage == stage,
            let attempt = AttemptFolder(at: root.appending(path: receipt.attempt)), attempt.path == receipt.attempt,
            attempt.job == id, attempt.stage == stage
        else { return nil }
        return AttemptFolder(spool: root, job: id, stage: stage, epoch: attempt.epoch, number: attempt.number)
    }
}
