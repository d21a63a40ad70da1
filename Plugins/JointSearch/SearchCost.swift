import Basics
import DetectorKit
import Forecasts
import Search
import StageKit
import Training

/// What a search's trainings computed, beside the trainings of its teachers and its base, in multiply-accumulates: the same
/// whatever the machine, and however often it was interrupted.
struct SearchCost {
    let search: Double
    /// Of the pool and of the base, as their receipts say; nil where they were not trained by a stage, or by one of an earlier
    /// version.
    let teachers: Double?
    let base: Double?

    /// - Parameter images: how many a training's epoch has.
    init(
        _ outcome: DetectorSearch.Outcome, _ settings: SearchSettings, images: Int, _ pool: ElasticPool,
        from poolArtifact: Artifact, base baseArtifact: Artifact
    ) throws {
        var looks: [TeacherChoice: Int] = [:]
        func look(of choice: TeacherChoice) throws -> Int {
            if let known = looks[choice] { return known }
            let cost = try pool.supernet.subnet(choice).graph.cost.multiplyAccumulates
            looks[choice] = cost
            return cost
        }
        var work = Work()
        for candidate in outcome.state.known.dropFirst() {
            let passes = candidate.share * Double(settings.trial.epochs * images)
            work.train(candidate.cost, images: passes, batch: settings.trial.batchSize)
            if settings.hasTeachers(generation: candidate.generation) {
                work.look(try look(of: candidate.teacher), images: passes)
            }
        }
        let passes = Double(settings.finish.epochs * images)
        work.train(outcome.student.cost, images: passes, batch: settings.finish.batchSize)
        if settings.mode != .noDistillation { work.look(try look(of: outcome.student.teacher), images: passes) }
        search = work.multiplyAccumulates
        teachers = poolArtifact.summary[Work.key]?.number
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

    /// For people; nil where the base's training is not known.
    var line: String? {
        guard let baseTrainings, let teachers, let base else { return nil }
        return "search and teachers computed as much as \(tenths(baseTrainings)) trainings of the base "
            + "(teachers \(tenths(teachers / base)), search \(tenths(search / base)))"
    }
}
