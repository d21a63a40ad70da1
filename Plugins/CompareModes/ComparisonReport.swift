public import Basics
import Foundation
public import Report
public import Search

/// A comparison of modes for people and for programs.
public struct ComparisonReport {
    public let comparison: ModeComparison

    public init(_ comparison: ModeComparison) { self.comparison = comparison }

    public var tables: [ComparisonPage.Table] {
        [students, advances] + (comparison.differences.isEmpty ? [] : [pairs]) + [runs]
    }

    /// A row for each mode.
    public var students: ComparisonPage.Table {
        ComparisonPage.Table(
            title: "The students",
            header: [
                "mode", "runs", "AP", "over the base", "share of the base's latency",
                "within the target (+\(Int(100 * ModeComparison.tolerance)) %)", "candidates",
            ],
            rows: comparison.modes.map { mode in
                [
                    mode.name, "\(mode.runs.count)", points(mode.precision), points(mode.gain, signed: true),
                    mode.latency.map { "\(tenths(100 * $0.mean)) %" } ?? "",
                    mode.within.known > 0 ? "\(mode.within.met) of \(mode.within.known)" : "",
                    Set(mode.runs.compactMap(\.candidates)).sorted().map(String.init).joined(separator: ", "),
                ]
            })
    }

    /// A row for each mode that the reference is held against.
    public var pairs: ComparisonPage.Table {
        ComparisonPage.Table(
            title: "In pairs, over bases that both were given", header: ["modes", "pairs", "AP gained", "verdict"],
            rows: comparison.differences.map { difference in
                [
                    "\(comparison.reference) - \(difference.other)", "\(difference.precision?.count ?? 0)",
                    difference.precision.map { points($0, signed: true) } ?? "", difference.verdict.rawValue,
                ]
            })
    }

    /// A row for each detector that the reference's own students are held against.
    public var advances: ComparisonPage.Table {
        ComparisonPage.Table(
            title: "What the students of \(comparison.reference) gained",
            header: ["over", "runs", "AP gained", "interval over images", "verdict"],
            rows: comparison.advances.map { advance in
                [
                    advance.over, "\(advance.runs)", points(advance.precision, signed: true),
                    advance.overImages.map { bounds($0, signed: true) } ?? "", advance.verdict.rawValue,
                ]
            })
    }

    /// A row for each run: APs of the base, of what else was evaluated beside the student, and of the student; what is not known
    /// stays empty.
    public var runs: ComparisonPage.Table {
        let all = comparison.modes.flatMap(\.runs)
        let rivals = Set(all.flatMap(\.rivals.keys)).sorted()
        return ComparisonPage.Table(
            title: "Run by run",
            header: ["mode", "AP of the base"] + rivals + [
                "student", "share of the base's latency", "cost in base trainings", "evaluation",
            ],
            rows: all.map { run in
                let others = rivals.map { run.rivals[$0].map { tenths(100 * $0) } ?? "" }
                return [run.mode, tenths(100 * run.basePrecision)] + others + [
                    tenths(100 * run.precision), run.latency.map { "\(tenths(100 * $0)) %" } ?? "",
                    run.cost.map(tenths) ?? "", run.source,
                ]
            })
    }

    /// What APs alone do not tell; nil where nothing is in the way of comparing them.
    public var caution: String? {
        let all = comparison.modes.flatMap(\.runs)
        var remarks: [String] = []
        let late = comparison.modes.filter { $0.within.met < $0.within.known }.map(\.name)
        if !late.isEmpty {
            remarks.append("Not all students of \(late.joined(separator: ", ")) meet their latency target.")
        }
        let budgets = Set(all.compactMap(\.candidates)).sorted()
        if budgets.count > 1 {
            remarks.append("Searches trained \(budgets.map(String.init).joined(separator: ", ")) candidates.")
        }
        let several = comparison.modes.filter { $0.precision.count < $0.runs.count }.map(\.name)
        if !several.isEmpty {
            remarks.append(
                "Of \(several.joined(separator: ", ")) several searches are of one base: intervals are over bases.")
        }
        if Set(all.compactMap(\.split)).count > 1 { remarks.append("Runs are evaluated on different images.") }
        if !comparison.disputed.isEmpty {
            remarks.append(
                "Evaluations of one student tell different APs of \(comparison.disputed.joined(separator: ", ")): "
                    + "the first one's are taken.")
        }
        // Milliseconds are another share of the base's latency each time that it is measured.
        let targets = all.compactMap(\.target)
        if let least = targets.min(), let most = targets.max(), most > least * (1 + ModeComparison.tolerance) {
            remarks.append("Targets differ: \(tenths(100 * least)) to \(tenths(100 * most)) % of the base's latency.")
        }
        return remarks.isEmpty ? nil : (remarks + ["Compare with care."]).joined(separator: " ")
    }

    private func points(_ estimate: ModeComparison.Estimate, signed: Bool = false) -> String {
        let format = signed ? "%+.1f" : "%.1f"
        let mean = String(format: format, 100 * estimate.mean)
        return estimate.interval.map { "\(mean) \(bounds($0, signed: signed))" } ?? mean
    }

    private func bounds(_ interval: ClosedRange<Double>, signed: Bool) -> String {
        let format = signed ? "%+.1f" : "%.1f"
        return String(format: "[\(format), \(format)]", 100 * interval.lowerBound, 100 * interval.upperBound)
    }

    /// Tables, and every run as a point: by AP, and by AP and latency.
    public func page(title: String) -> ComparisonPage {
        let bases = Set(comparison.modes.flatMap(\.runs).map(\.base)).count
        return ComparisonPage(
            title: title,
            lead: "\(comparison.modes.map(\.runs.count).reduce(0, +)) searches of \(comparison.modes.count) modes from "
                + "\(bases) bases. Means with 95 % intervals; where an interval includes zero the modes are not distinguished."
                + (caution.map { " \($0)" } ?? ""),
            tables: tables,
            groups: comparison.modes.map { mode in
                .init(
                    name: mode.name,
                    values: mode.runs.map { .init(100 * $0.precision, at: $0.latency.map { 100 * $0 }) })
            }, axis: "AP of the student", costAxis: "% of the base's latency")
    }

    public var json: JSON {
        func value(_ estimate: ModeComparison.Estimate) -> JSON {
            [
                "count": .integer(estimate.count), "mean": .number(estimate.mean),
                "interval": estimate.interval.map { [.number($0.lowerBound), .number($0.upperBound)] } ?? .null,
            ]
        }
        return [
            "format": .string(ModeComparison.format), "reference": .string(comparison.reference),
            "modes": .array(
                comparison.modes.map { mode in
                    [
                        "mode": .string(mode.name), "ap": value(mode.precision), "ap_over_base": value(mode.gain),
                        "latency": mode.latency.map(value) ?? .null,
                        "within_target": .integer(mode.within.met), "targets_known": .integer(mode.within.known),
                        "runs": .array(mode.runs.map(\.json)),
                    ]
                }),
            "advances": .array(
                comparison.advances.map {
                    [
                        "over": .string($0.over), "ap": value($0.precision),
                        "interval_over_images": $0.overImages.map { [.number($0.lowerBound), .number($0.upperBound)] }
                            ?? .null,
                        "verdict": .string($0.verdict.rawValue),
                    ]
                }),
            "differences": .array(
                comparison.differences.map {
                    [
                        "other": .string($0.other), "ap": $0.precision.map(value) ?? .null,
                        "verdict": .string($0.verdict.rawValue),
                    ]
                }),
        ]
    }
}
