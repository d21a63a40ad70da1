import Basics
import Foundation

extension Doctor {
    /// Finds a whole receipt for a stage, or sees to it that nobody takes the stage for done.
    func mendReceipt(_ id: JobID, _ stage: String) throws -> [String] {
        guard let (folder, token) = try spool.find(id) else { return [] }
        let url = spool.receiptFile(id, stage)
        if let receipt = try? Receipt(reading: url), let attempt = spool.attempt(of: receipt, id, stage),
            spool.wrongKind(of: receipt, for: stage, of: id) == nil, receipt.verify(in: attempt.output).isEmpty
        {
            // Only the attempt's own name for it is missing.
            guard !spool.files.exists(attempt.receipt) else { return [] }
            _ = try spool.place(url, at: attempt.receipt)
            return ["\(id): gave the attempt \(attempt.name) of \(stage) its receipt back"]
        }
        var lines: [String] = []
        if spool.files.exists(url) {
            try spool.setAsideReceipt(id, stage, because: "damaged, or its result is")
            lines.append("\(id): moved the receipt of \(stage) to aside/")
        }
        if let line = try publishAgain(id, stage) { return lines + [line] }
        guard folder == .done else { return lines }
        // What it was done with is in its bundle; what it left for other jobs is not there any more.
        _ = try spool.move(
            token, from: folder,
            to: .failed(
                reason: "\(stage): its result was damaged after the job was done; 'jdnas retry' makes it again",
                stage: stage, finished: .now, bundle: spool.bundle(id).lastPathComponent))
        return lines + ["\(id): counts as failed, for the result of \(stage) is damaged"]
    }

    /// Publishes what an attempt has left, or the receipt that the bundle holds; nil where neither fits a result.
    private func publishAgain(_ id: JobID, _ stage: String) throws -> String? {
        for attempt in try spool.attempts(id, stage).reversed() where spool.files.exists(attempt.receipt) {
            if try publish(attempt) {
                return "\(id): published the receipt of \(stage), attempt \(attempt.name), again"
            }
        }
        guard let data = bundles.member(spool.bundle(id), "receipts/\(stage).json"),
            let receipt = try? Receipt(parsing: data, at: spool.bundle(id).path),
            let attempt = spool.attempt(of: receipt, id, stage), receipt.verify(in: attempt.output).isEmpty,
            try spool.place(data, at: attempt.receipt), try publish(attempt)
        else { return nil }
        return "\(id): took the receipt of \(stage) out of the bundle"
    }

    private func publish(_ attempt: AttemptFolder) throws -> Bool {
        let kind = spool.kind(madeBy: attempt.stage, of: attempt.job)
        do { _ = try spool.publishReceipt(of: attempt, kind: kind) } catch let failure as Failure
            where failure.cause == .defect
        {
            try spool.setAsideReceipt(of: attempt, because: failure.description)
            return false
        }
        return true
    }
}
