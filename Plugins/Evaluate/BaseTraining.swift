import Basics
import Foundation
import Report

/// The curves that a train stage leaves as `curve.jsonl`: a line for each epoch with `epoch`, `loss`, `losses` by part, and
/// `ap` where it was measured.
struct BaseTraining {
    let charts: [CurveChart]

    /// No charts where the detector's folder has no curve.
    init(_ folder: URL) throws {
        let file = folder.appending(path: "curve.jsonl")
        guard let text = try? Data(contentsOf: file) else {
            charts = []
            return
        }
        let lines = try text.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
            try JSON(parsing: Data(line), at: "\(file.path):\(index + 1)")
        }
        func curve(_ name: String, _ value: (JSON) -> Double?) -> Curve? {
            let points = lines.compactMap { line in
                line["epoch"]?.number.flatMap { epoch in value(line).map { (epoch, $0) } }
            }
            return points.count > 1 ? Curve(name, x: points.map(\.0), y: points.map(\.1)) : nil
        }
        let parts = Set(lines.flatMap { ($0["losses"]?.object ?? [:]).keys }).sorted()
        let losses =
            [curve("all", { $0["loss"]?.number })]
            + parts.map { part in
                curve(part.replacing("_", with: " ")) { $0["losses"]?[part]?.number }
            }
        let precision = [curve("AP", { $0["ap"]?.number })]
        charts = [("Loss of the base's training", "loss", losses), ("AP during the base's training", "AP", precision)]
            .compactMap { title, label, curves in
                let curves = curves.compactMap { $0 }
                return curves.isEmpty
                    ? nil : CurveChart(title: title, xLabel: "epoch", yLabel: label, curves: curves)
            }
    }
}
