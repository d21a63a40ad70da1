import Basics
import Foundation
import Manifest
public import Spool
public import StageKit

/// Finds out what a job would do, without doing any of it.
public struct JobPlanner {
    private let spool: Spool
    private let threads: Int
    private let useCache: Bool
    private let history: StageHistory
    private let forecast: (ForecastQuery) -> ForecastAnswer

    /// - Parameters:
    ///   - threads: of stages that do not say.
    ///   - forecast: how long stages may take that nothing here has run like.
    public init(
        _ spool: Spool, threads: Int, useCache: Bool = true,
        forecast: @escaping (ForecastQuery) -> ForecastAnswer = { _ in ForecastAnswer() }
    ) throws {
        self.spool = spool
        self.forecast = forecast
        self.threads = threads
        self.useCache = useCache
        history = try StageHistory(spool)
    }

    public func plan(_ job: ResolvedJob) throws -> JobPlan {
        // As if it were handed in now: all that is in the spool came earlier.
        let moment = try spool.nextMoment()
        let id = try JobID(job: job.job, at: moment, random: 0)
        let token = Token(
            id: id, base: "/", submitted: moment, manifestDigest: Digest(of: Data()), source: "", state: .submitted)
        var known: [String: StageRequest.Input] = [:]
        var prospects: [String: Prospect] = [:]
        var digests: [String: [Digest]] = [:]
        var stages: [JobPlan.Stage] = []
        for stage in job.stages {
            var planned = JobPlan.Stage(name: stage.name, plugin: stage.plugin, action: .run, why: "")
            switch try inputs(of: stage, known, token) {
            case .impossible(let reason): (planned.action, planned.why) = (.impossible, reason)
            case .waiting(let reason, let found):
                planned.why = reason
                for input in found { prospects[input.reference] = prospect(input) }
            case .ready(let inputs):
                for input in inputs { prospects[input.reference] = prospect(input) }
                digests[stage.name] = inputs.map(\.digest)
                let key = StageRequest.key(
                    stage: stage, seed: job.seed, inputs: inputs, threads: stage.threads ?? threads)
                if let receipt = try earlier(key, stage) {
                    planned.action = .cached
                    planned.why = "\(receipt.job)/\(receipt.stage) has its result"
                    known[stage.name] = StageRequest.Input(
                        reference: stage.name, kind: stage.produces, directory: spool.output(of: receipt).path,
                        digest: receipt.artifactDigest, receipt: spool.receiptFile(receipt.job, receipt.stage).path)
                } else {
                    planned.why = reason(stage, key, job.seed, inputs)
                }
            }
            stages.append(planned)
        }
        return JobPlan(job: job.job, stages: timed(stages, of: job, digests, prospects))
    }

    /// With times: of the same stage, run before; as forecast; else of one that differs.
    private func timed(
        _ stages: [JobPlan.Stage], of job: ResolvedJob, _ digests: [String: [Digest]], _ prospects: [String: Prospect]
    ) -> [JobPlan.Stage] {
        // Asked for once, and only if something is to run.
        lazy var forecasts = forecast(ForecastQuery(job: job, threads: threads, known: prospects))
        return zip(stages, job.stages).map { planned, stage in
            guard planned.action == .run else { return planned }
            var planned = planned
            planned.disk = forecasts.stages[stage.name]?.disk
            let like = history.like(
                stage, of: job.job, inputs: digests[stage.name], threads: stage.threads ?? threads)
            if let like, like.isSame {
                (planned.seconds, planned.basis) = (like.seconds, like.text)
            } else if let reckoned = forecasts.stages[stage.name] {
                (planned.seconds, planned.basis, planned.isRough) = (reckoned.seconds, JobPlan.Stage.forecast, true)
            } else if let like {
                (planned.seconds, planned.basis, planned.isRough) = (like.seconds, like.text, true)
            }
            if let doubt = forecasts.doubts[stage.name], like?.isSame != true {
                planned.doubt = "it will hardly run: \(doubt)"
            } else if let seconds = planned.seconds, let timeout = stage.rules?.timeout, seconds > timeout {
                planned.doubt =
                    "it may take \(spanText(seconds: seconds)), and its timeout is \(spanText(seconds: timeout))"
            }
            return planned
        }
    }

    private func prospect(_ input: StageRequest.Input) -> Prospect {
        let receipt = input.receipt.flatMap { try? Receipt(reading: URL(filePath: $0)) }
        return Prospect(kind: input.kind, directory: input.directory, summary: receipt?.summary ?? .null)
    }

    private enum Inputs {
        case ready([StageRequest.Input])
        case waiting(String, found: [StageRequest.Input])
        case impossible(String)
    }

    private func inputs(
        of stage: ResolvedJob.Stage, _ known: [String: StageRequest.Input], _ token: Token
    ) throws -> Inputs {
        let resolver = NeedsResolver(spool: spool, files: FileArtifacts(imports: spool.imports))
        var inputs: [StageRequest.Input] = []
        var open: String?
        // All of them: one that can never be met counts more than one that is to be made.
        for reference in stage.needs {
            if case .stage(let name) = reference {
                if let input = known[name] { inputs.append(input) } else { open = open ?? name }
                continue
            }
            switch try resolver.need(reference, in: token) {
            case .found(let input): inputs.append(input)
            case .waiting: open = open ?? reference.description
            case .impossible(let reason): return .impossible(reason)
            }
        }
        return open.map { .waiting("it reads '\($0)', which is to be made first", found: inputs) } ?? .ready(inputs)
    }

    private func earlier(_ key: Digest, _ stage: ResolvedJob.Stage) throws -> Receipt? {
        guard useCache, let cacheKey = try StageRequest.cacheKey(key, of: stage, host: Owner.current.host) else {
            return nil
        }
        return spool.remembered(cacheKey, key: key)
    }

    /// Why a stage whose inputs are all there has to run.
    private func reason(
        _ stage: ResolvedJob.Stage, _ key: Digest, _ seed: UInt64, _ inputs: [StageRequest.Input]
    ) -> String {
        if !useCache { return "earlier results are not to be used (--no-cache)" }
        guard let reuse = stage.reuse, reuse != .never else { return "'\(stage.plugin)' is run for every job" }
        guard let nearest = history.nearest(to: stage, key) else {
            return "'\(stage.plugin)' has not run in this spool yet"
        }
        if nearest.request.key == key {
            guard nearest.isDone else { return "\(nearest.name) was begun, and has given no result" }
            return "\(nearest.name) has its result, and files that it reads were touched since"
                + (reuse == .thisMachine ? ", or another machine made it" : "") + ", or it is gone"
        }
        let changes = nearest.changes(to: stage, seed: seed, inputs: inputs, threads: stage.threads ?? threads)
        return "it differs from \(nearest.name) in " + changes.joined(separator: ", ")
    }
}
