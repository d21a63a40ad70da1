public import Basics
import Foundation

extension COCOResult {
    /// `{"stats": […12…], "per_category": [{"id", "name", "ap", …}], …}`; with `curves` also the precision at 101
    /// recall points for each IoU threshold.
    public func json(curves: Bool = false) -> JSON {
        .object([
            "stats": JSON.numbers(stats),
            "per_category": .array(perCategory.map { $0.json(curves: curves) }),
            "foreign_detections": .integer(foreignDetections),
        ])
    }

    /// The statistics and a line for each category, in columns; per cent, `-` where there was nothing to be found.
    public var table: String {
        let all = "all categories"
        let width = perCategory.map(\.name.count).max().map { max($0, all.count) } ?? all.count
        func row(_ name: String, _ cells: [String]) -> String {
            let columns = cells.map { String(repeating: " ", count: max(0, 8 - $0.count)) + $0 }.joined()
            return name + String(repeating: " ", count: width - name.count) + columns + "\n"
        }
        func percent(_ values: [Double]) -> [String] {
            values.map { $0 < 0 ? "-" : String(format: "%.1f", $0 * 100) }
        }
        var text = row("", ["AP", "AP50", "AP75", "AP-s", "AP-m", "AP-l", "AR", "objects", "found"])
        text += row(all, percent(Array(stats[0..<6]) + [stats[8]]))
        for category in perCategory where category.objects > 0 || category.detections > 0 {
            let values =
                [category.averagePrecision, category.averagePrecision50, category.averagePrecision75]
                + category.averagePrecisionByArea + [category.averageRecall]
            text += row(category.name, percent(values) + ["\(category.objects)", "\(category.detections)"])
        }
        if foreignDetections > 0 {
            text += "left out: \(foreignDetections) detections of categories that the ground truth does not list\n"
        }
        return text
    }
}

extension CategoryResult {
    fileprivate func json(curves: Bool) -> JSON {
        var members: [String: JSON] = [
            "id": .integer(id), "name": .string(name), "ap": .number(averagePrecision),
            "ap50": .number(averagePrecision50), "ap75": .number(averagePrecision75),
            "ap_by_area": JSON.numbers(averagePrecisionByArea), "ar": .number(averageRecall),
            "objects": .integer(objects), "detections": .integer(detections), "recall": JSON.numbers(recall),
        ]
        if curves {
            members["precision"] = .array(precision.map(JSON.numbers))
            members["scores"] = .array(scores.map(JSON.numbers))
        }
        return .object(members)
    }
}

extension JSON {
    fileprivate static func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }
}
