import Basics
import COCOMetrics
import Foundation
import Report
import StageKit
import Training

/// Puts an evaluation into the report's plain values.
struct ReportBuilder {
    let job: String
    let metrics: MetricsFile
    let search: SearchRecord?
    let pictures: (pictures: [MarkedPicture], markings: Markings)
    let options: EvaluateOptions
    let inputs: [Artifact]
    /// What the base was given as; nil where it is a part of the search's result.
    let base: Artifact?

    var content: ReportContent {
        get throws {
            var content = ReportContent(title: job)
            let truth = metrics.truth
            content.about = [
                Fact(
                    "evaluated on",
                    "‘\(metrics.split)’: \(truth.images.count) images, "
                        + "\(truth.annotations.count { !$0.isCrowd }) objects"),
                Fact(
                    "finished", Date().formatted(.iso8601.year().month().day().time(includingFractionalSeconds: false))),
            ]
            content.base = try metrics.assessed.first(.base).map(figures)
            content.student = try metrics.assessed.first(.student).map(figures)
            content.teacher = try metrics.assessed.first(.teacher).map(figures)
            content.search = search?.figures
            content.training = try base.map { try BaseTraining($0.directory).charts } ?? []
            content.pictures = pictures.pictures
            content.pictureThreshold = options.scoreThreshold
            content.predictions = predictions
            content.notes = notes
            content.latencyMethod =
                "The whole detector on one image at a time, from decoded pixels to boxes: "
                + "\(min(options.latencyImages, truth.images.count)) images, \(options.latencyRounds) rounds, the "
                + "detectors in turn on each image."
            content.device = [
                Fact("processor", metrics.device.processor),
                Fact("instruction set", metrics.device.instructionSet),
                Fact("libraries", metrics.device.libraries),
                Fact("threads", String(metrics.device.threads)),
            ]
            content.settings = try settings
            return content
        }
    }

    private func figures(_ assessment: Assessment) throws -> ModelFigures {
        var figures = ModelFigures()
        figures.architecture = assessment.architecture
        figures.stats = assessment.result.stats
        figures.classes = assessment.result.perCategory.map(ClassFigures.init)
        figures.found = pictures.markings.found(assessment.role)
        figures.errors = try errors(assessment)
        figures.parameters = assessment.parameters
        figures.macs = assessment.macs
        figures.latency = assessment.latency.map {
            MeasuredLatency(median: $0.median, p95: $0.p95, count: $0.samples.count)
        }
        return figures
    }

    /// Counts at the pictures' threshold, costs over all detections.
    private func errors(_ assessment: Assessment) throws -> [ErrorKind] {
        let shown = assessment.detections.filter { $0.score >= options.scoreThreshold }
        let counts = try errorBreakdown(metrics.truth, shown).counts
        return ErrorBreakdown.Kind.allCases.map { kind in
            ErrorKind(
                name: kind.name, explanation: kind.explanation, count: counts[kind] ?? 0,
                cost: metrics.errors[assessment.role]?.cost[kind])
        }
    }

    private var predictions: [LatencyPrediction] {
        guard let search else { return [] }
        return [(Role.base, 0 as Int?), (.student, search.student)].compactMap { role, candidate in
            guard let predicted = search.predictedLatency(candidate),
                let measured = metrics.assessed.first(role)?.latency?.median
            else { return nil }
            return LatencyPrediction(name: "\(role)", predicted: predicted, measured: measured)
        }
    }

    /// What a reader should know before trusting the figures.
    private var notes: [String] {
        var notes: [String] = []
        if let comparison = metrics.comparison, let interval = comparison.interval {
            let range = "\(signedPoints(interval.lowerBound)) to \(signedPoints(interval.upperBound))"
            if interval.contains(0) {
                notes.append(
                    "On these \(metrics.truth.images.count) images the change of \(signedPoints(comparison.averagePrecision)) "
                        + "AP points is not distinguished from none: drawing other images gives \(range) (95 %).")
            } else {
                notes.append("Drawing other images gives a change of \(range) AP points (95 %).")
            }
        }
        notes += metrics.rivalLines.map { $0.prefix(1).uppercased() + $0.dropFirst() + "." }
        if let search, search.student == 0 {
            notes.append(
                search.figures.finished == nil
                    ? "The search found nothing better: the student is the base."
                    : "The search found nothing better than the base trained on: that is the student.")
        }
        if search?.summary["meets_target"]?.bool == false {
            notes.append(
                search?.summary["ended_by"]?.string == "replay"
                    ? "By the latencies of now the lineage's student misses the search's target."
                    : "No candidate met the search's latency target: the student is the fastest of the front.")
        }
        for prediction in predictions where abs(prediction.error) > 0.1 {
            notes.append(
                "The search predicted the \(prediction.name)'s latency \(Int((abs(prediction.error) * 100).rounded())) % "
                    + "too \(prediction.error > 0 ? "high" : "low").")
        }
        return notes
    }

    private var settings: String {
        get throws {
            var text = "evaluate\n" + (try JSON(encoding: options)).prettyText
            for input in inputs {
                text += "\n\(input.kind.rawValue) ‘\(input.reference)’, \(input.digest.hex)\n"
                if input.summary.object?.isEmpty == false { text += input.summary.prettyText }
            }
            return text
        }
    }
}

extension ClassFigures {
    init(_ category: CategoryResult) {
        let curves = [0.5, 0.75].compactMap { iou -> RecallCurve? in
            guard let row = COCOParameters.thresholds.firstIndex(of: iou), row < category.precision.count else {
                return nil
            }
            return RecallCurve(iou: iou, precision: category.precision[row])
        }
        self.init(
            name: category.name, objects: category.objects, averagePrecision: category.averagePrecision,
            averagePrecision50: category.averagePrecision50, curves: curves)
    }
}

extension ErrorBreakdown.Kind {
    /// As the report names it.
    fileprivate var name: String {
        switch self {
        case .classification: "class"
        case .localisation: "place"
        case .classificationAndLocalisation: "class and place"
        case .duplicate: "duplicate"
        case .background: "background"
        case .missed: "missed"
        }
    }

    fileprivate var explanation: String {
        switch self {
        case .classification: "on an object of another class"
        case .localisation: "on an object, but loosely (IoU .1 to .5)"
        case .classificationAndLocalisation: "loosely on an object of another class"
        case .duplicate: "on an object that a better box found"
        case .background: "on nothing (IoU below .1)"
        case .missed: "an object without any box on it"
        }
    }
}
