import Basics
import Foundation

/// Searches of several modes from the same bases, compared in pairs: what one mode's student has more than another's, over the
/// bases that both were given.
public struct ModeComparison: Sendable {
    /// A mean with its 95 % interval, Student's; no interval of fewer than two numbers.
    public struct Estimate: Sendable, Hashable {
        public let count: Int
        public let mean: Double
        public let interval: ClosedRange<Double>?

        public init(_ values: [Double]) {
            count = values.count
            let n = Double(max(1, values.count))
            let mean = values.reduce(0, +) / n
            self.mean = mean
            guard values.count > 1 else {
                interval = nil
                return
            }
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
            let half = Self.quantile(values.count - 1) * (variance / n).squareRoot()
            // Numbers beyond all measure give none.
            interval = mean.isFinite && half.isFinite ? mean - half...mean + half : nil
        }

        /// Student's t, 97.5 %, by degrees of freedom.
        private static func quantile(_ freedom: Int) -> Double {
            let table = [
                12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
                2.131,
                2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
            ]
            return freedom <= table.count ? table[max(0, freedom - 1)] : 1.96 + 2.4 / Double(freedom)
        }
    }

    public enum Verdict: String, Sendable, Hashable {
        case better, worse
        case open = "not distinguished"
        /// There is no interval: of one run, or of none.
        case unknown = "no interval"

        /// Of all intervals that there are.
        init(_ intervals: ClosedRange<Double>?...) {
            let known = intervals.compactMap(\.self)
            if known.isEmpty {
                self = .unknown
            } else if known.allSatisfy({ $0.lowerBound > 0 }) {
                self = .better
            } else {
                self = known.allSatisfy { $0.upperBound < 0 } ? .worse : .open
            }
        }
    }

    public struct Mode: Sendable {
        public let name: String
        public let runs: [Run]
        /// Over bases, as all estimates here: several searches of one base are no independent trials, and count as their mean.
        public let precision: Estimate
        /// Over the base.
        public let gain: Estimate
        public let latency: Estimate?
        /// Runs whose students meet their target, of those that tell it; a measurement may be off by `tolerance`.
        public let within: (met: Int, known: Int)

        init(_ name: String, _ runs: [Run]) {
            self.name = name
            self.runs = runs
            precision = Estimate(ModeComparison.byBase(runs, \.precision))
            gain = Estimate(ModeComparison.byBase(runs) { $0.precision - $0.basePrecision })
            let latencies = ModeComparison.byBase(runs, \.latency)
            latency = latencies.isEmpty ? nil : Estimate(latencies)
            let told = runs.compactMap(\.meetsTarget)
            within = (told.count { $0 }, told.count)
        }
    }

    /// The share of its target by which a student may be measured slower and still meets it.
    public static let tolerance = 0.05

    /// What the reference's students have more than another detector of their own evaluation: the base, or a rival.
    public struct Advance: Sendable, Hashable {
        public let over: String
        /// Searches that were held against it.
        public let runs: Int
        /// Over bases.
        public let precision: Estimate
        /// Of that mean, over images: the middle 95 % of the drawings; nil where they were not made, or on other images.
        public let overImages: ClosedRange<Double>?
        public let verdict: Verdict
    }

    /// What students are held against first.
    public static let base = "the base"

    /// What the reference has more than another mode, over bases that both were given.
    public struct Difference: Sendable, Hashable {
        public let other: String
        /// Nil where there is no such base.
        public let precision: Estimate?
        public let verdict: Verdict
    }

    public let reference: String
    public let modes: [Mode]
    public let differences: [Difference]
    public let advances: [Advance]

    /// Evaluations of searches that another one was given of: each search counts once.
    public let repeated: [String]
    /// Rivals that evaluations of one student tell different APs of: the first one's count.
    public let disputed: [String]

    /// Refuses a reference that no run has, and evaluations of one base on different images. A search that is given twice counts once.
    public init(_ given: [Run], reference: String) throws {
        let (runs, repeated, disputed) = Self.distinct(given)
        (self.repeated, self.disputed) = (repeated, disputed)
        try Self.checkImages(of: runs)
        let names = Set(runs.map(\.mode)).sorted {
            ($0 == reference ? 0 : 1, $0) < ($1 == reference ? 0 : 1, $1)
        }
        guard names.first == reference else {
            throw Failure(
                "no search of mode '\(reference)' among the runs",
                remedy: "name one that is there to hold the others against: \(names.joined(separator: ", "))")
        }
        self.reference = reference
        modes = names.map { name in Mode(name, runs.filter { $0.mode == name }) }
        differences = names.dropFirst().map { other in
            let pairs = Self.pairs(runs, reference, other)
            let estimate = pairs.isEmpty ? nil : Estimate(pairs)
            return Difference(other: other, precision: estimate, verdict: Verdict(estimate?.interval))
        }
        let own = runs.filter { $0.mode == reference }
        let rivals = Set(own.flatMap(\.rivals.keys)).sorted()
        advances = ([Self.base] + rivals).map { name in
            let held = own.filter { name == Self.base || $0.rivals[name] != nil }
            let estimate = Estimate(
                Self.byBase(held) { $0.precision - (name == Self.base ? $0.basePrecision : $0.rivals[name] ?? .nan) })
            let images = Self.overImages(held, name)
            return Advance(
                over: name, runs: held.count, precision: estimate, overImages: images,
                verdict: Verdict(estimate.interval, images))
        }
    }

    /// Each search once, in whatever file, and however often its student was evaluated: the first evaluation counts, and what it does
    /// not tell is taken from the others. A replay, which trains a part of the candidates, makes the same student, and is not the search.
    private static func distinct(_ runs: [Run]) -> (kept: [Run], repeated: [String], disputed: [String]) {
        var places: [Run.Identity: Int] = [:]
        var kept: [Run] = []
        var repeated: [String] = []
        var disputed: Set<String> = []
        for run in runs {
            guard let place = places[run.identity] else {
                places[run.identity] = kept.count
                kept.append(run)
                continue
            }
            var (first, second) = (kept[place], run)
            if second.candidates ?? 0 > first.candidates ?? 0 { swap(&first, &second) }
            disputed.formUnion(first.rivals(disputedBy: second))
            kept[place] = first.completed(by: second)
            repeated.append(second.source)
        }
        return (kept, repeated, disputed.sorted())
    }

    /// The mean over each base's runs, in the order of bases.
    private static func byBase(_ runs: [Run], _ value: (Run) -> Double?) -> [Double] {
        Set(runs.map(\.base)).sorted().compactMap { base in
            let values = runs.filter { $0.base == base }.compactMap(value)
            return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
    }

    /// APs of one base on different images are no runs of the same kind, and no pairs.
    private static func checkImages(of runs: [Run]) throws {
        var first: [String: Run] = [:]
        for run in runs {
            guard let split = run.split else { continue }
            guard let other = first[run.base] else {
                first[run.base] = run
                continue
            }
            guard other.split == split else {
                throw Failure(
                    "searches of one base were evaluated on different images: \(other.source), \(run.source)",
                    remedy:
                        "leave one of them out: of 'needs', or of the files; metrics.json files of an unpacked bundle can be given alone"
                )
            }
        }
    }

    /// How sure the mean of the runs' changes is over the images that all of them were evaluated on.
    private static func overImages(_ runs: [Run], _ name: String) -> ClosedRange<Double>? {
        let changes = runs.compactMap { $0.resampled[name] }
        guard changes.count == runs.count, let split = runs.first?.split, runs.allSatisfy({ $0.split == split }) else {
            return nil
        }
        let bases = Dictionary(grouping: zip(runs, changes), by: \.0.base).sorted { $0.key < $1.key }
        return ResampledChanges.mean(bases.map { ResampledChanges.mean($0.value.map(\.1)) }).interval
    }

    /// For each base that both modes were given: the difference of their mean APs.
    private static func pairs(_ runs: [Run], _ a: String, _ b: String) -> [Double] {
        func bases(_ mode: String) -> Set<String> { Set(runs.filter { $0.mode == mode }.map(\.base)) }
        let common = bases(a).intersection(bases(b))
        func means(_ mode: String) -> [Double] {
            byBase(runs.filter { $0.mode == mode && common.contains($0.base) }, \.precision)
        }
        return zip(means(a), means(b)).map { $0 - $1 }
    }
}
