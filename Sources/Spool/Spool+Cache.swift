public import Basics
public import Foundation

/// Results that can be used again, in whatever job: `cache/<key>.json` names a stage that has the result of this cache key
/// (StageKit's `StageRequest.cacheKey`). It is a hint only: whatever it names is checked, and an entry that does not hold is as
/// good as none.
extension Spool {
    struct CacheEntry: Codable {
        static let format = "jdnas-cache/1"
        var format = CacheEntry.format
        /// The job's id.
        var job: JobID
        var stage: String
    }

    /// Where the entry of a key lies.
    public func cacheFile(_ key: Digest) -> URL { cache.appending(path: "\(key.hex).json") }

    /// Lets later jobs find a published result. The latest one is named: older jobs are removed sooner.
    public func remember(_ receipt: Receipt, as key: Digest) throws {
        let entry = CacheEntry(job: receipt.job, stage: receipt.stage)
        try replace(Data(JSON(encoding: entry).prettyText.utf8), at: cacheFile(key))
    }

    /// Forgets a result that does not hold any more.
    public func forget(_ key: Digest) throws { try files.unlink(cacheFile(key)) }

    /// The published result of a cache key, if there is one with this key of its request and all of it is there (by sizes).
    public func remembered(_ cacheKey: Digest, key: Digest) -> Receipt? {
        let file = cacheFile(cacheKey)
        guard let data = try? files.read(file),
            let entry = try? JSON(parsing: data, at: file.path).decode(CacheEntry.self, at: file.path),
            entry.format == CacheEntry.format,
            let receipt = try? publishedReceipt(entry.job, entry.stage), receipt.key == key
        else { return nil }
        return receipt
    }

    /// Why an entry is of no use; nil if it is of use, cannot be read, or is none.
    ///
    /// - Parameter gone: jobs that count as removed.
    func danglingEntry(_ file: URL, without gone: Set<JobID> = []) -> String? {
        let name = file.lastPathComponent
        guard name.hasSuffix(".json"), Digest(hex: String(name.dropLast(5))) != nil,
            let data = (try? files.read(file)) ?? nil
        else { return nil }
        guard let entry = try? JSON(parsing: data).decode(CacheEntry.self), entry.format == CacheEntry.format else {
            return "the entry of the cache is damaged"
        }
        if !gone.contains(entry.job) {
            // What cannot be read may be whole.
            do { _ = try files.read(receiptFile(entry.job, entry.stage)) } catch { return nil }
            if (try? publishedReceipt(entry.job, entry.stage)) ?? nil != nil { return nil }
        }
        return "the entry of the cache names a result that is not there: \(entry.job)/\(entry.stage)"
    }

    /// Makes an earlier result an attempt's own: its files get second names there (copies where the file system has none),
    /// so that either job may be removed. The receipt comes last, as a stage would write it; nothing is published yet.
    ///
    /// - Parameter inputs: as this job names them.
    public func adopt(_ earlier: Receipt, as attempt: AttemptFolder, inputs: [Receipt.Input]) throws {
        let source = output(of: earlier)
        var folders: Set<String> = []
        for member in earlier.members {
            let target = attempt.output.appending(path: member.path)
            try makeFolder(target.deletingLastPathComponent(), parents: true)
            folders.insert(target.deletingLastPathComponent().path)
            try double(source.appending(path: member.path), at: target)
        }
        for folder in folders.sorted() { try files.syncFolder(URL(filePath: folder, directoryHint: .isDirectory)) }
        var receipt = earlier
        receipt.job = attempt.job
        receipt.attempt = attempt.path
        receipt.created = .now
        receipt.inputs = inputs
        try replace(Data("taken from \(earlier.attempt)\n".utf8), at: attempt.log)
        try replace(receipt.sealed(), at: attempt.receipt)
    }

    private func double(_ file: URL, at target: URL) throws {
        do {
            if try files.link(file, to: target) { return }
        } catch let failure as Failure where failure.cause == .system {
            // Over NFS a link can succeed and still report an error (link(2)): look. Else it is a file system without links,
            // or with too many of this file's (EPERM, EXDEV, EMLINK).
            if let made = FileStatus(target), made.inode == FileStatus(file)?.inode { return }
        }
        do { try FileManager.default.copyItem(at: file, to: target) } catch {
            throw Failure(
                "an earlier result cannot be copied: \(error.localizedDescription)", at: target.path,
                remedy: "check permissions and the room on the disk", cause: .system)
        }
        try files.sync(target)
    }

    /// Removes what an attempt has put into its `output/`.
    public func clear(_ attempt: AttemptFolder) throws { try files.removeFolder(attempt.output) }
}
