public import Basics

extension ModeComparison {
    /// A search's student, as an evaluation measured it.
    public struct Run: Sendable, Hashable {
        public private(set) var source: String
        public let mode: String
        /// Tells the base that it started from.
        public let base: String
        /// Tells the student; nil in evaluations before version 7.
        public let student: String?
        /// AP of base and student, 0 to 1, on the split of the evaluation.
        public let basePrecision: Double
        public let precision: Double
        /// The student's measured latency as a share of the base's; nil where it was not measured.
        public private(set) var latency: Double?
        /// The share that the search was to come to; nil where it is not told.
        public private(set) var target: Double?
        public let candidates: Int?
        /// AP of other detectors on the same images, by name: the base trained on, say.
        public private(set) var rivals: [String: Double]
        /// What search and teachers computed in training, in trainings of the base; nil where that is not known.
        public let cost: Double?
        /// Tells the images and objects of the evaluation.
        public let split: String?
        /// The student's change on drawings of the images, by what it is held against: `ModeComparison.base`, or a rival's name.
        public private(set) var resampled: [String: ResampledChanges]

        /// What tells whether it is the same search's student on the same images as another's. An evaluation that does not name the
        /// student's weights is the same only if all that it measured is.
        enum Identity: Hashable {
            case student(mode: String, base: String, student: String, split: String?)
            case evaluation(Run)
        }

        var identity: Identity {
            if let student { return .student(mode: mode, base: base, student: student, split: split) }
            var run = self
            run.source = ""
            return .evaluation(run)
        }

        /// With what another evaluation of the same student tells besides: rivals, drawings of the images, a latency.
        func completed(by other: Run) -> Run {
            var run = self
            let disputed = rivals(disputedBy: other)
            run.rivals.merge(other.rivals) { own, _ in own }
            // Drawings are of the detector whose AP is told.
            run.resampled.merge(other.resampled.filter { !disputed.contains($0.key) }) {
                $0.values.count < $1.values.count ? $1 : $0
            }
            if run.latency == nil { (run.latency, run.target) = (other.latency, other.target) }
            return run
        }

        /// Rivals that another evaluation of the same student has another AP of: they are other detectors by the same name. (Of
        /// one detector another machine's AP differs in its last digits.)
        func rivals(disputedBy other: Run) -> [String] {
            rivals.filter { name, own in other.rivals[name].map { abs($0 - own) > 1e-3 } ?? false }.keys.sorted()
        }

        /// Whether the student is as fast as it was to be, as measured; nil where that is not known.
        public var meetsTarget: Bool? {
            guard let latency, let target else { return nil }
            return latency <= target * (1 + ModeComparison.tolerance)
        }

        /// From `metrics.json` of an evaluation of a search's result.
        ///
        /// - Parameter place: what errors name, if not the source.
        public init(metrics json: JSON, source: String, at place: String? = nil) throws {
            func damaged(_ what: String, _ remedy: String) -> Failure {
                Failure("these metrics tell no \(what)", at: place ?? source, remedy: remedy)
            }
            guard json["format"]?.string == "jdnas-metrics/1" else {
                throw damaged("format that is known ('jdnas-metrics/1')", "give an evaluation's metrics.json")
            }
            guard let mode = json["search"]?["mode"]?.string, let base = json["search"]?["base"]?.string else {
                throw damaged("search", "evaluate the result of a joint-search stage, with this version")
            }
            guard let before = json["base"]?["ap"]?.number, let after = json["student"]?["ap"]?.number else {
                throw damaged("base and student", "evaluate both")
            }
            self.source = source
            self.mode = mode
            self.base = base
            student = json["search"]?["student"]?.string
            basePrecision = before
            precision = after
            let latencies = ["base", "student"].compactMap { json[$0]?["latency_ms"]?["median"]?.number }
            let isMeasured = latencies.count == 2 && latencies[0] > 0
            latency = isMeasured ? latencies[1] / latencies[0] : nil
            // Milliseconds are a share of the base's latency as it is measured here, not as the search measured it.
            let wanted = isMeasured ? json["search"]?["target_ms"]?.number : nil
            target = wanted.map { $0 / latencies[0] } ?? json["search"]?["target"]?.number
            candidates = json["search"]?["candidates"]?.integer
            let others = json["rivals"]?.object ?? [:]
            rivals = others.compactMapValues { $0["ap"]?.number }
            cost = json["search"]?["cost"]?["base_trainings"]?.number
            split = json["split"]?["digest"]?.string
            resampled = others.merging([ModeComparison.base: json]) { $1 }
                .compactMapValues { $0["change"]?["resampled"].flatMap { ResampledChanges(json: $0) } }
        }

        /// From a comparison's own record, as `json` and `ModeComparison.runs(recorded:)` have it.
        init?(recorded json: JSON, mode: String) {
            guard let source = json["source"]?.string, let base = json["base"]?.string,
                let before = json["base_ap"]?.number, let after = json["ap"]?.number
            else { return nil }
            self.source = source
            self.mode = mode
            self.base = base
            student = json["student"]?.string
            (basePrecision, precision) = (before, after)
            latency = json["latency"]?.number
            target = json["target"]?.number
            candidates = json["candidates"]?.integer
            rivals = (json["rivals"]?.object ?? [:]).compactMapValues(\.number)
            cost = json["cost"]?.number
            split = json["split"]?.string
            resampled = (json["resampled"]?.object ?? [:]).compactMapValues { ResampledChanges(json: $0) }
        }

        /// For a comparison's record.
        public var json: JSON {
            [
                "source": .string(source), "base": .string(base),
                "student": student.map { .string($0) } ?? .null, "base_ap": .number(basePrecision),
                "ap": .number(precision), "latency": latency.map { .number($0) } ?? .null,
                "target": target.map { .number($0) } ?? .null,
                "candidates": candidates.map { .integer($0) } ?? .null,
                "rivals": .object(rivals.mapValues { .number($0) }),
                "cost": cost.map { .number($0) } ?? .null, "split": split.map { .string($0) } ?? .null,
                "resampled": .object(resampled.mapValues(\.json)),
            ]
        }
    }

    public static let format = "jdnas-mode-comparison/1"

    /// The runs that a comparison's record (`jdnas report compare --json`) was made of.
    public static func runs(recorded json: JSON, source: String) throws -> [Run] {
        func damaged() -> Failure {
            Failure(
                "this comparison is damaged", at: source, remedy: "write it anew: jdnas report compare --json BUNDLE…")
        }
        guard let modes = json["modes"]?.array else { throw damaged() }
        return try modes.flatMap { entry in
            guard let mode = entry["mode"]?.string, let runs = entry["runs"]?.array else { throw damaged() }
            return try runs.map { run in
                guard let run = Run(recorded: run, mode: mode) else { throw damaged() }
                return run
            }
        }
    }
}
