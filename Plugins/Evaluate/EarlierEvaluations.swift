import Basics
import COCOMetrics
import Foundation
import StageKit

/// What earlier evaluations among the inputs found: detections of a detector that is to be measured again need not be made anew.
struct EarlierEvaluations {
    private struct Found {
        let file: URL
        let source: String
    }

    private var found: [String: Found] = [:]

    /// Evaluations of versions that did not say what they measured, and reports of other stages, give nothing.
    init(_ evaluations: [Artifact]) throws {
        for evaluation in evaluations {
            let file = evaluation.directory.appending(path: "metrics.json")
            guard let data = try? Data(contentsOf: file) else { continue }
            let metrics = try JSON(parsing: data, at: file.path)
            let named = (metrics.object ?? [:]).merging(metrics["rivals"]?.object ?? [:]) { own, _ in own }
            for (name, figures) in named {
                guard let measured = figures["measured"]?.string else { continue }
                found[measured] = Found(
                    file: evaluation.directory.appending(path: "detections/\(name).json"), source: evaluation.reference)
            }
        }
    }

    /// The detections that were made of the same, and where; nil if none were.
    func detections(of measured: Digest) throws -> (records: [DetectionRecord], source: String)? {
        guard let found = found[measured.hex] else { return nil }
        return (try DetectionRecord.read(contentsOf: found.file), found.source)
    }
}
