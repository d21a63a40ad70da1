import Basics
import Detection
import DetectorKit
import Forecasts
import Search
import StageKit
import Training

/// What a search's trainings computed, beside the trainings of its teachers and its base, in multiply-accumulates: the same
/// whatever the machine, and however often it was interrupted. Each image counts three passes of the network that learns and one of
/// its teacher's, with as many regions as a step draws; frozen layers count as others.
struct SearchCost {
    let search: Double
    /// Of the pool and of the base, as their receipts say, of the base its last stage alone; nil where none says it: they were not
    /// trained by a stage, or before stages told. A search without distillation needs no teachers, whatever its pool cost.
    let teachers: Double?
    let base: Double?

    /// - Parameter images: of the split that students learn from.
    init(
        _ outcome: DetectorSearch.Outcome, _ options: JointSearchOptions, images: Int, _ pool: ElasticPool,
        from poolArtifact: Artifact, base baseArtifact: Artifact, _ catalog: BackboneCatalog
    ) throws {
        let (settings, regions) = (options.settings, options.sampling.regions.count)
        var looks: [TeacherChoice: Int] = [:]
        var work = Work()
        func train(_ candidate: Candidate, _ plan: TrainingPlan, share: Double, isTaught: Bool) throws {
            let batch = min(plan.batchSize, images)
            let steps = (share * Double(images / batch * plan.epochs)).rounded(.up)
            let student = try DetectorGraph(candidate.architecture, catalog).cost(regions: regions)
            work.train(student, images: steps * Double(batch), batch: batch)
            guard isTaught else { return }
            let teacher =
                try looks[candidate.teacher]
                ?? pool.supernet.subnet(candidate.teacher).graph.cost(regions: regions).multiplyAccumulates
            looks[candidate.teacher] = teacher
            work.look(teacher, images: steps * Double(batch))
        }
        for candidate in outcome.state.known.dropFirst() {
            try train(
                candidate, settings.trial, share: candidate.share,
                isTaught: settings.hasTeachers(generation: candidate.generation))
        }
        let isTaught = settings.hasTeachers
        for finalist in outcome.state.finals?.ended ?? [] {
            try train(finalist, settings.finish, share: finalist.share, isTaught: isTaught)
        }
        search = work.multiplyAccumulates
        teachers = isTaught ? poolArtifact.summary[Work.key]?.number : 0
        base = baseArtifact.summary[Work.key]?.number
    }

    /// Search and teachers, in trainings of the base.
    var baseTrainings: Double? {
        guard let teachers, let base, base > 0 else { return nil }
        return (search + teachers) / base
    }

    var json: JSON {
        [
            "search_macs": .number(search), "teachers_macs": teachers.map { .number($0) } ?? .null,
            "base_macs": base.map { .number($0) } ?? .null,
            "base_trainings": baseTrainings.map { .number($0) } ?? .null,
        ]
    }

    /// For people.
    var line: String {
        guard let baseTrainings, let teachers, let base else {
            let silent = [base == nil ? "the base" : nil, teachers == nil ? "the teachers" : nil].compactMap(\.self)
            let why =
                silent.isEmpty
                ? "the base computed nothing"
                : "no receipt says what the training of \(silent.joined(separator: " and ")) computed"
            return "what search and teachers cost in trainings of the base is not known: \(why)"
        }
        return "search and teachers computed as much as \(tenths(baseTrainings)) trainings of the base "
            + "(teachers \(tenths(teachers / base)), search \(tenths(search / base)))"
    }
}
