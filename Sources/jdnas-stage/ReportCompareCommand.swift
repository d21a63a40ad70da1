import Archive
import Basics
import Bundles
import CommandKit
import Foundation
import Report
import Search

struct ReportCompareCommand: Command {
    let name = "report compare"
    let summary = "compare searches of several modes: students' AP and latency, in pairs over the bases that they share"
    let operands = "BUNDLE|FILE…"
    let arity = 1...10_000
    let options = [
        Option("--against", value: "MODE", "the mode that the others are held against (default joint)"),
        Option("--out", value: "FILE.html", "write a page with tables and a plot"),
        Option("--json", "print it as JSON"),
    ]
    let details = """
        Reads every evaluation of a search in the bundles, or metrics.json files. Runs are paired by the base that they started
        from. Intervals are Student's, 95 %, over bases; where one includes zero the modes are not distinguished.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        let runs = try arguments.operands.flatMap(runs)
        guard !runs.isEmpty else {
            throw Failure(
                "there is no evaluation of a search here", at: arguments.operands.joined(separator: ", "),
                remedy: "give bundles of jobs with joint-search and evaluate stages")
        }
        let comparison = try ModeComparison(runs, reference: arguments.value("--against") ?? "joint")
        if let file = arguments.value("--out") {
            try DurableFile.write(page(comparison).html, to: URL(filePath: file))
        }
        Terminal.print(arguments.has("--json") ? json(comparison).prettyText : text(comparison))
        return 0
    }

    /// The runs that a file tells of; evaluations without a search are passed over in a bundle.
    private func runs(_ name: String) throws -> [ModeComparison.Run] {
        let url = URL(filePath: name)
        if name.hasSuffix(".json") {
            guard let data = try? Data(contentsOf: url) else {
                throw Failure("the metrics cannot be read", at: name, remedy: "check the name and permissions")
            }
            return [try ModeComparison.Run(metrics: JSON(parsing: data, at: name), source: name)]
        }
        let bundle = Bundles.Bundle(url)
        let members = try bundle.list().map(\.path).filter {
            $0 == "metrics.json" || ($0.hasSuffix("/metrics.json") && !$0.hasPrefix("receipts/"))
        }
        return try members.compactMap { path in
            let place = "\(name): \(path)"
            let metrics = try JSON(parsing: bundle.data(of: path), at: place)
            guard let search = metrics["search"], !search.isNull else { return nil }
            return try ModeComparison.Run(metrics: metrics, source: place)
        }
    }

    private func points(_ estimate: ModeComparison.Estimate, signed: Bool = false) -> String {
        let format = signed ? "%+.1f" : "%.1f"
        let mean = String(format: format, 100 * estimate.mean)
        guard let interval = estimate.interval else { return mean }
        return mean
            + String(format: " [\(format), \(format)]", 100 * interval.lowerBound, 100 * interval.upperBound)
    }

    private func rows(_ comparison: ModeComparison) -> (modes: [[String]], differences: [[String]]) {
        (
            comparison.modes.map { mode in
                [
                    mode.name, "\(mode.runs.count)", points(mode.precision), points(mode.gain, signed: true),
                    mode.latency.map { "\(tenths(100 * $0.mean)) %" } ?? "",
                    Set(mode.runs.compactMap(\.candidates)).sorted().map(String.init).joined(separator: ", "),
                ]
            },
            comparison.differences.map { difference in
                [
                    "\(comparison.reference) - \(difference.other)", "\(difference.precision.count)",
                    points(difference.precision, signed: true), difference.verdict.rawValue,
                ]
            }
        )
    }

    private static let modeHeader = ["mode", "runs", "AP", "over the base", "latency", "candidates"]
    private static let differenceHeader = ["", "pairs", "AP", ""]

    private func text(_ comparison: ModeComparison) -> String {
        let rows = rows(comparison)
        return Table(header: Self.modeHeader, rows: rows.modes, right: [1]).text() + "\n\n"
            + Table(header: Self.differenceHeader, rows: rows.differences, right: [1]).text()
    }

    private func page(_ comparison: ModeComparison) -> ComparisonPage {
        let rows = rows(comparison)
        let bases = Set(comparison.modes.flatMap(\.runs).map(\.base)).count
        return ComparisonPage(
            title: "Searches compared",
            lead: "\(comparison.modes.map(\.runs.count).reduce(0, +)) searches of \(comparison.modes.count) modes from "
                + "\(bases) bases. Means with 95 % intervals; where an interval includes zero the modes are not distinguished.",
            tables: [
                .init(title: "The students", header: Self.modeHeader, rows: rows.modes),
                .init(
                    title: "In pairs, over bases that both were given", header: Self.differenceHeader,
                    rows: rows.differences),
            ],
            groups: comparison.modes.map { mode in
                .init(name: mode.name, values: mode.runs.map { 100 * $0.precision })
            }, axis: "AP of the student")
    }

    private func json(_ comparison: ModeComparison) -> JSON {
        func value(_ estimate: ModeComparison.Estimate) -> JSON {
            [
                "count": .integer(estimate.count), "mean": .number(estimate.mean),
                "interval": estimate.interval.map { [.number($0.lowerBound), .number($0.upperBound)] } ?? .null,
            ]
        }
        return [
            "format": "jdnas-mode-comparison/1", "reference": .string(comparison.reference),
            "modes": .array(
                comparison.modes.map { mode in
                    [
                        "mode": .string(mode.name), "ap": value(mode.precision), "ap_over_base": value(mode.gain),
                        "latency": mode.latency.map(value) ?? .null,
                        "runs": .array(
                            mode.runs.map { run in
                                [
                                    "source": .string(run.source), "base": .string(run.base),
                                    "base_ap": .number(run.basePrecision), "ap": .number(run.precision),
                                    "latency": run.latency.map { .number($0) } ?? .null,
                                ]
                            }),
                    ]
                }),
            "differences": .array(
                comparison.differences.map {
                    [
                        "other": .string($0.other), "ap": value($0.precision), "verdict": .string($0.verdict.rawValue),
                    ]
                }),
        ]
    }
}
