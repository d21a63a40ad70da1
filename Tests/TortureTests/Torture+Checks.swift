import Basics
import Bundles
import Foundation
import Glibc
import Spool

extension Torture {
    /// Looks at what is published now: it may not be replaced but where somebody asked for that.
    func look() {
        guard let job = ((try? spool.jobs()) ?? []).randomElement(using: &random), let id = JobID(job.id) else {
            return
        }
        for stage in spool.stageNames(id) {
            guard let receipt = (try? spool.publishedReceipt(id, stage)) ?? nil else { continue }
            if let before = published.updateValue(receipt.attempt, forKey: "\(id)/\(stage)"), before != receipt.attempt,
                !anew.contains(id)
            {
                violated("\(id)/\(stage) was published twice: \(before), \(receipt.attempt)")
            }
        }
    }

    /// The ids of all jobs.
    func ids() -> Set<JobID> {
        Set(((try? spool.jobs()) ?? []).compactMap { JobID($0.id) })
    }

    /// Brings all jobs to their ends.
    func drain() {
        stopRunner(SIGTERM)
        mendDisk()
        _ = try? spool.resume()
        for round in 1...5 {
            for id in ((try? spool.wishes()) ?? [:]).keys { _ = try? spool.release(id) }
            guard let command = try? start("run", "--drain", "--threads", "1") else { continue }
            guard let end = command.wait(seconds: 600) else {
                command.kill(SIGKILL)
                return violated("a drain did not end in ten minutes: \(command.wait().output.suffix(2000))")
            }
            if end.isKilled || end.code > 1 { violated("a drain ended with \(end.code): \(end.error)") }
            if live().isEmpty { return }
            if round == 5 { violated("a drain leaves \(live()): \(end.output.suffix(2000))\(end.error)") }
        }
    }

    private func live() -> [String] {
        [StateFolder.inbox, .queued, .running].flatMap { ((try? spool.tokens(in: $0)) ?? []).map(\.id.text) }
    }

    /// Everything that has to hold in the end.
    func check() {
        checkJobs()
        for job in (try? spool.jobs()) ?? [] {
            guard let id = JobID(job.id), let found = ((try? spool.find(id)) ?? nil) else { continue }
            counts.add("jobs \(found.folder.rawValue)")
            checkTimes(id, found.token)
            if found.folder == .failed { checkReason(job) }
            if found.folder == .done { checkResults(id) }
            if found.folder != .rejected { checkBundle(id, found.folder) }
        }
        let doctor = jdnas("doctor", "--deep")
        if doctor.code != 0 { violated("a doctor finds: \(doctor.output)\(doctor.error)") }
        let wishes = ((try? FileManager.default.contentsOfDirectory(atPath: spool.wishesFolder.path)) ?? [])
        if !wishes.isEmpty { violated("wishes are left: \(wishes)") }
        usleep(500_000)
        if !stages().isEmpty { violated("processes are left") }
    }

    /// One job of each name that was handed in, unless it was removed since.
    private func checkJobs() {
        var jobs: [String: [String]] = [:]
        for job in (try? spool.jobs()) ?? [] where JobID(job.id) != nil { jobs[job.name, default: []].append(job.id) }
        for (name, ids) in jobs where ids.count > 1 { violated("\(name) is there more than once: \(ids)") }
        let gone = Set(removed.map(\.jobName))
        for name in accepted.sorted() where jobs[name] == nil && !gone.contains(name) { violated("\(name) is lost") }
        for name in jobs.keys where !accepted.contains(name) && !possible.contains(name) {
            violated("\(name) was never handed in")
        }
        for id in removed where jobs[id.jobName] != nil { violated("\(id) was removed, and is there") }
    }

    /// What is done stays as it is.
    func checkDone() {
        for token in (try? spool.tokens(in: .done)) ?? [] {
            checkResults(token.id)
            checkBundle(token.id, .done)
            counts.add("looks at a job that is done")
        }
    }

    /// What took seconds says so, whatever the clock did.
    private func checkTimes(_ id: JobID, _ token: Token) {
        if case .done(let started, let finished, _) = token.state, finished < started {
            violated("\(id) was done before it began")
        }
        for stage in spool.stageNames(id) {
            for attempt in (try? spool.attempts(id, stage)) ?? [] {
                guard let outcome = spool.outcome(of: attempt) else { continue }
                let seconds = outcome.ended.seconds(since: outcome.started)
                if !(0..<600).contains(seconds) { violated("\(attempt.path) took \(seconds) s") }
            }
        }
    }

    private func checkReason(_ job: JobStatus) {
        let reason = job.reason ?? ""
        let isKnown =
            reason == "cancelled on request" || reason.hasSuffix(": the input is bad")
            || reason.hasSuffix("(attempt 3 of 3)") || reason.wholeMatch(of: /[abc]: needs 'j\d+\/a', and .*/) != nil
        if let name = reason.firstMatch(of: /no job '(j\d+)' was handed in/)?.1,
            !removed.contains(where: { $0.jobName == name })
        {
            violated("\(job.id) does not find \(name), which came before it")
        }
        if !isKnown { violated("\(job.id) failed for a reason that nobody knows: \(reason)") }
        counts.add(reason == "cancelled on request" ? "failed jobs: cancelled" : "failed jobs: others")
    }

    private func checkResults(_ id: JobID) {
        guard let data = try? Data(contentsOf: spool.resolved(id)), let job = try? JSON(parsing: data) else {
            return violated("\(id) has no resolved job")
        }
        for stage in job["stages"]?.array ?? [] {
            guard let name = stage["name"]?.string, let luck = stage["options"]?["luck"]?.string,
                let receipt = (try? spool.publishedReceipt(id, name)) ?? nil
            else {
                violated("\(id) is done without all of its results")
                continue
            }
            let text = try? String(contentsOf: spool.output(of: receipt).appending(path: "result.txt"), encoding: .utf8)
            if text != TortureJobs.result(name, luck: luck) {
                violated("\(id)/\(name) has another result: \(text ?? "none")")
            }
        }
    }

    private func checkBundle(_ id: JobID, _ folder: StateFolder) {
        let url = spool.bundle(id)
        guard FileManager.default.fileExists(atPath: url.path) else { return violated("\(id) has no bundle") }
        let bundle = Bundles.Bundle(url)
        if let problem = bundle.verify().first { violated("the bundle of \(id) is damaged: \(problem)") }
        let state = (try? bundle.manifest().about["state"])??.string
        if state != folder.rawValue {
            violated("the bundle of \(id) says \(state ?? "nothing"), and it is \(folder.rawValue)")
        }
    }
}
