import Basics
import COCOMetrics
import Foundation
import StageKit

/// What earlier evaluations among the inputs found: detections of a detector that is to be measured again need not be made anew.
struct EarlierEvaluations {
    /// A detector's detections, what they come to, and who made them.
    struct Found {
        let detections: [DetectionRecord]
        let result: COCOResult
        let source: String
    }

    private struct Place {
        let file: URL
        let source: String
    }

    private var places: [String: Place] = [:]
    private let notice: (String) -> Void

    /// Evaluations of versions that did not say what they measured, and reports of other stages, give nothing. What cannot be used is
    /// told.
    init(_ evaluations: [Artifact], notice: @escaping (String) -> Void) {
        self.notice = notice
        for evaluation in evaluations {
            let file = evaluation.directory.appending(path: "metrics.json")
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            let metrics: JSON
            do {
                metrics = try JSON(parsing: Data(contentsOf: file), at: file.path)
            } catch {
                tell(evaluation.reference, error)
                continue
            }
            let parts = ["base", "student", "teacher"].compactMap { name in metrics[name].map { (name, $0) } }
            for (name, figures) in parts + (metrics["rivals"]?.object ?? [:]).map({ ($0, $1) }) {
                guard let measured = figures["measured"]?.string else { continue }
                places[measured] = Place(
                    file: evaluation.directory.appending(path: "detections/\(name).json"), source: evaluation.reference)
            }
        }
    }

    private func tell(_ source: String, _ error: any Error) {
        notice("notice: what '\(source)' measured cannot be used, and is measured again: \(error)")
    }

    /// What was made of the same; nil if nothing was, or if it cannot be read: then it is made anew.
    func found(_ measured: Digest, _ truth: GroundTruth) -> Found? {
        guard let place = places[measured.hex] else { return nil }
        do {
            let records = try DetectionRecord.read(contentsOf: place.file)
            let result = try COCOMetrics.evaluate(truth, records, place: place.file.path)
            return Found(detections: records, result: result, source: place.source)
        } catch {
            tell(place.source, error)
            return nil
        }
    }
}
