import Archive
import Basics
import Bundles
import CommandKit
import CompareModes
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
        Option("--json", "print it as JSON, which can be given to 'report compare' instead of the bundles"),
        Option("--markdown", "print the tables in Markdown"),
    ]
    let details = """
        Reads every evaluation of a search in the bundles, metrics.json files, or what --json has written; a search counts
        once, however often it is given or evaluated. Intervals are Student's, 95 %, over runs; modes are compared in pairs, over the bases that both started
        from. Students of evaluations of the same images are also held against bases and rivals over images, by drawing these
        with replacement. Where an interval includes zero the two are not distinguished. The cost of search and teachers is in
        trainings of the base, by multiply-accumulates.
        """

    func run(_ arguments: Arguments) throws -> Int32 {
        guard !(arguments.has("--json") && arguments.has("--markdown")) else {
            throw UsageError("--json and --markdown are two ways to print the same", remedy: "give one of them")
        }
        let runs = try arguments.operands.flatMap(runs)
        guard !runs.isEmpty else {
            throw Failure(
                "there is no evaluation of a search here", at: arguments.operands.joined(separator: ", "),
                remedy: "give bundles of jobs with joint-search and evaluate stages")
        }
        let comparison = try ModeComparison(runs, reference: arguments.value("--against") ?? "joint")
        for source in comparison.repeated {
            Terminal.error("notice: \(source) is of a search that was given before; it counts once")
        }
        let report = ComparisonReport(comparison)
        if let file = arguments.value("--out") {
            try DurableFile.write(report.page(title: "Searches compared").html, to: URL(filePath: file))
        }
        if arguments.has("--json") {
            Terminal.print(report.json.prettyText)
        } else {
            Terminal.print(arguments.has("--markdown") ? markdown(report) : text(report))
        }
        return 0
    }

    /// The runs that a file tells of; evaluations without a search are passed over in a bundle.
    private func runs(_ name: String) throws -> [ModeComparison.Run] {
        let url = URL(filePath: name)
        if name.hasSuffix(".json") {
            guard let data = try? Data(contentsOf: url) else {
                throw Failure("the metrics cannot be read", at: name, remedy: "check the name and permissions")
            }
            let json = try JSON(parsing: data, at: name)
            if json["format"]?.string == ModeComparison.format {
                return try ModeComparison.runs(recorded: json, source: name)
            }
            return [try ModeComparison.Run(metrics: json, source: url.lastPathComponent, at: name)]
        }
        let bundle = Bundles.Bundle(url)
        let members = try bundle.list().map(\.path).filter {
            $0 == "metrics.json" || ($0.hasSuffix("/metrics.json") && !$0.hasPrefix("receipts/"))
        }
        let runs = try members.compactMap { path -> ModeComparison.Run? in
            let place = "\(name): \(path)"
            let metrics = try JSON(parsing: bundle.data(of: path), at: place)
            guard let search = metrics["search"], !search.isNull else { return nil }
            // Where the bundle lies on this machine is nothing to be kept in a record, or told to others.
            return try ModeComparison.Run(metrics: metrics, source: "\(url.lastPathComponent): \(path)", at: place)
        }
        if runs.isEmpty {
            Terminal.error(
                "notice: \(name) holds no evaluation of a search and is left out: its job may have failed before")
        }
        return runs
    }

    private func text(_ report: ComparisonReport) -> String {
        let tables = report.tables.map {
            "\($0.title):\n" + Table(header: $0.header, rows: $0.rows, right: [1]).text(indent: 2)
        }
        return (tables + [report.caution].compactMap(\.self)).joined(separator: "\n\n")
    }

    private func markdown(_ report: ComparisonReport) -> String {
        let tables = report.tables.map {
            "\($0.title):\n\n" + Table(header: $0.header, rows: $0.rows, right: [1]).markdown()
        }
        return (tables + [report.caution].compactMap(\.self)).joined(separator: "\n\n")
    }
}
