import Basics

/// Ground truth and detections, arranged by category and image as the evaluation walks them.
struct EvaluationSet {
    let groundTruth: GroundTruth
    let detections: [DetectionRecord]
    /// Rising by id, as pycocotools' `np.unique` leaves them.
    let categories: [GroundTruth.Category]
    let imageCount: Int
    /// Detections of categories that the ground truth does not list. pycocotools leaves them out; so do we, and say so.
    private(set) var foreignDetections = 0

    /// Indices into annotations and detections, by `category * imageCount + image`.
    private var truthCells: CellLists
    private var detectionCells: CellLists

    init(_ groundTruth: GroundTruth, _ detections: [DetectionRecord], place: String) throws {
        try groundTruth.check(at: "ground truth")
        self.groundTruth = groundTruth
        self.detections = detections
        var byID: [Int: GroundTruth.Category] = [:]
        for category in groundTruth.categories { byID[category.id] = category }
        let categories = byID.values.sorted { $0.id < $1.id }
        let images = Set(groundTruth.images).sorted()
        self.categories = categories
        imageCount = images.count
        let imageIndex = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1, $0) })
        let categoryIndex = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($1.id, $0) })
        let count = images.count

        // An annotation of an image or a category that is not listed takes no part, as in `COCO.getAnnIds`.
        truthCells = CellLists(
            count: count * categories.count,
            cells: groundTruth.annotations.map { annotation in
                guard let image = imageIndex[annotation.imageID], let category = categoryIndex[annotation.categoryID]
                else { return nil }
                return category * count + image
            })
        let cells = try detections.enumerated().map { index, detection -> Int? in
            let image = imageIndex[detection.imageID]
            try detection.check(isKnownImage: image != nil, at: "\(place)[\(index)]")
            guard let image, let category = categoryIndex[detection.categoryID] else { return nil }
            return category * count + image
        }
        foreignDetections = cells.count { $0 == nil }
        detectionCells = CellLists(count: count * categories.count, cells: cells)
    }

    /// What one image holds of one category, with the overlaps that all thresholds and area ranges share.
    struct Cell {
        /// Indices into `groundTruth.annotations`, in the file's order.
        var truth: [Int]
        /// Indices into `detections`, by falling score, at most 100.
        var detections: [Int]
        var overlaps: OverlapMatrix
        var isCrowd: [Bool]
    }

    /// `nil` where there is neither an object nor a detection.
    func cell(category: Int, image: Int, maxDetections: Int) -> Cell? {
        let truth = truthCells[category * imageCount + image]
        let unsorted = detectionCells[category * imageCount + image]
        if truth.isEmpty && unsorted.isEmpty { return nil }
        let order = indicesByFallingScore(unsorted.map { detections[$0].score }).prefix(maxDetections)
        let found = order.map { unsorted[unsorted.startIndex + $0] }
        let isCrowd = truth.map { groundTruth.annotations[$0].isCrowd }
        let overlaps = OverlapMatrix(
            detections: found.map { detections[$0].box },
            groundTruth: truth.map { groundTruth.annotations[$0].box }, isCrowd: isCrowd)
        return Cell(truth: Array(truth), detections: found, overlaps: overlaps, isCrowd: isCrowd)
    }
}

/// Lists of indices by cell, in one array (a counting sort that keeps the order within a cell).
private struct CellLists {
    private var starts: [Int]
    private var items: [Int]

    init(count: Int, cells: [Int?]) {
        starts = [Int](repeating: 0, count: count + 1)
        for case let cell? in cells { starts[cell + 1] += 1 }
        for cell in 0..<count { starts[cell + 1] += starts[cell] }
        items = [Int](repeating: 0, count: starts[count])
        var next = starts
        for (index, cell) in cells.enumerated() {
            guard let cell else { continue }
            items[next[cell]] = index
            next[cell] += 1
        }
    }

    subscript(cell: Int) -> ArraySlice<Int> { items[starts[cell]..<starts[cell + 1]] }
}
