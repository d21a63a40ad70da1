import Spool

/// Receipts of stages that are done, as they were when they were last read.
///
/// A published receipt is never rewritten, so one of which the file is as it was need not be parsed again: a job of sixty stages
/// would cost hundreds of them at each look, time that the stages want. What it vouches for is looked at in each look.
struct KnownReceipts {
    private struct Place: Hashable {
        let job: JobID
        let stage: String
    }

    private struct Entry {
        let file: FileStatus
        let receipt: Receipt
    }

    /// Those that this look has found whole, and what earlier ones read.
    private var whole: [Place: Entry] = [:]
    private var read: [Place: Entry] = [:]

    /// Nothing is taken for whole any more.
    mutating func beginLook() {
        read.merge(whole) { $1 }
        whole = [:]
    }

    /// After a look that went through all jobs: what it did not ask for is forgotten.
    mutating func endLook() { read = whole }

    /// `Spool.publishedReceipt`.
    mutating func receipt(_ job: JobID, _ stage: String, _ spool: Spool) throws -> Receipt? {
        let place = Place(job: job, stage: stage)
        if let entry = whole[place] { return entry.receipt }
        // Before it is read: where the two are not of one file, the next look reads again.
        guard let file = FileStatus(spool.receiptFile(job, stage)) else { return nil }
        let known = read[place].flatMap { $0.file == file ? $0.receipt : nil }
        guard let receipt = try spool.publishedReceipt(job, stage, known: known) else { return nil }
        whole[place] = Entry(file: file, receipt: receipt)
        return receipt
    }
}
