import Basics
import Foundation

extension Spool {
    /// Puts right what a crash left, under the scheduler's lock. It may itself be killed at any moment and run again.
    /// Returns one line for each thing that it did.
    ///
    /// 1. A token in two states: the later one stays.
    /// 2. A torn token is set aside with a reason, and so is a torn notice.
    /// 3. An accepted job without a token gets one; a drop that was never claimed stays in the inbox.
    /// 4. A job whose removal was interrupted goes.
    /// 5. Drafts in `tmp/`, and work folders of submissions that failed half-way, go when they are a day old.
    ///
    /// Jobs in `running/` are left to the runner: it claims them anew.
    public func recover() throws -> [String] {
        var notes = try settleTokens()
        notes += try finishRemovals()
        notes += try restoreTokens()
        notes += try settleNotices()
        return notes + (try sweep())
    }

    private func settleTokens() throws -> [String] {
        var notes: [String] = []
        var settled: Set<JobID> = []
        // From the latest state to the earliest.
        for folder in StateFolder.allCases.sorted().reversed() {
            for id in try tokenIDs(in: folder) {
                let url = tokenFile(id, in: folder)
                do {
                    guard try token(id, in: folder) != nil else { continue }
                } catch let failure as Failure {
                    guard files.exists(url) else { throw failure }
                    // A disk that does not answer, or somebody else's file: what cannot be read is not damaged.
                    if (try? files.read(url)) == nil {
                        // The runner speaks of what it cannot read in the inbox when it looks there.
                        if folder != .inbox { notes.append("cannot read \(folder.rawValue)/\(id).json: left as it is") }
                        continue
                    }
                    try setAside(url, because: failure.description)
                    notes.append("set aside a damaged token: \(folder.rawValue)/\(id).json (\(failure.what))")
                    continue
                }
                if !settled.insert(id).inserted {
                    try files.unlink(url)
                    try files.syncFolder(self.folder(folder))
                    notes.append("removed an older token of \(id) from \(folder.rawValue)/")
                }
            }
        }
        return notes
    }

    private func restoreTokens() throws -> [String] {
        var notes: [String] = []
        for id in try files.list(work).compactMap({ JobID($0) }) where !hasToken(id) {
            let record: JobRecord
            do {
                guard let data = try files.read(recordFile(id)) else { continue }
                do { record = try SealedRecord.decode(JobRecord.self, from: data, at: recordFile(id).path) } catch {
                    try setAside(recordFile(id), because: "\(error)")
                    notes.append("set aside a damaged job record: work/\(id)/job.json")
                    continue
                }
            } catch {
                guard files.exists(recordFile(id)) else { throw error }
                notes.append("cannot read work/\(id)/job.json: the job has no token and gets none now")
                continue
            }
            // A job that has begun is one, whatever has become of the file that was dropped.
            if record.dropped, try lastEpoch(id) == 0 {
                if try finishAccepting(record) != nil { notes.append("took in \(record.source) as \(id)") }
            } else {
                _ = try restoreToken(record)
                notes.append("rebuilt the token of \(id)")
            }
        }
        return notes
    }

    /// Whether there is a token, readable or not. In the order in which tokens move.
    func hasToken(_ id: JobID) -> Bool {
        StateFolder.allCases.sorted().contains { files.exists(tokenFile(id, in: $0)) }
    }

    private func sweep() throws -> [String] {
        var notes: [String] = []
        let now = try serverTime()
        for name in try files.list(temporary) {
            let url = temporary.appending(path: name)
            if let status = FileStatus(url), status.kind == .file, now - status.modified > 86_400 {
                try files.unlink(url)
                notes.append("removed tmp/\(name), a draft of more than a day ago")
            }
        }
        for id in try files.list(work).compactMap({ JobID($0) }) {
            let folder = workFolder(id)
            guard let status = FileStatus(folder), now - status.modified > 86_400, !hasToken(id) else { continue }
            let contents = try files.list(folder)
            if contents.allSatisfy({ $0 == "manifest.yaml" || $0 == "resolved.json" }) {
                try forgetWishes(id)
                try files.removeFolder(folder)
                notes.append("removed work/\(id), the beginning of a submission that came to nothing")
            }
        }
        return notes
    }

    /// The time by the clock of the file server, from a file that was written just now.
    func serverTime() throws -> Double {
        let probe = draftFile("clock")
        try files.create(Data(), at: probe)
        defer { try? files.unlink(probe) }
        guard let status = FileStatus(probe) else {
            throw Failure("cannot see a file that was just written", at: probe.path, cause: .system)
        }
        return status.modified
    }
}
