import Basics
import COCOMetrics
import Dataset
import Detection
public import DetectorKit
import Foundation
import Images
public import Manifest
import Report
import Search
public import StageKit
import Tensor
import Training

/// Stage `evaluate`: measures base and student on images that the search has not seen, and writes the report.
///
/// The artifact holds `metrics.json`, `report.html`, `detections/<name>.json` (COCO's results format, with the data
/// set's own ids), the detectors `base/` and `student/`, and the search's `history.jsonl`. With the search's
/// teacher pool among the inputs the student's teacher is measured too. The student is held
/// against detectors that are not the search's base as well. What an earlier evaluation among the inputs measured of the same
/// detector on the same images is not measured again, but for latencies.
public struct Evaluate: StagePlugin {
    let backbones: BackboneCatalog

    public init(backbones: BackboneCatalog) { self.backbones = backbones }

    public var name: String { "evaluate" }
    /// To be raised by whatever changes a bit of detections, which are taken over from earlier evaluations of this version. 9: they
    /// are, and what was measured is named.
    public var version: Int { 9 }
    public var summary: String { "measures base and student: COCO metrics, cost, latency; writes the report" }
    public var consumes: [InputRequirement] {
        [
            InputRequirement(.dataset), InputRequirement(.detector, required: false, several: true),
            InputRequirement(.searchResult, required: false), InputRequirement(.teacherPool, required: false),
            InputRequirement(.evaluation, required: false, several: true),
        ]
    }
    public var produces: ArtifactKind { .evaluation }
    public var reuse: Reuse { .never }

    public func options(_ reader: inout ConfigReader) -> EvaluateOptions? { EvaluateOptions(reader) }

    public func run(_ options: EvaluateOptions, _ context: StageContext) throws {
        Compute.prepare(threads: context.threads, precision: options.precision, notice: context.log)
        let data = try PackedDataset(context.inputs.require(.dataset).directory)
        let split = try data.split(options.split)
        let search = try context.inputs.first(.searchResult).map { try SearchRecord($0.directory, summary: $0.summary) }
        let contenders = try contenders(search, data, context)

        let truth = split.groundTruth
        let device = DeviceIdentity.current(threads: context.threads)
        var assessed = try evaluate(contenders, on: split, of: data.digest, device, context)
        try measure(contenders, &assessed, on: split, options, context)
        let comparisons = try compare(assessed, truth, options, context)
        let pictures = try pictures(assessed, truth, split, options)

        let metrics = try MetricsFile(
            job: context.job, split: split.name, truth: truth, assessed: assessed, comparisons: comparisons,
            search: search, device: device)
        let report = try ReportBuilder(
            job: context.job, metrics: metrics, search: search, pictures: pictures, options: options,
            inputs: context.inputs.artifacts, base: contenders.first { $0.role == .base }?.artifact
        ).content
        try write(metrics, report, contenders, assessed, data.categories, context)
        context.progress.report(
            fraction: 1, message: (report.headlineLines + metrics.rivalLines).joined(separator: "; "))
    }

    /// COCO metrics of each detector, over all images.
    private func evaluate(
        _ contenders: [Contender], on split: DatasetSplit, of images: Digest, _ device: DeviceIdentity,
        _ context: StageContext
    ) throws -> [Assessment] {
        let earlier = EarlierEvaluations(context.inputs.all(.evaluation), notice: context.log)
        return try contenders.enumerated().map { index, contender in
            let measured = try contender.measured(on: split, of: images, device, version: version)
            if let taken = earlier.found(measured, split.groundTruth) {
                context.log("\(contender.role): AP \(taken.result.averagePrecision), as '\(taken.source)' measured it")
                return try Assessment(contender, measured, taken.result, taken.detections)
            }
            let evaluation = try evaluateDetector(contender.detector, on: split) { done in
                try context.checkCancelled()
                context.progress.report(
                    fraction: 0.7 * (Double(index) + done) / Double(contenders.count),
                    message: "\(contender.role) on \(split.count) images of '\(split.name)'")
            }
            context.log("\(contender.role): AP \(evaluation.averagePrecision)")
            return try Assessment(contender, measured, evaluation.result, evaluation.detections)
        }
    }

    /// Latency of all detectors, interleaved, on images spread over the split.
    private func measure(
        _ contenders: [Contender], _ assessed: inout [Assessment], on split: DatasetSplit, _ options: EvaluateOptions,
        _ context: StageContext
    ) throws {
        let images = try spread(options.latencyImages, over: split.count).map { index in
            let image = try split.image(index)
            return ImagePlanes(width: image.width, height: image.height, pixels: image.pixels)
        }
        // Of detectors whose detections were taken over no kernel has been made in this process.
        let figures = try measureLatency(
            of: contenders.map(\.detector), images: images, rounds: options.latencyRounds,
            warmUp: max(5, images.count)
        ) { done in
            try context.checkCancelled()
            context.progress.report(
                fraction: 0.7 + 0.15 * done,
                message: "latency: \(images.count) images, \(options.latencyRounds) rounds")
        }
        for (index, latency) in figures.enumerated() { assessed[index].latency = latency }
    }

    /// How sure the changes of AP are, over images, from the base to the student and from each rival to it.
    private func compare(
        _ assessed: [Assessment], _ truth: GroundTruth, _ options: EvaluateOptions, _ context: StageContext
    ) throws -> [Comparison] {
        guard let student = assessed.first(.student) else { return [] }
        let others = assessed.filter { $0.role == .base || $0.role.rivalName != nil }
        return try others.enumerated().map { index, other in
            let changes = try PairedBootstrap(truth, other.detections, student.detections).changes(
                resamples: options.bootstrap
            ) { done in
                try context.checkCancelled()
                context.progress.report(
                    fraction: 0.85 + 0.1 * (Double(index) + done) / Double(others.count),
                    message: "how sure the change of AP is")
            }
            if changes.values.isEmpty, options.bootstrap > 0 {
                context.log(
                    "notice: there is no interval of the change from \(other.role): that takes two images, and "
                        + "\(ResampledChanges.least) drawings of them or more ('bootstrap')")
            } else if changes.values.count < options.bootstrap {
                context.log(
                    "notice: the interval of the change from \(other.role) is of \(changes.values.count) drawings of the images "
                        + "instead of \(options.bootstrap): there are many detections")
            }
            return Comparison(other, student: student, changes)
        }
    }

    private func write(
        _ metrics: MetricsFile, _ report: ReportContent, _ contenders: [Contender], _ assessed: [Assessment],
        _ categories: [Dataset.Category], _ context: StageContext
    ) throws {
        let folder = context.output.directory
        let detections = folder.appending(path: "detections")
        try FileManager.default.createDirectory(at: detections, withIntermediateDirectories: true)
        for (contender, assessment) in zip(contenders, assessed) {
            try DurableFile.write(
                DetectionRecord.write(assessment.detections),
                to: detections.appending(path: "\(contender.role).json"))
            guard [.base, .student].contains(contender.role) else { continue }
            try DetectorFiles.write(contender.detector, to: folder.appending(path: "\(contender.role)"))
            try DetectorFiles.write(categories, to: folder.appending(path: "\(contender.role)"))
            context.output.mark("\(contender.role)", bundle: true)
        }
        if let history = context.inputs.first(.searchResult)?.directory.appending(path: SearchRecord.historyName) {
            try DurableFile.write(Data(contentsOf: history), to: folder.appending(path: SearchRecord.historyName))
        }
        try DurableFile.write(metrics.json.prettyText, to: folder.appending(path: "metrics.json"))
        try DurableFile.write(report.html, to: folder.appending(path: "report.html"))
        for member in ["detections", "metrics.json", "report.html", SearchRecord.historyName] {
            context.output.mark(member, bundle: true)
        }
        context.output.summary = metrics.summary(
            headline: ["AP on '\(metrics.split)', \(metrics.truth.images.count) images"] + report.headlineLines
                + metrics.rivalLines)
    }
}

/// `wanted` places, or all, evenly over 0..<count.
func spread(_ wanted: Int, over count: Int) -> [Int] {
    let number = min(wanted, count)
    return (0..<number).map { $0 * count / number }
}
