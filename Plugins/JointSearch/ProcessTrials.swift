import Basics
import Dataset
import Detection
import DetectorKit
import Foundation
import Models
import Search
public import StageKit
import Tensor
import Training

/// What a worker must know to do a trial, beside the weights that it starts from. In a task's folder: `trial.json`, and
/// `start.safetensors`, or `state/` where the student has had a part of its training.
struct TrialRequest: Codable {
    var options: JointSearchOptions
    /// Folders of the data set and of the teacher pool, absolute.
    var data: String
    var pool: String
    /// Where teachers' statistics are kept, for all workers of as many threads.
    var statistics: String
    var name: String
    var title: String
    var architecture: DetectorArchitecture
    var neckOrigins: [Int]
    var teacher: TeacherChoice?
    var plan: TrainingPlan
    var share: Double
    var batches: RandomStream
    var random: RandomStream

    static let file = "trial.json"
    static let start = "start.safetensors"
    static let state = "state"
}

/// Trials in worker processes, several at a time.
final class ProcessTrials: TrialExecutor {
    private let pool: WorkerPool
    private let options: JointSearchOptions
    private let data: URL
    private let teachers: URL
    private let statistics: URL
    private let log: (String) -> Void
    /// Trials at work, by number.
    private var trials: [Int: (name: String, title: String, plan: TrainingPlan)] = [:]

    /// - Parameter log: told when a worker goes on with what another one has begun.
    init(
        _ pool: WorkerPool, _ options: JointSearchOptions, data: URL, teachers: URL, statistics: URL,
        log: @escaping (String) -> Void
    ) {
        self.pool = pool
        self.options = options
        self.data = data
        self.teachers = teachers
        self.statistics = statistics
        self.log = log
    }

    func run(
        _ count: Int, trial: (Int) throws -> Trial, observe: (Int, TrialProgress) throws -> Void,
        finished: (Int, TrialOutcome) throws -> Void, interrupted: () throws -> Void
    ) throws {
        try pool.run(count) { index, folder in
            let trial = try trial(index)
            try write(trial, to: folder)
            trials[index] = (trial.name, trial.title, trial.plan)
            return trial.title
        } event: { index, event in
            if let step = event[Self.resumedAt]?.integer, let trial = trials[index] {
                log("\(trial.title): another worker goes on after step \(step)")
            } else if let progress = TrialProgress(event) {
                try observe(index, progress)
            }
        } done: { index, result in
            guard let trial = trials.removeValue(forKey: index) else { return }
            try finished(index, TrialOutcome(from: result, trial.plan))
        } interrupted: {
            try interrupted()
        }
    }

    /// What a worker tells that goes on with what another one has begun.
    fileprivate static let resumedAt = "resumed_at"

    private func write(_ trial: Trial, to folder: URL) throws {
        let request = TrialRequest(
            options: options, data: data.path, pool: teachers.path, statistics: statistics.path, name: trial.name,
            title: trial.title,
            architecture: trial.graph.architecture, neckOrigins: trial.neckOrigins, teacher: trial.teacher,
            plan: trial.plan, share: trial.share, batches: trial.data, random: trial.random)
        try JSONEncoder().encode(request).write(to: folder.appending(path: TrialRequest.file))
        if let state = trial.state {
            try state.write(to: folder.appending(path: TrialRequest.state))
        } else {
            try SafeTensors.write(trial.start, to: folder.appending(path: TrialRequest.start))
        }
    }

    func writeStates(to folder: URL) throws {
        for (index, task) in pool.tasks {
            guard let trial = trials[index] else { continue }
            let target = folder.appending(path: trial.name)
            // A worker may save a newer state, and drop the one that is being looked at or linked, at any time: then once more. One
            // that has not saved yet stands where it began.
            for _ in 0..<5 {
                let newest = CheckpointFolder.newest(ofAttempts: [task]) ?? task
                _ = try? linkFolder(newest.appending(path: TrialRequest.state), to: target)
                if StudentState.isThere(target) { break }
                try? FileManager.default.removeItem(at: target)
            }
        }
    }
}

extension TrialOutcome {
    private static let precisionIn = "precision.json"

    /// Writes it into a result's folder.
    fileprivate func write(to folder: URL) throws {
        try state.write(to: folder)
        let divergence = try state.divergence.map { try JSON(encoding: $0) }
        let json: JSON = ["ap": .number(precision), "divergence": divergence ?? .null]
        try Data(json.canonicalText.utf8).write(to: folder.appending(path: Self.precisionIn))
    }

    /// Reads what `write` wrote.
    fileprivate init(from folder: URL, _ plan: TrainingPlan) throws {
        let file = folder.appending(path: Self.precisionIn)
        let json = try JSON(parsing: Data(contentsOf: file), at: file.path)
        guard let precision = json["ap"]?.number else {
            throw Failure("a worker told no AP", at: file.path, cause: .defect)
        }
        var state = try StudentState(from: folder, plan)
        if let divergence = json["divergence"], !divergence.isNull {
            state.divergence = try divergence.decode(Failure.self, at: file.path)
        }
        self.init(state: state, precision: precision)
    }
}

extension TrialProgress {
    /// As a worker tells it.
    var event: JSON {
        switch self {
        case .step(let report):
            [
                "step": .integer(report.step), "total": .integer(report.totalSteps),
                "epoch_steps": .integer(report.stepsPerEpoch), "rate": .number(report.learningRate),
                "loss": .number(report.loss), "losses": .object(report.losses.mapValues { .number($0) }),
            ]
        case .evaluating(let done): ["evaluating": .number(done)]
        }
    }

    init?(_ event: JSON) {
        if let done = event["evaluating"]?.number {
            self = .evaluating(done)
        } else if let step = event["step"]?.integer, let total = event["total"]?.integer,
            let epoch = event["epoch_steps"]?.integer, let rate = event["rate"]?.number,
            let loss = event["loss"]?.number, let losses = event["losses"]?.object
        {
            self = .step(
                StepReport(
                    step: step, totalSteps: total, stepsPerEpoch: epoch, learningRate: rate,
                    losses: losses.compactMapValues(\.number), loss: loss))
        } else {
            return nil
        }
    }
}

extension JointSearch: WorkingPlugin {
    /// Does a trial, in a process of its own.
    public func work(_ task: WorkerTask) throws {
        let file = task.folder.appending(path: TrialRequest.file)
        let request = try JSONDecoder().decode(TrialRequest.self, from: Data(contentsOf: file))
        let trainer = try trainer(request, threads: task.threads, notice: task.log)
        let trial = try trial(request, task)
        task.log("\(request.title), on \(task.threads) threads")
        if task.checkpoint.resumeDirectory != nil, let step = trial.state?.training.step {
            task.tell([ProcessTrials.resumedAt: .integer(step)])
        }
        var pace = CheckpointPace()
        let outcome = try trainer.outcome(of: trial) { state, progress in
            task.tell(progress.event)
            if pace.isDue || task.isCancelled {
                try task.checkpoint.save(named: "state") { try state.write(to: $0.appending(path: TrialRequest.state)) }
                pace.restart()
            }
            try task.checkCancelled()
        }
        try task.finish(outcome.write)
    }

    private func trainer(
        _ request: TrialRequest, threads: Int, notice: (String) -> Void
    ) throws -> DistillingTrainer {
        let options = request.options
        Compute.prepare(threads: threads, precision: options.precision, notice: notice)
        let set = try PackedDataset(URL(filePath: request.data))
        let (train, search) = (try set.split(SplitName.train), try set.split(SplitName.search))
        let pool = try ElasticPool(from: URL(filePath: request.pool), backbones)
        return studentTrainer(
            pool, train: train, search: search, images: set.digest, options,
            statistics: URL(filePath: request.statistics),
            threads: threads)
    }

    private func trial(_ request: TrialRequest, _ task: WorkerTask) throws -> Trial {
        let graph = try DetectorGraph(request.architecture, backbones)
        let own = task.checkpoint.resumeDirectory?.appending(path: TrialRequest.state)
        let given = task.folder.appending(path: TrialRequest.state)
        let from = own ?? (FileManager.default.fileExists(atPath: given.path) ? given : nil)
        let state = try from.map { try StudentState(from: $0, request.plan) }
        let start = try state?.weights ?? SafeTensors.read(task.folder.appending(path: TrialRequest.start)).tensors
        return Trial(
            name: request.name, title: request.title, graph: graph, start: start, state: state,
            neckOrigins: request.neckOrigins, teacher: request.teacher, plan: request.plan, share: request.share,
            data: request.batches, random: request.random)
    }
}
