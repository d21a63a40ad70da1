import Basics
import Foundation

extension Examination {
    /// Every job that has a token or a work folder.
    mutating func lookAtJobs() {
        for (id, job) in tokens.sorted(by: { $0.key < $1.key }) where !doubtful.contains(id) {
            lookAt(job.token, in: job.folder)
        }
        for id in names(in: spool.work).compactMap({ JobID($0) }) where tokens[id] == nil && !doubtful.contains(id) {
            if only?.contains(id) ?? true { lookAtWorkWithoutToken(id) }
        }
    }

    private mutating func lookAt(_ token: Token, in folder: StateFolder) {
        let id = token.id
        let file = path(spool.tokenFile(id, in: folder))
        if !Examination.fits(token.state.folder, in: folder) {
            note(
                .fault, file,
                "the token says that the job is \(token.state.folder.word), and lies in \(folder.rawValue)/",
                job: id, repair: .token(id))
        }
        if folder == .failed, token.state.folder == .queued, spool.wishes(for: id).retry == nil {
            note(.fault, file, "the job was on its way back into the queue", job: id, repair: .token(id))
        }
        guard FileStatus(spool.workFolder(id))?.kind == .folder else {
            note(
                .fault, file, "the job has no work folder",
                remedy: "submit the job again; --repair moves the token to aside/",
                job: id, repair: .setAside(file))
            return
        }
        lookAtManifest(token)
        if folder != .inbox && folder != .rejected {
            lookAtRecord(token)
            lookAtResolved(token, in: folder)
        }
        lookAtStages(token, in: folder)
        if folder == .failed, case .failed(let reason, _, _, _) = token.state, reason.isEmpty {
            note(.fault, file, "the job failed without a reason", remedy: "'jdnas logs' may tell more", job: id)
        }
        if folder == .done || folder == .failed { lookAtBundle(token) }
    }

    private mutating func lookAtManifest(_ token: Token) {
        let url = spool.manifest(token.id)
        do {
            let data = try spool.files.read(url)
            if data.map({ Digest(of: $0) }) == token.manifestDigest { return }
            let what = data == nil ? "the manifest is missing" : "the manifest is not the one that was handed in"
            let copy = doctor.copyOfManifest(token)
            note(
                .fault, path(url), what, remedy: copy == nil ? "submit the job again: there is no copy of it" : nil,
                job: token.id, repair: copy.map { _ in .copy(token.id, of: url.lastPathComponent) })
        } catch { noteUnreadable(url, Examination.text(error), job: token.id) }
    }

    private mutating func lookAtRecord(_ token: Token) {
        let url = spool.recordFile(token.id)
        switch read(JobRecord.self, at: url) {
        case .none: note(.fault, path(url), "the job's record is missing", job: token.id, repair: .record(token.id))
        case .damaged(let why):
            note(
                .fault, path(url), "the job's record is damaged: \(why)", job: token.id, repair: .record(token.id))
        case .unreadable(let why): noteUnreadable(url, why, job: token.id)
        case .whole(let record):
            // What the job was resolved to, and what its manifest said of its priority, the token does not know.
            var known = spool.record(for: token)
            known.resolvedDigest = record.resolvedDigest
            known.priority = record.priority
            if record != known {
                note(
                    .fault, path(url), "the job's record and its token do not agree", job: token.id,
                    repair: .record(token.id))
            }
        }
    }

    private mutating func lookAtResolved(_ token: Token, in folder: StateFolder) {
        let url = spool.resolved(token.id)
        do {
            let data = try spool.files.read(url)
            if let data, (try? JSON(parsing: data))?["stages"]?.array != nil { return }
            let what = data == nil ? "the resolved job is missing" : "the resolved job is damaged"
            if !folder.isFinal {
                note(.remark, path(url), what, remedy: "the runner makes it again from the manifest", job: token.id)
            } else {
                let copy = doctor.copyOfResolved(token)
                note(
                    copy == nil ? .remark : .fault, path(url), what,
                    remedy: copy == nil ? "what stages the job had cannot be told any more" : nil, job: token.id,
                    repair: copy.map { _ in .copy(token.id, of: url.lastPathComponent) })
            }
        } catch { noteUnreadable(url, Examination.text(error), job: token.id) }
    }

    private mutating func lookAtBundle(_ token: Token) {
        let url = spool.bundle(token.id)
        guard FileStatus(url) != nil else {
            note(
                .remark, path(url), "the job's bundle is not there; somebody may have deleted it",
                remedy: "'jdnas doctor --repair --bundles' builds it again from the job's work folder", job: token.id,
                repair: doctor.buildsMissingBundles ? .bundle(token.id) : nil)
            return
        }
        guard let problem = doctor.bundles.problems(url, token).first else { return }
        note(.fault, path(url), "the bundle is damaged: \(problem)", job: token.id, repair: .bundle(token.id))
    }

    /// What is left of jobs that are gone, and of jobs that never were.
    private mutating func lookAtWorkWithoutToken(_ id: JobID) {
        let folder = path(spool.workFolder(id))
        let contents = names(in: spool.workFolder(id), job: id)
        if spool.files.exists(spool.removalRecord(id)) {
            note(.remark, folder, "the job's removal was interrupted", job: id, repair: .recover)
        } else if contents.contains("job.json") {
            note(.fault, folder, "the job has no token", job: id, repair: .recover)
        } else if contents.allSatisfy({ $0 == "manifest.yaml" || $0 == "resolved.json" }) {
            // Somebody may be handing it in right now.
            guard let now = serverTime, let status = FileStatus(spool.workFolder(id)), now - status.modified > 86_400
            else { return }
            note(
                .remark, folder, "the beginning of a submission that came to nothing a day ago or more", job: id,
                repair: .recover)
        } else {
            note(
                .fault, folder, "the work of a job that has neither token nor record", job: id,
                repair: .setAside(folder))
        }
    }
}

extension Spool {
    /// What `job.json` has to say of a job with this token.
    func record(for token: Token) -> JobRecord {
        let resolved = (try? files.read(resolved(token.id))) ?? nil
        let rules = resolved.flatMap { try? JSON(parsing: $0) }?["rules"]
        return JobRecord(
            id: token.id, base: token.base, submitted: token.submitted, manifestDigest: token.manifestDigest,
            source: token.source, key: token.key, environment: token.environment,
            priority: rules?["priority"]?.integer.flatMap { Wishes.priorities.contains($0) ? $0 : nil },
            resolvedDigest: resolved.map { Digest(of: $0) }, dropped: files.exists(droppedFile(token.id)))
    }
}
