public import Basics
public import Detection
public import Devices
import Foundation
import Manifest
public import Search
import Training
import TrainingOptions

/// What `with:` of a `joint-search` stage says.
public struct JointSearchOptions: Codable, Sendable {
    public var settings: SearchSettings
    public var sampling: TrainingSettings
    /// Images that the base's latency is measured on, and how often.
    public var latencyImages: Int
    public var latencyRounds: Int
    /// A latency table to decide by, as an earlier search left it; nil to measure one.
    public var latencyTable: JSON?
    /// A lineage to go through again instead of searching; nil to search.
    public var replay: Lineage?
    public var precision: Precision
    /// Processes that train candidates, and threads of each; nil: this process trains them, one after the other, with all of
    /// its threads.
    public var workers: Workers?

    private static let latency = 0.7
    private static let candidates = 16

    public struct Workers: Codable, Sendable {
        public var count: Int
        /// nil: one. Results depend on it, not on the count.
        public var threads: Int?
    }

    init(_ reader: ConfigReader) {
        let standard = SearchSettings.Mode.joint
        let trial = reader.reader("trial", help: "a candidate's short training")
        let finish = reader.reader("finish", help: "a finalist's last training")
        let training = TrainingKeys(reader)
        let share = reader.optionalDouble(
            "latency", in: 0.05...1,
            help: "the latency to reach, as a share of the base's (default \(Self.latency), without 'latency_ms')",
            beyond: "give a share of the base's latency, as 0.5, or milliseconds as 'latency_ms'")
        let milliseconds = reader.optionalDouble(
            "latency_ms", in: 0.001...1e7,
            help: "the latency to reach, in milliseconds on this machine, instead of a share")
        let hours = reader.optionalDouble(
            "hours", in: 0.001...10_000,
            help: "no generation begins after so many hours, though candidates are left; the last trainings follow")
        let candidates = reader.optionalInt(
            "candidates", in: 1...100_000,
            help: "students that are trained: the search's budget (default \(Self.candidates), or what 'hours' allow)")
        settings = SearchSettings(
            mode: reader.choice("mode", default: standard, help: "what the search may change"),
            strategy: reader.choice(
                "strategy", default: SearchSettings.Strategy.pareto,
                help:
                    "how parents and moves are chosen: pareto (crowding distance, bandit), random, ucb (bandits for both); mode random overrides it"
            ),
            latencyTarget: share ?? Self.latency,
            latencyMargin: reader.double(
                "latency_margin", default: 0.03, in: 0...0.5, help: "how much below the target predictions must be"),
            candidates: candidates ?? (hours == nil ? Self.candidates : SearchSettings.unlimitedCandidates),
            childrenPerGeneration: reader.int(
                "children", default: 2, in: 1...1000, help: "students of a generation"),
            draws: reader.int(
                "draws", default: 4, in: 1...1000,
                help:
                    "students drawn for each that is trained: the one with the least loss is; 1 where all is drawn evenly"
            ),
            halvings: reader.int(
                "halvings", default: 0, in: 0...6,
                help: "how often the worse half of a generation's students is stopped before the end of their training"),
            hours: hours,
            descent: reader.double(
                "descent", default: 0.8, in: 0...1,
                help:
                    "share of the generations, or of the 'hours', over which the latency limit falls to the target (a pipeline has its own)"
            ),
            cutStep: reader.double(
                "cut_step", default: 0.25, in: 0.02...0.9, help: "share of a width that one cut takes"),
            leastWidth: reader.double(
                "least_width", default: 0.25, in: 0.02...1, help: "share of the base's widths that must stay"),
            importance: reader.choice(
                "importance", default: Importance.Measure.taylor, help: "which channels stay when a width is cut"),
            importanceBatches: reader.int(
                "importance_batches", default: 8, in: 1...10_000, help: "batches that importance is taken over"),
            trial: training.plan(trial, epochs: 1, leastEpochs: 0, learningRate: 0.005, warmUp: 10),
            finish: training.plan(finish, epochs: 6, leastEpochs: 0, learningRate: 0.005, warmUp: 10),
            finalists: reader.int(
                "finalists", default: 4, in: 1...64,
                help:
                    "students that are trained on at the end, the best ones within the target: again and again the worse half of "
                    + "them stops, until one is left"),
            distillation: DistillationSettings(
                reader.reader("distillation", help: "what students learn from their teachers")))
        settings.latencyMilliseconds = milliseconds
        if share != nil, milliseconds != nil {
            reader.report("latency_ms", "there is a 'latency' already", remedy: "give one of them")
        }
        if settings.halvings > 0, 1 << settings.halvings > settings.childrenPerGeneration {
            reader.report(
                "halvings",
                "\(settings.halvings) halvings want \(1 << settings.halvings) students in a generation; there are "
                    + "\(settings.childrenPerGeneration)", remedy: "give more 'children', or fewer halvings")
        }
        // All widths that stay as they are may be meant; hardly any that can be cut are not.
        if settings.leastWidth < 1, settings.cutStep > 1 - settings.leastWidth + 1e-9 {
            reader.report(
                reader.has("cut_step") ? "cut_step" : "least_width",
                "a width that loses a share of \(settings.cutStep) has less than its 'least_width' of \(settings.leastWidth): "
                    + "hardly any could be cut",
                remedy: "lower one of them; 'least_width: 1' leaves all widths as they are")
        }
        if settings.halvings > 0, settings.trial.epochs == 0 {
            reader.report(
                "halvings", "students that are not trained cannot be stopped early",
                remedy: "leave it out, or give 'trial' an epoch")
        }
        if settings.mode == .pipeline, settings.hours != nil {
            reader.report(
                "hours",
                "a pipeline's parts have their shares of the candidates, and hours could cut the last ones off",
                remedy: "leave it out")
        }
        if settings.mode == .pipeline, settings.generations < 3 {
            reader.report(
                "mode", "a pipeline has three parts, and there are \(settings.generations) generations",
                remedy: "give more 'candidates', or fewer 'children'")
        }
        sampling = TrainingSettings(reader)
        latencyImages = reader.int("latency_images", default: 12, in: 1...1000, help: "images to measure latency on")
        latencyRounds = reader.int(
            "latency_rounds", default: 3, in: 1...100, help: "passes over these images, in two halves")
        precision = reader.precision()
        let count = reader.optionalInt(
            "workers", in: 1...1024,
            help:
                "processes that train students at the same time; without it the stage trains them, one after the other")
        let threads = reader.optionalInt(
            "worker_threads", in: 1...1024,
            help:
                "threads of each worker (default 1); results depend on it, and not on the workers' number"
        )
        workers = count.map { Workers(count: $0, threads: threads) }
        if threads != nil, count == nil {
            reader.report(
                "worker_threads", "there are no workers that could have threads", remedy: "give 'workers' too")
        }
        replay = reader.optionalJSON(
            "replay", help: "lineage.json of an earlier search: makes its student again, alone, to the same bits"
        ) { try Lineage(json: $0, at: $1) }
        if settings.mode == .pipeline, settings.trial.epochs == 0, !reader.has("replay") {
            reader.report(
                "trial", "a pipeline's last part trains students on, and candidates are not trained",
                remedy: "give 'trial' an epoch")
        } else if settings.trial.epochs == 0, settings.finish.epochs == 0, !reader.has("replay") {
            reader.report(
                "finish", "neither candidates nor finalists are trained: students would stay as they were cut",
                remedy: "give 'trial' or 'finish' an epoch")
        }
        latencyTable = reader.optionalJSON(
            "latency_table",
            help:
                "latency-table.json of an earlier search on this device: of a base of the same architecture, decides as that one did; else "
                + "its operators are used if the machine is as fast as it was then"
        ) { json, place in
            _ = try LatencyTable(json: json, at: place)
            return json
        }
    }
}

extension ConfigReader {
    /// What a JSON file holds that may be left out; what is wrong with it is told at the key.
    fileprivate func optionalJSON<Value>(
        _ key: String, help: String, read: (_ json: JSON, _ place: String) throws -> Value
    ) -> Value? {
        guard let file = optionalFile(key, help: help) else { return nil }
        do {
            return try read(JSON(parsing: Data(contentsOf: file), at: file.path), file.path)
        } catch let failure as Failure {
            // Where in the file, if that is told.
            let place = failure.place.flatMap {
                $0 == file.path ? nil : $0.replacing(file.path, with: file.lastPathComponent)
            }
            report(key, [place, failure.what].compactMap(\.self).joined(separator: ": "), remedy: failure.remedy)
        } catch {
            report(key, "'\(file.lastPathComponent)' cannot be read: \(error)", remedy: "check the file's permissions")
        }
        return nil
    }
}
