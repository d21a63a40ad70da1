import Basics
import Foundation
public import Manifest
import Report
import Search
public import StageKit

/// Stage `compare-modes`: holds the searches of several modes against each other, in pairs over the bases that they started from.
///
/// The artifact holds `comparison.json` and `comparison.html`. Evaluations without a search are refused.
public struct CompareModes: StagePlugin {
    public init() {}

    public var name: String { "compare-modes" }
    public var version: Int { 1 }
    public var summary: String { "compares searches of several modes, in pairs over their bases; writes the report" }
    public var consumes: [InputRequirement] { [InputRequirement(.evaluation, atLeast: 2)] }
    public var produces: ArtifactKind { .evaluation }
    public var reuse: Reuse { .never }

    /// What `with:` of a `compare-modes` stage says.
    public struct Options: Codable, Sendable {
        /// The mode that the others are held against.
        public var against: String
    }

    public func options(_ reader: inout ConfigReader) -> Options? {
        Options(
            against: reader.choice(
                "against", default: SearchSettings.Mode.joint, help: "the mode that the others are held against"
            ).rawValue)
    }

    public func run(_ options: Options, _ context: StageContext) throws {
        let runs = try context.inputs.all(.evaluation).map { evaluation in
            let file = evaluation.directory.appending(path: "metrics.json")
            guard let data = try? Data(contentsOf: file) else {
                throw Failure(
                    "no metrics.json in this evaluation", at: evaluation.reference,
                    remedy: "name evaluate stages of joint-search stages in 'needs'")
            }
            return try ModeComparison.Run(
                metrics: JSON(parsing: data, at: file.path), source: evaluation.reference)
        }
        let comparison = try ModeComparison(runs, reference: options.against)
        for source in comparison.repeated {
            context.log("notice: \(source) is of a search that was given before; it counts once")
        }
        guard !comparison.differences.isEmpty else {
            throw Failure(
                "all runs have the mode '\(options.against)'", at: context.stage,
                remedy: "name evaluations of searches of two modes or more in 'needs'")
        }
        let report = ComparisonReport(comparison)
        let folder = context.output.directory
        try DurableFile.write(report.json.prettyText, to: folder.appending(path: "comparison.json"))
        try DurableFile.write(
            report.page(title: "Searches compared: \(context.job)").html,
            to: folder.appending(path: "comparison.html"))
        for member in ["comparison.json", "comparison.html"] { context.output.mark(member, bundle: true) }
        let lines = report.pairs.rows.map { row in
            row[2].isEmpty ? "\(row[0]): no base in common" : "\(row[0]): \(row[2]) AP over \(row[1]) bases, \(row[3])"
        }
        for line in lines { context.log(line) }
        context.output.summary = ["headline": .array(lines.map { .string($0) })]
        context.progress.report(fraction: 1, message: lines.first ?? "compared")
    }
}
