import Basics
import Foundation
import Manifest
import Spool
import StageKit

extension Runner {
    /// Starts an attempt at a stage, or publishes what an earlier attempt, or another job, had finished.
    func start(
        _ stage: ResolvedJob.Stage, of job: ResolvedJob, inputs: [StageRequest.Input], for token: Token
    ) throws {
        let earlier = try spool.attempts(of: token, stage.name)
        // Receipts first: the runner may have died between a stage's end and its publication.
        for attempt in earlier.reversed() where FileManager.default.fileExists(atPath: attempt.receipt.path) {
            if try publish(attempt, of: stage.produces.rawValue) { return }
        }
        let threads = stage.threads ?? options.threads
        let key = StageRequest.key(stage: stage, seed: job.seed, inputs: inputs, threads: threads)
        // Before the stage reads them: files that change while it runs must not be taken for what it read.
        let cacheKey = try whileBeating { try StageRequest.cacheKey(key, of: stage, host: Owner.current.host) }
        let isAnew = token.retry?.anew[stage.name] != nil
        if options.useCache, !isAnew, let cacheKey, let cached = spool.remembered(cacheKey, key: key) {
            if try adopt(cached, as: stage, inputs, for: token) {
                if let own = try? spool.publishedReceipt(token.id, stage.name) {
                    try? spool.remember(own, as: cacheKey)
                }
                return
            }
            try? spool.forget(cacheKey)
        }
        let attempt = try spool.newAttempt(token, stage: stage.name)
        var request = StageRequest(
            jobID: token.id.text, job: job.job, seed: job.seed, stage: stage, inputs: inputs, threads: threads,
            attempt: attempt.url.path)
        let resume = checkpoint(for: request, among: earlier)
        request.resume = resume?.path
        try spool.write(Data(try JSON(encoding: request).prettyText.utf8), to: attempt.request)

        report(
            .stageStarted(
                token.id, stage: stage.name, plugin: stage.plugin, attempt: attempt.number, resumed: resume != nil))
        active.append(
            ActiveStage(
                stage, of: token, attempt, try executor.start(attempt, threads: request.threads),
                slots: slots(for: stage),
                window: job.rules?.window, cacheKey: cacheKey, secondsLeft: try secondsLeft(stage, token),
                clock: { ProcessInfo.processInfo.systemUptime }))
    }

    /// Whether the disk has the room that a stage says it needs, or at least some. That it has not is told once.
    func hasRoom(for stage: ResolvedJob.Stage, of token: Token) -> Bool {
        let name = "\(token.id)/\(stage.name)"
        let need = max(stage.rules?.resources.disk ?? 0, options.leastRoom)
        guard let room = spool.room(), room < need else {
            jobTroubles.settle(name)
            return true
        }
        guard jobTroubles.isDue(name, at: now) else { return false }
        let failure = Failure(
            "\(stage.name) waits for room on the disk, and needs \(byteText(need))", at: spool.root.path,
            remedy: "make room; it starts by itself then", cause: .system)
        if jobTroubles.note(failure, of: name, at: now).isNews {
            report(.note("\(token.id): \(failure.what); \(byteText(room)) are free"))
        }
        return false
    }

    var needsResolver: NeedsResolver {
        NeedsResolver(
            spool: spool, files: fileArtifacts, jobs: { [self] in try agenda.jobs($0, spool) },
            receipt: { [self] in try agenda.receipt($0, $1, spool) })
    }

    /// The newest checkpoint of an earlier attempt that was asked for the same result. What another number of threads or
    /// other inputs have begun would go on to bits that neither of the two gives.
    private func checkpoint(for request: StageRequest, among earlier: [AttemptFolder]) -> URL? {
        let same = earlier.filter { (try? StageRequest.read($0.request))?.key == request.key }
        if let newest = CheckpointFolder.newest(ofAttempts: same.map(\.url)) { return newest }
        if CheckpointFolder.newest(ofAttempts: earlier.map(\.url)) != nil {
            report(
                .note(
                    "\(request.jobID): \(request.stage) starts anew: its checkpoints are of an attempt with other threads, "
                        + "inputs or options"))
        } else {
            let damaged = CheckpointFolder.count(ofAttempts: same.map(\.url))
            if damaged > 0 {
                report(
                    .note(
                        "\(request.jobID): \(request.stage) starts anew: of its \(damaged) checkpoints none is whole; "
                            + "check the disk; 'jdnas doctor' examines the spool"))
            }
        }
        return nil
    }

    /// Publishes an earlier result as this job's; false if it does not hold any more, or cannot be taken over: then the stage
    /// is run.
    private func adopt(
        _ earlier: Receipt, as stage: ResolvedJob.Stage, _ inputs: [StageRequest.Input], for token: Token
    ) throws -> Bool {
        let attempt = try spool.newAttempt(token, stage: earlier.stage)
        let begun = now
        let named = inputs.map { Receipt.Input(reference: $0.reference, digest: $0.digest) }
        var trouble: String?
        do { try whileBeating { try spool.adopt(earlier, as: attempt, inputs: named) } } catch let failure as Failure {
            // Half a copy is of no use, and the stage may need the room.
            try? spool.clear(attempt)
            trouble = failure.what
        }
        // What fails from here on is a publication's failure like any other: the attempt is whole, and is published later.
        if trouble == nil, try !publish(attempt, of: stage.produces.rawValue, isCached: true) {
            trouble = "it does not hold any more"
        }
        let (started, ended) = times(of: now - begun)
        try spool.record(
            AttemptOutcome(
                result: trouble == nil ? .done : .cancelled,
                reason: "taken from \(earlier.attempt)" + (trouble.map { ": \($0)" } ?? ""), started: started,
                ended: ended),
            of: attempt)
        if let trouble {
            report(.note("\(token.id): \(earlier.stage) runs, though there is an earlier result: \(trouble)"))
        } else {
            report(.stageCached(token.id, stage: earlier.stage, source: earlier.attempt))
        }
        return trouble == nil
    }

    /// Publishes what an attempt left; false, with the receipt set aside, if it does not hold.
    ///
    /// - Parameters:
    ///   - kind: what the stage makes.
    ///   - elapsed: seconds that it took, where this runner has seen it.
    func publish(
        _ attempt: AttemptFolder, of kind: String, elapsed: Double? = nil, isCached: Bool = false
    ) throws -> Bool {
        do {
            _ = try whileBeating { try spool.publishReceipt(of: attempt, kind: kind, confirm: verifyLock) }
        } catch let failure as Failure where failure.cause == .defect {
            try spool.setAsideReceipt(of: attempt, because: failure.description)
            report(.note("\(attempt.job): \(attempt.stage): \(failure.what)"))
            return false
        }
        if isCached { return true }
        let made = FileStatus(attempt.receipt)?.modified ?? 0
        let began = FileStatus(attempt.request)?.modified ?? made
        report(.stageDone(attempt.job, stage: attempt.stage, seconds: elapsed ?? max(0, made - began)))
        return true
    }
}
