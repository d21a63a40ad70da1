import Basics
import Foundation

extension Examination {
    /// Entries of the cache name receipts that are there.
    mutating func lookAtCache() {
        for name in names(in: spool.cache) {
            let url = spool.cache.appending(path: name)
            guard name.hasSuffix(".json"), Digest(hex: String(name.dropLast(5))) != nil else { continue }
            let data: Data
            do {
                guard let found = try spool.files.read(url) else { continue }
                data = found
            } catch {
                noteUnreadable(url, Examination.text(error))
                continue
            }
            guard let entry = try? JSON(parsing: data).decode(Spool.CacheEntry.self),
                entry.format == Spool.CacheEntry.format
            else {
                note(.remark, path(url), "the entry of the cache is damaged", repair: .remove(path(url)))
                continue
            }
            if (try? spool.publishedReceipt(entry.job, entry.stage)) ?? nil == nil {
                note(
                    .remark, path(url),
                    "the entry of the cache names a result that is not there: \(entry.job)/\(entry.stage)",
                    repair: .remove(path(url)))
            }
        }
    }

    /// What jobs took out of bundles is whole, and lies under the digest of its receipt.
    mutating func lookAtImports() {
        for name in names(in: spool.imports) where Digest(hex: name) != nil {
            let folder = spool.imports.appending(path: name, directoryHint: .isDirectory)
            if let problem = problem(ofImport: folder) {
                note(
                    .fault, path(folder), "what was taken out of a bundle is damaged: \(problem)",
                    repair: .removeFolder(path(folder)))
            }
        }
    }

    private func problem(ofImport folder: URL) -> String? {
        let file = folder.appending(path: "receipt.json")
        switch read(Receipt.self, at: file) {
        // Gone between two looks, or never whole.
        case .none: return FileStatus(folder) == nil ? nil : "it has no receipt"
        case .damaged(let why): return why
        // Not damaged, as far as one knows.
        case .unreadable: return nil
        case .whole(let receipt):
            guard let data = try? spool.files.read(file) else { return nil }
            if Digest(of: data).hex != folder.lastPathComponent { return "its receipt is another one" }
            return receipt.verify(in: folder.appending(path: "output"), contents: doctor.isDeep).first
        }
    }

    /// Wishes are for jobs that have not ended.
    mutating func lookAtWishes() {
        for name in names(in: spool.wishesFolder) {
            guard let id = Spool.jobOfWish(name), !doubtful.contains(id) else { continue }
            // Read anew: only some tokens are read at a second look.
            let found = try? spool.find(id)
            if let found, !found.folder.isFinal { continue }
            let file = path(spool.wishesFolder.appending(path: name))
            note(
                .remark, file, found == nil ? "a wish for a job that is not here" : "a wish for a job that has ended",
                job: id, repair: .remove(file))
        }
    }

    /// Drafts go when they are a day old.
    mutating func lookAtDrafts() {
        guard let serverTime else { return }
        for name in names(in: spool.temporary) {
            guard let status = FileStatus(spool.temporary.appending(path: name)), status.kind == .file,
                serverTime - status.modified > 86_400
            else { continue }
            note(.remark, "tmp/\(name)", "a draft that nobody has finished for more than a day", repair: .recover)
        }
    }
}
