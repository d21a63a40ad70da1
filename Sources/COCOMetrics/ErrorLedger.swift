/// Every counted detection with its verdict, and what an oracle would make of it.
struct ErrorLedger {
    private struct Entry {
        var category: Int
        var score: Double
        /// `nil` is a correct detection.
        var kind: ErrorBreakdown.Kind?
        /// The object (index into the annotations) that the detection should have been, when there is one.
        var target: Int?
    }

    let set: EvaluationSet
    /// Image after image, as the evaluation ranks equal scores.
    private var entries: [Entry] = []
    private var isFound: [Bool]
    private var positives: [Int]
    private var missed: [Int]
    private(set) var perCategory: [[ErrorBreakdown.Kind: Int]]

    private static let foreground = 0.5
    private static let background = 0.1

    init(_ set: EvaluationSet) {
        self.set = set
        isFound = [Bool](repeating: false, count: set.groundTruth.annotations.count)
        positives = [Int](repeating: 0, count: set.categories.count)
        missed = positives
        perCategory = [[ErrorBreakdown.Kind: Int]](repeating: [:], count: set.categories.count)
        for image in 0..<set.imageCount { add(image: image) }
        for entry in entries {
            if let kind = entry.kind { perCategory[entry.category][kind, default: 0] += 1 }
        }
        for (category, count) in missed.enumerated() where count > 0 { perCategory[category][.missed] = count }
    }

    private mutating func add(image: Int) {
        let annotations = set.groundTruth.annotations
        let all = COCOParameters.areas[0]
        let cells = set.categories.indices.map { set.cell(category: $0, image: image, maxDetections: 100) }
        let first = entries.count
        var objects: [(annotation: Int, category: Int)] = []
        var wrong: [(entry: Int, detection: Int)] = []
        for (category, cell) in cells.enumerated() {
            guard let cell else { continue }
            let isIgnored = cell.truth.map { annotations[$0].isCrowd || !all.contains(annotations[$0].area) }
            let real = isIgnored.indices.filter { !isIgnored[$0] }
            objects += real.map { (cell.truth[$0], category) }
            positives[category] += real.count
            var assigned = [Int](repeating: -1, count: cell.detections.count)
            match(
                cell.overlaps, threshold: Self.foreground, order: real + isIgnored.indices.filter { isIgnored[$0] },
                isIgnored: isIgnored, isCrowd: cell.isCrowd, assigned: &assigned)
            for (rank, truth) in assigned.enumerated() {
                let detection = set.detections[cell.detections[rank]]
                let isMatched = truth >= 0 && annotations[cell.truth[truth]].id != 0
                if truth >= 0 && isIgnored[truth] || !isMatched && !all.contains(detection.box.area) { continue }
                if isMatched { isFound[cell.truth[truth]] = true }
                if !isMatched { wrong.append((entries.count, cell.detections[rank])) }
                entries.append(Entry(category: category, score: detection.score))
            }
        }
        let overlaps = OverlapMatrix(
            detections: wrong.map { set.detections[$0.detection].box },
            groundTruth: objects.map { annotations[$0.annotation].box },
            isCrowd: [Bool](repeating: false, count: objects.count))
        for (row, item) in wrong.enumerated() {
            let verdict = judge(category: entries[item.entry].category, objects: objects) { overlaps[row, $0] }
            entries[item.entry].kind = verdict.kind
            entries[item.entry].target = verdict.target
        }
        let covered = Set(
            entries[first...].filter { $0.kind == .classification || $0.kind == .localisation }.compactMap(\.target))
        for object in objects where !isFound[object.annotation] && !covered.contains(object.annotation) {
            missed[object.category] += 1
        }
    }

    /// TIDE's precedence: localisation, classification, duplicate, background, and both for what remains.
    private func judge(
        category: Int, objects: [(annotation: Int, category: Int)], overlap: (Int) -> Double
    ) -> (kind: ErrorBreakdown.Kind, target: Int?) {
        func best(_ isWanted: (Int) -> Bool) -> (overlap: Double, target: Int?) {
            objects.indices.filter(isWanted).reduce((0, nil)) { best, index in
                overlap(index) > best.overlap ? (overlap(index), objects[index].annotation) : best
            }
        }
        let own = best { objects[$0].category == category }
        if own.overlap >= Self.background && own.overlap < Self.foreground { return (.localisation, own.target) }
        let other = best { objects[$0].category != category }
        if other.overlap >= Self.foreground { return (.classification, other.target) }
        if own.overlap >= Self.foreground { return (.duplicate, own.target) }
        if other.overlap < Self.background { return (.background, nil) }
        return (.classificationAndLocalisation, other.target)
    }

    /// AP50 over all categories with objects, after an oracle mended one kind: a misplaced or misnamed detection
    /// becomes right if it is the best on an object that nothing found and goes away otherwise; duplicates and
    /// background go away; missed objects are no longer asked for.
    func averagePrecision(mending kind: ErrorBreakdown.Kind?) -> Double {
        var best: [Int: Int] = [:]
        if kind == .localisation || kind == .classification {
            for (index, entry) in entries.enumerated() where entry.kind == kind {
                guard let target = entry.target, !isFound[target] else { continue }
                if best[target].map({ entries[$0].score < entry.score }) ?? true { best[target] = index }
            }
        }
        let categoryIndex = Dictionary(uniqueKeysWithValues: set.categories.enumerated().map { ($1.id, $0) })
        var lists = [[(score: Double, isRight: Bool)]](repeating: [], count: set.categories.count)
        for (index, entry) in entries.enumerated() {
            if entry.kind == nil || entry.kind != kind {
                lists[entry.category].append((entry.score, entry.kind == nil))
            } else if let target = entry.target, best[target] == index,
                let category = categoryIndex[set.groundTruth.annotations[target].categoryID]
            {
                lists[category].append((entry.score, true))
            }
        }
        var sum = 0.0
        var count = 0
        for (category, list) in lists.enumerated() where positives[category] > 0 {
            let wanted = positives[category] - (kind == .missed ? missed[category] : 0)
            let order = indicesByFallingScore(list.map(\.score))
            sum += wanted == 0 ? 1 : PrecisionRecall(order.lazy.map { list[$0] }, positives: wanted).averagePrecision
            count += 1
        }
        return count == 0 ? -1 : sum / Double(count)
    }
}
