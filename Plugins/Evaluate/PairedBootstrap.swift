import Basics
package import COCOMetrics
package import Search

/// How far the change of AP from one detector to another depends on the images (paired bootstrap, Efron 1979): images
/// are drawn with replacement, the same for both detectors.
package struct PairedBootstrap {
    private let categories: [GroundTruth.Category]
    private let truth: [[GroundTruth.Annotation]]
    private let base: [[DetectionRecord]]
    private let student: [[DetectionRecord]]

    package init(_ truth: GroundTruth, _ base: [DetectionRecord], _ student: [DetectionRecord]) {
        let images = Dictionary(
            uniqueKeysWithValues: Set(truth.images).sorted().enumerated().map { ($1, $0) })
        func grouped<Element>(_ elements: [Element], _ imageID: (Element) -> Int) -> [[Element]] {
            var groups = [[Element]](repeating: [], count: images.count)
            for element in elements {
                if let index = images[imageID(element)] { groups[index].append(element) }
            }
            return groups
        }
        categories = truth.categories
        self.truth = grouped(truth.annotations, \.imageID)
        self.base = grouped(base, \.imageID)
        self.student = grouped(student, \.imageID)
    }

    /// The change on each drawing of the images; nil where nothing was to be found on the drawn ones. A large split gets fewer
    /// drawings than wanted (COCO's 5,000 images with 100 detections each 200): what an evaluation costs grows with the detections.
    ///
    /// A drawing is the same for every evaluation of a split, whatever its job's seed: those of several seeds can be put together
    /// (`ModeComparison.Advance`).
    ///
    /// - Parameter most: detections that all drawings may have together, in about four minutes.
    package func changes(
        resamples wanted: Int, most: Int = 200_000_000, progress: (Double) throws -> Void = { _ in }
    ) throws -> ResampledChanges {
        let random = RandomStream(seed: 0).stream("bootstrap")
        let size = max(1, base.joined().count + student.joined().count)
        let count = min(wanted, most / size)
        guard count >= ResampledChanges.least, truth.count > 1 else { return ResampledChanges([]) }
        return ResampledChanges(
            try (0..<count).map { sample in
                var draw = random.stream("sample", sample)
                let images = truth.indices.map { _ in draw.index(below: truth.count) }
                let drawn = self.drawn(images)
                let before = try averagePrecision(drawn, base, images)
                let after = try averagePrecision(drawn, student, images)
                try progress(Double(sample + 1) / Double(count))
                return before >= 0 && after >= 0 ? after - before : nil
            })
    }

    /// The drawn images' objects, as images 0, 1, …; annotation ids start at 1 (0 means "none" to COCO).
    private func drawn(_ images: [Int]) -> GroundTruth {
        var annotations: [GroundTruth.Annotation] = []
        for (place, image) in images.enumerated() {
            for var annotation in truth[image] {
                annotation.id = annotations.count + 1
                annotation.imageID = place
                annotations.append(annotation)
            }
        }
        return GroundTruth(images: Array(images.indices), categories: categories, annotations: annotations)
    }

    private func averagePrecision(
        _ truth: GroundTruth, _ detections: [[DetectionRecord]], _ images: [Int]
    ) throws -> Double {
        var drawn: [DetectionRecord] = []
        for (place, image) in images.enumerated() {
            for var detection in detections[image] {
                detection.imageID = place
                drawn.append(detection)
            }
        }
        return try evaluate(truth, drawn).averagePrecision
    }
}
