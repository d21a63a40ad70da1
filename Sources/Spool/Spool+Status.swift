import Basics
import Foundation

extension Spool {
    /// All jobs, oldest first. Needs no runner and no lock.
    public func jobs() throws -> [JobStatus] {
        var found: [JobID: (folder: StateFolder, token: Token)] = [:]
        // In the order in which tokens move: one on its way may be seen twice, never missed.
        for folder in StateFolder.allCases.sorted() {
            for token in try tokens(in: folder) { found[token.id] = (folder, token) }
        }
        let jobs = found.values.sorted { Token.isEarlier($0.token, $1.token) }.map { status($0.token, in: $0.folder) }
        return jobs + (try rejectedDrops())
    }

    /// The job of this id, of this unique beginning of an id, or the latest one of this name.
    public func job(matching text: String) throws -> JobStatus {
        let all = try jobs()
        if let job = all.first(where: { $0.id == text }) { return job }
        if let job = all.last(where: { $0.name == text }) { return job }
        let matches = all.filter { $0.id.hasPrefix(text) }
        if matches.count == 1, !text.isEmpty { return matches[0] }
        if matches.count > 1 {
            throw Failure(
                "'\(text)' fits \(matches.count) jobs", at: root.path,
                remedy: "one of: \(matches.map(\.id).joined(separator: ", "))")
        }
        let near = suggestion(for: text, among: all.map(\.name) + all.map(\.id))
        throw Failure(
            "there is no job '\(text)' in this spool", at: root.path,
            remedy: near.map { "did you mean '\($0)'?" } ?? "'jdnas list' shows the jobs")
    }

    /// The logs of a job's attempts, in the stages' order, oldest attempt first; of one stage if it is named.
    public func logFiles(_ job: JobStatus, stage: String? = nil) throws -> [StageLog] {
        guard let id = JobID(job.id) else { return [] }
        let names = job.stages.map(\.name)
        if let stage, !names.contains(stage) {
            throw Failure(
                "the job has no stage '\(stage)'", at: job.id,
                remedy: suggestion(for: stage, among: names).map { "did you mean '\($0)'?" }
                    ?? "its stages: \(names.joined(separator: ", "))")
        }
        return try names.filter { stage == nil || $0 == stage }.flatMap { name in
            try attempts(id, name).filter { files.exists($0.log) }.map { StageLog(stage: name, attempt: $0) }
        }
    }

    /// The names of a job's stages, in the manifest's order; none before it is accepted.
    public func stageNames(_ id: JobID) -> [String] {
        guard let data = try? files.read(resolved(id)), let job = try? JSON(parsing: data) else { return [] }
        return job["stages"]?.array?.compactMap { $0["name"]?.string } ?? []
    }

    /// The kind of artifact that a stage of an accepted job makes; nil where that cannot be told.
    func kind(madeBy stage: String, of id: JobID) -> String? {
        guard let data = (try? files.read(resolved(id))) ?? nil, let job = try? JSON(parsing: data) else { return nil }
        return job["stages"]?.array?.first { $0["name"]?.string == stage }?["produces"]?.string
    }

    /// What is wrong with a receipt's kind, if that can be told.
    func wrongKind(of receipt: Receipt, for stage: String, of id: JobID) -> String? {
        kind(madeBy: stage, of: id).flatMap { receipt.contradiction(toKind: $0) }
    }

    /// What one sees of a job whose token was read.
    public func status(_ token: Token, in folder: StateFolder) -> JobStatus {
        var status = JobStatus(
            id: token.id.text, name: token.id.jobName, state: folder, submitted: token.submitted, stages: [])
        var failedStage: String?
        var owner: Owner?
        switch token.state {
        case .submitted, .queued: break
        case .running(let by, let started):
            owner = by
            status.started = folder == .queued ? nil : started
        case .done(let started, let finished, _):
            status.started = started
            status.finished = finished
        case .failed(let reason, let stage, let finished, _):
            status.reason = reason
            status.finished = finished
            failedStage = stage
        case .rejected(let reason): status.reason = reason
        }
        let wishes = wishes(for: token.id)
        status.isToBeRetried = folder == .failed && wishes.retry != nil
        if !folder.isFinal {
            status.isPaused = pauseWish != nil
            (status.priority, status.isHeld, status.isCancelled) = (wishes.priority, wishes.isHeld, wishes.isCancelled)
        }
        // One of an end before the job was tried again is none.
        if folder.isFinal, files.exists(bundle(token.id)) { status.bundle = bundle(token.id).path }
        status.stages = stageNames(token.id).map {
            stageStatus(token, $0, live: folder == .running && owner?.isAlive != false, failed: $0 == failedStage)
        }
        return status
    }

    /// What one sees of a stage.
    ///
    /// - Parameters:
    ///   - live: whether a runner that is not known to be dead has the job.
    ///   - failed: whether it is the stage for which the job has failed.
    public func stageStatus(_ token: Token, _ name: String, live: Bool, failed: Bool) -> StageStatus {
        let id = token.id
        let attempts = (try? self.attempts(id, name)) ?? []
        var status = StageStatus(
            name: name, state: .waiting, fraction: 0, message: "", attempt: attempts.last?.name,
            attempts: attempts.count)
        guard let attempt = attempts.last else { return status }
        if let retry = token.retry, attempt.epoch <= retry.epoch, !files.exists(receiptFile(id, name)) {
            status.message = "to be tried again"
            return status
        }
        if let progress = ProgressFile(reading: attempt.progress) {
            status.fraction = progress.fraction
            status.message = progress.message
            status.eta = progress.eta
            status.table = progress.table
        }
        let outcome = outcome(of: attempt)
        status.used = outcome?.used
        // Of one that failed it is all that there is to see.
        defer { if status.state == .done || status.state == .waiting { status.table = nil } }
        if files.exists(receiptFile(id, name)) {
            status.state = .done
            status.fraction = 1
        } else if failed || outcome?.result == .input {
            status.state = .failed
        } else if outcome == nil, live {
            status.state = .running
        } else {
            status.state = .interrupted
        }
        if let outcome, status.state != .done { status.message = outcome.reason }
        if status.state != .running { status.eta = nil }
        return status
    }

    /// Manifests that were dropped in the inbox and refused: they have no id.
    private func rejectedDrops() throws -> [JobStatus] {
        let folder = folder(.rejected)
        let names = try files.list(folder)
        return names.compactMap { name in
            guard !name.hasSuffix(".diagnostics.txt"), !name.hasPrefix(".") else { return nil }
            let stem = Spool.stem(name)
            // A submission has its token here, and the copy of its manifest beside it.
            if name.hasSuffix(".json"), let id = JobID(String(name.dropLast(5))),
                (try? token(id, in: .rejected)) ?? nil != nil
            {
                return nil
            }
            if JobID(stem) != nil, names.contains("\(stem).json") { return nil }
            let text = (try? files.read(folder.appending(path: "\(stem).diagnostics.txt"))) ?? Data()
            let reason = String(decoding: text, as: UTF8.self).split(separator: "\n").first.map(String.init)
            return JobStatus(id: name, name: stem, state: .rejected, stages: [], reason: reason)
        }
    }

    /// A file's name without `.yaml` or `.yml`.
    public static func stem(_ name: String) -> String {
        for ending in [".yaml", ".yml"] where name.hasSuffix(ending) && name.count > ending.count {
            return String(name.dropLast(ending.count))
        }
        return name
    }
}
