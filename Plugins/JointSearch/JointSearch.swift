import Basics
import Dataset
import Detection
public import DetectorKit
import Foundation
public import Manifest
import Search
public import StageKit
import Tensor
import Training

/// Stage `joint-search`: searches student and teacher together and derives a faster student from a base detector.
///
/// The artifact holds `student/` and `base/` (detectors), `teacher.json` (the student's teacher), `history.jsonl` (a
/// line for each candidate), `front.json`, `lineage.json` (from the base to the student) and `latency-table.json`.
public struct JointSearch: StagePlugin {
    let backbones: BackboneCatalog

    public init(backbones: BackboneCatalog) { self.backbones = backbones }

    public var name: String { "joint-search" }
    /// 18: moves earn nothing for students that are faster than was asked for; where teachers do not change, a student may be trained
    /// on as it is.
    public var version: Int { 18 }
    public var summary: String { "searches architecture, pruning and teacher together; gives the derived student" }
    public var consumes: [InputRequirement] {
        [
            InputRequirement(.dataset), InputRequirement(.detector), InputRequirement(.teacherPool),
            // An earlier search, to decide by its latencies.
            InputRequirement(.searchResult, required: false),
        ]
    }
    public var produces: ArtifactKind { .searchResult }
    public var reuse: Reuse { .thisMachine }

    public func options(_ reader: inout ConfigReader) -> JointSearchOptions? { JointSearchOptions(reader) }

    public func run(_ options: JointSearchOptions, _ context: StageContext) throws {
        Compute.prepare(threads: context.threads, precision: options.precision, notice: context.log)
        let dataArtifact = try context.inputs.require(.dataset)
        let baseArtifact = try context.inputs.require(.detector)
        let poolArtifact = try context.inputs.require(.teacherPool)
        let data = try PackedDataset(dataArtifact.directory)
        let inputs = try SearchInputs(
            (data, dataArtifact.reference),
            base: (DetectorFiles.read(from: baseArtifact.directory, backbones), baseArtifact.reference))
        let pool = try ElasticPool(from: poolArtifact.directory, backbones)
        try inputs.check(pool, at: poolArtifact.reference)
        let sharesNeck = inputs.sharesNeck(with: pool)
        var notices = try [("the base", baseArtifact), ("the pool", poolArtifact)].compactMap { role, artifact in
            try DetectorFiles.checkNames(in: artifact.directory, against: data, role, at: artifact.reference)
        }
        if !sharesNeck, options.settings.hasTeachers, options.settings.distillation.features > 0 {
            notices.append(
                "the teachers of \(poolArtifact.reference) were not trained from this base: what their features teach goes through "
                    + "mixtures of channels that are learnt on the way; a pool trained from this base says more")
        }
        for notice in notices { context.log("notice: \(notice)") }

        let statistics = context.scratch("statistics-\(poolArtifact.digest.hex)-\(dataArtifact.digest.hex)")
        let trainer = studentTrainer(
            pool, train: inputs.train, search: inputs.search, images: inputs.images, options, statistics: statistics,
            threads: context.threads)
        let workers = workerPool(options, context)
        let joint = try DetectorSearch(
            base: (inputs.base.graph, inputs.base.weights), space: pool.supernet.space, sharesNeck: sharesNeck,
            trainer: trainer, model: LatencyModel(try latencyTable(options, base: inputs.base, context)),
            calibrate: { try calibrate($0, inputs, options, context) }, settings: options.settings,
            catalog: backbones, random: context.seed, hooks: hooks(options.settings, workers, context),
            executor: workers.map {
                ProcessTrials(
                    $0, options, data: dataArtifact.directory, teachers: poolArtifact.directory, statistics: statistics,
                    log: context.log)
            }, replay: options.replay)
        let outcome = try joint.run()
        // By the clock fewer generations may fit; else nothing depends on who trains.
        let extent = options.settings.hours == nil ? ", and came to the same result" : ""
        let replaced = (workers?.troubles ?? []).map { $0 + extent }
        let cost = try SearchCost(
            outcome, options, images: inputs.train.count, pool, from: poolArtifact, base: baseArtifact, backbones)
        try write(
            outcome, base: inputs.base, options, target: joint.target, pool: poolArtifact,
            inputs.train.categories, cost, troubles: notices + replaced, context)
    }

    /// What trains students, in the stage's process and in its workers'.
    ///
    /// - Parameter statistics: where teachers' statistics are kept, of this pool and these images.
    func studentTrainer(
        _ pool: ElasticPool, train: DatasetSplit, search: DatasetSplit, images: Digest, _ options: JointSearchOptions,
        statistics: URL, threads: Int
    ) -> DistillingTrainer {
        // Bits depend on the number of threads: whoever needs statistics must find those that it would make itself.
        let own = statistics.appending(path: "\(threads)-threads")
        return DistillingTrainer(
            teachers: TeacherShelf(pool, train: train, images: images, keptIn: own), train: train, search: search,
            training: options.sampling, settings: options.settings)
    }

    private func workerPool(_ options: JointSearchOptions, _ context: StageContext) -> WorkerPool? {
        guard let workers = options.workers else { return nil }
        let busy = min(workers.count, options.settings.childrenPerGeneration)
        let threads = workers.threads ?? 1
        if busy < workers.count {
            context.log(
                "notice: \(busy) of \(workers.count) workers are started: a generation has no more 'children'")
        }
        if busy * threads > context.threads {
            context.log(
                "notice: \(busy) workers of \(threads) threads each are more than the stage's \(context.threads) threads"
            )
        } else if workers.threads == nil, busy < context.threads {
            context.log(
                "notice: \(busy) workers of one thread each leave some of the stage's \(context.threads) threads idle: give "
                    + "more workers and children, or 'worker_threads'")
        }
        return WorkerPool(self, count: busy, threads: threads, context)
    }

    private func hooks(_ settings: SearchSettings, _ workers: WorkerPool?, _ context: StageContext) -> SearchHooks {
        var pace = CheckpointPace()
        return SearchHooks(
            resume: { context.checkpoint.resumeDirectory },
            save: { name, write in
                try context.checkpoint.save(named: name) { folder in
                    try write(folder)
                    try workers?.keepTroubles(in: folder)
                }
                pace.restart()
            },
            isSaveDue: { pace.isDue || context.isCancelled },
            report: { fraction, message, metrics in
                context.progress.report(fraction: fraction, message: message, metrics: metrics)
                try context.checkCancelled()
            }, log: context.log, record: { context.progress.record(step: $0, $1) },
            look: { show($0, settings, context) })
    }

    /// The front as it is now, for people who look in while the search runs.
    private func show(_ state: SearchState, _ settings: SearchSettings, _ context: StageContext) {
        var archive = state.archive
        for child in state.evaluated where child.divergence == nil {
            archive.insert(.init(candidate: child.id, precision: child.precision ?? 0, latency: child.latency))
        }
        let target = settings.latencyMilliseconds ?? settings.latencyTarget * state.baseLatency
        if let finals = state.finals {
            show(finals, state, target: target, context)
            return
        }
        let best =
            archive.best(within: target).map { "best within it: candidate \($0.candidate)" } ?? "none is within it yet"
        let rows = archive.front.compactMap { point -> [String]? in
            guard let candidate = state.candidate(point.candidate) else { return nil }
            return [
                "\(candidate.id)", candidate.move, tenths(100 * point.precision), tenths(point.latency),
                "\(tenths(100 * point.latency / state.baseLatency)) %", candidate.teacher.description,
            ]
        }
        context.progress.show(
            "the front after \(max(0, state.known.count - 1) + state.evaluated.count) candidates, "
                + "target \(tenths(target)) ms, \(best)",
            header: ["candidate", "move", "AP", "ms", "of the base", "teacher"], rows: rows)
    }

    /// The finalists: those that are still trained first, of the others who came further.
    private func show(_ finals: Finals, _ state: SearchState, target: Double, _ context: StageContext) {
        let trained = finals.standings + finals.passed + finals.ended.reversed()
        let order = finals.entrants + finals.ended.reversed().map(\.id)
        let base = state.known.first.map { base in
            ["base", tenths(100 * (base.precision ?? 0)), "", "", tenths(state.baseLatency), ""]
        }
        let rows = order.compactMap { id -> [String]? in
            guard let before = state.candidate(id) else { return nil }
            let share = finals.share(id)
            let isOver = !finals.entrants.contains(id) && share < 1
            return [
                "\(id)", tenths(100 * (before.precision ?? 0)),
                trained.first { $0.id == id }.map { tenths(100 * ($0.precision ?? 0)) } ?? "",
                "\(tenths(100 * share)) %\(isOver ? ", stopped" : "")", tenths(before.latency),
                before.teacher.description,
            ]
        }
        let count = finals.finalists.count
        context.progress.show(
            "last training\(count == 1 ? "" : "s of \(count) finalists"), target \(tenths(target)) ms",
            header: ["candidate", "AP before", "AP now", "of its training", "ms", "teacher"],
            rows: rows + [base].compactMap(\.self))
    }
}
