import Dataset
import DetectorKit
import Forecasts
import Search
public import StageKit
import Training

extension JointSearch {
    public func forecast(_ options: JointSearchOptions, _ inputs: [Prospect]) throws -> Forecast? {
        guard let data = inputs.first(.dataset), let images = data.images(SplitName.train),
            let base = try inputs.first(.detector)?.cost(backbones), let pool = inputs.first(.teacherPool)?.teachers
        else { return nil }
        let settings = options.settings
        let looked = try data.imagesToChooseBy
        // Students go from the base's size to the target's.
        // What milliseconds come to is known when the base has been measured.
        let share = settings.latencyMilliseconds == nil ? settings.latencyTarget : 0.5
        let student = base.scaled(by: share)
        let between = base.scaled(by: (1 + share) / 2)
        // Where the teacher is never changed it is the largest one.
        let teacher =
            settings.hasTeachers ? (settings.mode == .joint || settings.mode == .random ? pool.mean : pool.largest) : 0

        var search = Work()
        search.look(base.multiplyAccumulates, images: looked + Double(options.latencyImages * options.latencyRounds))
        // A replay trains the candidates of its lineage alone, as far as they had been.
        let candidates = Double(options.replay?.steps.count ?? settings.candidates)
        let wholes =
            options.replay.map { $0.steps.reduce(0) { $0 + ($1.share ?? 1) } } ?? candidates * settings.meanShare
        let trained = wholes * Double(settings.trial.epochs) * images
        search.train(between, images: trained, batch: settings.trial.batchSize)
        search.look(teacher, images: trained * settings.taughtShare)
        search.look(between.multiplyAccumulates, images: candidates * looked)
        if settings.drawsPerChild > 1, options.replay == nil {
            let batch = min(Double(settings.trial.batchSize), images)
            let seen = Double(settings.drawsPerChild * settings.importanceBatches) * batch
            search.look(between.multiplyAccumulates, images: candidates * seen)
        }

        let finalists = options.replay == nil ? min(settings.finalists, settings.candidates) : 1
        var finish = Work()
        let last = Double(settings.finish.epochs) * images * Finals.work(finalists)
        finish.train(student, images: last, batch: settings.finish.batchSize)
        finish.look(teacher, images: last)
        finish.look(student.multiplyAccumulates, images: looked * Double(Finals.looks(finalists)))
        return try Forecast(
            [search.phase(limit: settings.hours.map { $0 * 3600 }), finish.phase()],
            .search(base: base, student: student)
        ).needing(disk: JointSearch.states(of: settings, isReplay: options.replay != nil) * base.weightBytes)
    }

    /// How many times a detector's weights lie on the disk at most: each child of a generation with its optimiser's state beside who
    /// may become a finalist, or each finalist with its own, and those of the front.
    private static func states(of settings: SearchSettings, isReplay: Bool) -> Double {
        // No more than there are candidates; where no other student is fast enough the base is a finalist too.
        let children = isReplay ? 1 : Double(min(settings.childrenPerGeneration, settings.candidates))
        let finalists = isReplay ? 1 : Double(min(settings.finalists, settings.candidates + 1))
        return max(3 * children + finalists, 3 * finalists) + 4
    }
}

extension SearchSettings {
    /// The share of the generations in which teachers are asked.
    fileprivate var taughtShare: Double {
        guard mode == .pipeline else { return hasTeachers ? 1 : 0 }
        return Double((1...generations).count { hasTeachers(generation: $0) }) / Double(generations)
    }

    /// The share of a whole training that a candidate has on average: after each halving the worse half stops.
    fileprivate var meanShare: Double {
        var (sum, before, alive) = (0.0, 0.0, 1.0)
        for share in trialShares {
            sum += alive * (share - before)
            (before, alive) = (share, alive / 2)
        }
        return sum
    }
}
