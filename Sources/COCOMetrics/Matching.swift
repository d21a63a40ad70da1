/// Indices that sort by falling score; of equal scores the earlier comes first (numpy's mergesort on `-score`).
func indicesByFallingScore(_ scores: [Double]) -> [Int] {
    scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
}

/// Gives each detection the ground truth that it matches at one IoU threshold, as `COCOeval.evaluateImg` does.
///
/// Detections come by falling score and choose greedily. `order` lists ground truth with the ignored last, so that
/// a real object is preferred; among equal overlaps the later wins. A crowd can be taken again and again.
/// `assigned[d]` becomes a column of `overlaps`, or -1.
func match(
    _ overlaps: OverlapMatrix, threshold: Double, order: [Int], isIgnored: [Bool], isCrowd: [Bool],
    assigned: inout [Int]
) {
    var isTaken = [Bool](repeating: false, count: overlaps.columns)
    let limit = min(threshold, 1 - 1e-10)
    overlaps.values.withUnsafeBufferPointer { values in
        for detection in assigned.indices {
            var best = limit
            var choice = -1
            for truth in order {
                if isTaken[truth] && !isCrowd[truth] { continue }
                if choice >= 0 && !isIgnored[choice] && isIgnored[truth] { break }
                let overlap = values[detection * overlaps.columns + truth]
                if overlap < best { continue }
                best = overlap
                choice = truth
            }
            assigned[detection] = choice
            if choice >= 0 { isTaken[choice] = true }
        }
    }
}
