/// Intersection over union of detections (rows) and ground truth (columns), as `bbIou` of pycocotools computes it.
///
/// Against a crowd the denominator is the detection's own area: a detection inside a crowd overlaps it fully.
struct OverlapMatrix {
    let columns: Int
    private(set) var values: [Double]

    init(detections: [COCOBox], groundTruth: [COCOBox], isCrowd: [Bool]) {
        columns = groundTruth.count
        values = [Double](repeating: 0, count: detections.count * groundTruth.count)
        for (column, truth) in groundTruth.enumerated() {
            let truthArea = truth.area
            for (row, box) in detections.enumerated() {
                let width = min(box.width + box.x, truth.width + truth.x) - max(box.x, truth.x)
                if width <= 0 { continue }
                let height = min(box.height + box.y, truth.height + truth.y) - max(box.y, truth.y)
                if height <= 0 { continue }
                let intersection = width * height
                let union = isCrowd[column] ? box.area : box.area + truthArea - intersection
                values[row * columns + column] = intersection / union
            }
        }
    }

    subscript(row: Int, column: Int) -> Double { values[row * columns + column] }
}
