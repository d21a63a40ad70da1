package import COCOMetrics
package import Report

/// One image's objects and detections, paired: what is found, wrong and missed at a score threshold.
package struct MarkedImage {
    package private(set) var boxes: [MarkedBox] = []
    package private(set) var found = 0
    package private(set) var wrong = 0
    package private(set) var missed = 0

    static let overlap = 0.5

    /// Best scores first, each takes the free object of its class that it overlaps most; one that lies in a crowd of its
    /// class is left out.
    package init(
        _ truth: [GroundTruth.Annotation], _ detections: [DetectionRecord], names: [Int: String], threshold: Double
    ) {
        var isTaken = [Bool](repeating: false, count: truth.count)
        var marked: [MarkedBox] = []
        let kept = detections.enumerated().filter { $0.element.score >= threshold }
            .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
        for (_, detection) in kept {
            var best: (index: Int, overlap: Double)?
            for (index, object) in truth.enumerated()
            where object.categoryID == detection.categoryID && !object.isCrowd && !isTaken[index] {
                let overlap = detection.box.overlap(object.box)
                if overlap >= Self.overlap && overlap > (best?.overlap ?? 0) { best = (index, overlap) }
            }
            if let best {
                isTaken[best.index] = true
                found += 1
            } else if truth.contains(where: { $0.isCrowd && $0.contains(detection) }) {
                continue
            } else {
                wrong += 1
            }
            marked.append(
                MarkedBox(
                    detection.box, names[detection.categoryID], score: detection.score,
                    kind: best == nil ? .wrong : .hit))
        }
        let lost = truth.indices.filter { !isTaken[$0] && !truth[$0].isCrowd }
        missed = lost.count
        boxes = lost.map { MarkedBox(truth[$0].box, names[truth[$0].categoryID], kind: .missed) } + marked.reversed()
    }
}

extension GroundTruth.Annotation {
    fileprivate func contains(_ detection: DetectionRecord) -> Bool {
        categoryID == detection.categoryID
            && detection.box.intersection(box) >= MarkedImage.overlap * detection.box.area
    }
}

extension COCOBox {
    fileprivate func intersection(_ other: COCOBox) -> Double {
        let across = min(x + width, other.x + other.width) - max(x, other.x)
        let down = min(y + height, other.y + other.height) - max(y, other.y)
        return max(across, 0) * max(down, 0)
    }

    /// Intersection over union.
    fileprivate func overlap(_ other: COCOBox) -> Double {
        let common = intersection(other)
        let union = area + other.area - common
        return union > 0 ? common / union : 0
    }
}

extension MarkedBox {
    init(_ box: COCOBox, _ name: String?, score: Double? = nil, kind: Kind) {
        self.init(
            x: box.x, y: box.y, width: box.width, height: box.height, label: name ?? "?", score: score, kind: kind)
    }
}
