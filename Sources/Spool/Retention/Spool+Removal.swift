import Basics
import Foundation

extension Spool {
    /// The token of a job that is being removed. While it lies here, whoever finds it goes on with the removal.
    func removalRecord(_ id: JobID) -> URL { workFolder(id).appending(path: "removed.json") }

    /// Removes a job that has ended, and its bundle if that is wanted. One rename makes the job go: its token moves into its
    /// work folder. False if somebody wants the job to be tried again, or it is not there.
    func remove(_ id: JobID, from folder: StateFolder, withBundle: Bool) throws -> Bool {
        let token = tokenFile(id, in: folder)
        guard folder.isFinal, files.exists(token), wishes(for: id).retry == nil else { return false }
        // First: as long as the job is there, it is known that its bundle is to go too.
        if withBundle {
            try files.unlink(bundle(id))
            try files.syncFolder(outbox)
        }
        guard files.exists(workFolder(id)) else {
            try files.unlink(token)
            try files.syncFolder(self.folder(folder))
            return true
        }
        do { try move(token, to: removalRecord(id)) } catch
            where !files.exists(token) && !files.exists(removalRecord(id))
        {
            // A runner was quicker and has put it back into the queue.
            return false
        }
        if wishes(for: id).retry != nil {
            // Asked for in this very moment: it stays.
            try move(removalRecord(id), to: token)
            return false
        }
        try finishRemoval(id)
        return true
    }

    /// Removes what is left of a job whose token has gone into its work folder.
    func finishRemoval(_ id: JobID) throws {
        let folder = workFolder(id)
        // From the record the job could be rebuilt.
        try files.unlink(recordFile(id))
        try files.syncFolder(folder)
        for name in try files.list(folder) where name != removalRecord(id).lastPathComponent {
            let url = folder.appending(path: name)
            if FileStatus(url)?.kind == .folder { try files.removeFolder(url) } else { try files.unlink(url) }
        }
        try forgetWishes(id)
        try withdrawRetry(id)
        let rejected = self.folder(.rejected)
        for name in ["\(id).yaml", "\(id).diagnostics.txt"] where files.exists(rejected.appending(path: name)) {
            try files.unlink(rejected.appending(path: name))
            try files.syncFolder(rejected)
        }
        try files.removeFolder(folder)
        try files.syncFolder(work)
    }

    /// Goes on with removals that were interrupted; a line for each.
    func finishRemovals() throws -> [String] {
        var notes: [String] = []
        for id in try files.list(work).compactMap({ JobID($0) }) where files.exists(removalRecord(id)) {
            if hasToken(id) {
                // It came back while it was being removed; what it lacks, the runner makes again or misses.
                try files.unlink(removalRecord(id))
                continue
            }
            try finishRemoval(id)
            notes.append("removed the rest of \(id)")
        }
        return notes
    }
}
