import Basics
public import Foundation

extension Spool {
    /// Hands in a job. Returns when it is durable: no crash loses it from then on. On an error nothing was handed in.
    ///
    /// - Parameters:
    ///   - manifest: the manifest's bytes; they are kept as they are.
    ///   - name: the job's name (`job:` of the manifest).
    ///   - base: the folder that relative paths in the manifest refer to.
    ///   - source: the file name to show for it.
    ///   - key: the job's key, if it has one; look for it in a `KeyIndex` first.
    ///   - environment: the variables of the environment that the manifest takes.
    ///   - priority: what it begins with, whatever its manifest says; nil for what that says.
    public func submit(
        manifest: Data, name: String, base: String, source: String? = nil, key: String? = nil,
        environment: [String: String] = [:], priority: Int? = nil
    ) throws -> JobID {
        let moment = try nextMoment()
        let id = try reserve(job: name, at: moment)
        let token = Token(
            id: id, base: base, submitted: moment, manifestDigest: Digest(of: manifest),
            source: source ?? "\(name).yaml", key: key, environment: environment, state: .submitted)
        do {
            try replace(manifest, at: self.manifest(id))
            if let priority { try prioritise(id, priority) }
            guard try place(SealedRecord.encode(token), at: tokenFile(id, in: .inbox)) else {
                throw Failure("the job id \(id) is taken", at: root.path, remedy: "submit again", cause: .system)
            }
        } catch {
            if try withdraw(id) { throw error }
            // The runner has it: then it is handed in, whatever the last call said.
        }
        return id
    }

    /// Makes a job's work folder, and with it an id that nobody has had.
    func reserve(job: String, at moment: Timestamp) throws -> JobID {
        while true {
            let id = try JobID(job: job, at: moment, random: .random(in: 0...(.max)))
            do {
                if try files.makeFolder(workFolder(id)) {
                    try files.syncFolder(work)
                    return id
                }
            } catch {
                // Made, perhaps, and not ours to keep. Nobody else knows the name.
                if (try? files.list(workFolder(id))) == [] { try? files.removeFolder(workFolder(id)) }
                throw error
            }
        }
    }

    /// Takes back a submission that failed half-way; false when the runner has taken it.
    private func withdraw(_ id: JobID) throws -> Bool {
        let token = tokenFile(id, in: .inbox)
        let draft = draftFile("withdrawn")
        if files.exists(token) {
            // The rename decides between us and the runner.
            do { try files.rename(token, to: draft) } catch  where files.exists(token) {
                throw Failure(
                    "the job could not be made durable, and could not be taken back: it may run as \(id)",
                    at: root.path, remedy: "look with 'jdnas list' before you submit it again", cause: .system)
            } catch {}
            try? files.unlink(draft)
        } else if try find(id) != nil {
            return false
        }
        if let found = try find(id), found.folder > .inbox { return false }
        try? forgetWishes(id)
        try? files.removeFolder(workFolder(id))
        return true
    }
}
