import Basics
import Foundation

extension Examination {
    /// Entries of the cache name receipts that are there.
    mutating func lookAtCache() {
        for name in names(in: spool.cache) {
            let url = spool.cache.appending(path: name)
            if let why = spool.danglingEntry(url) { note(.remark, path(url), why, repair: .remove(path(url))) }
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

    /// Wishes are for jobs that have not ended, but that one be tried again: that is for jobs that failed.
    mutating func lookAtWishes() {
        for name in names(in: spool.wishesFolder) {
            guard let (id, wish) = Spool.wish(named: name), !doubtful.contains(id) else { continue }
            // Read anew: only some tokens are read at a second look.
            let folder = (try? spool.find(id))??.folder
            if let folder, wish == .retry ? folder == .failed : !folder.isFinal { continue }
            let file = path(spool.wishesFolder.appending(path: name))
            let what =
                switch folder {
                case nil: "a wish for a job that is not here"
                case .some where wish == .retry: "a wish that a job be tried again that has not failed"
                case .some: "a wish for a job that has ended"
                }
            note(.remark, file, what, job: id, repair: .remove(file))
        }
        if spool.pauseWish != nil {
            note(.remark, "wishes/pause", "the spool is paused", remedy: "'jdnas resume' lets stages be started again")
        }
        if spool.isToDrain, spool.runner == nil {
            note(
                .remark, "wishes/drain", "a wish for a runner that has ended", repair: .remove(path(spool.drainFile)))
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
