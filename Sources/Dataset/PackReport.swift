public import Basics

/// What a packed data set holds, for the receipt and for people.
public struct PackReport: Sendable {
    public struct Split: Sendable, Hashable {
        public var name: String
        public var images: Int
        /// Bytes of the encoded pictures.
        public var bytes: Int
        /// Pictures without any object.
        public var emptyImages: Int
        public var crowds: Int
        /// Objects by class, in the order of labels; crowds are not counted.
        public var objects: [Int]
        /// Objects by COCO's size classes: area below 32², below 96², above.
        public var sizes: [Int]
        public var objectCount: Int { objects.reduce(0, +) }
    }

    public let categories: CategoryTable
    public let splits: [Split]
    /// Entries that were left out.
    public let skipped: [AnnotationProblem]
    /// Boxes that reached beyond their picture and were clipped for training.
    public let beyondCount: Int

    init(index: DatasetIndex, skipped: [AnnotationProblem], beyondCount: Int) {
        categories = index.categories
        splits = SplitName.all.map { Split(name: $0, records: index.splits[$0] ?? [], classes: index.categories.count) }
        self.skipped = skipped
        self.beyondCount = beyondCount
    }
}

extension PackReport.Split {
    init(name: String, records: [DatasetRecord], classes: Int) {
        self.name = name
        images = records.count
        bytes = records.reduce(0) { $0 + $1.size }
        emptyImages = records.filter { $0.annotations.isEmpty }.count
        crowds = records.reduce(0) { $0 + $1.annotations.filter(\.isCrowd).count }
        objects = [Int](repeating: 0, count: classes)
        sizes = [0, 0, 0]
        for object in records.flatMap(\.objects) {
            objects[object.label - 1] += 1
            sizes[object.area < 32 * 32 ? 0 : object.area < 96 * 96 ? 1 : 2] += 1
        }
    }
}

extension PackReport {
    /// Counts per split and class, and `headline`: lines for people.
    public var summary: JSON {
        let names = categories.categories.map(\.name)
        let counts = splits.map { split -> (String, JSON) in
            let objects = Dictionary(
                zip(names, split.objects.map { JSON.integer($0) }), uniquingKeysWith: { a, _ in a })
            return (
                split.name,
                [
                    "images": .integer(split.images), "bytes": .integer(split.bytes),
                    "images_without_objects": .integer(split.emptyImages), "crowds": .integer(split.crowds),
                    "objects": .object(objects),
                    "sizes": [
                        "small": .integer(split.sizes[0]), "medium": .integer(split.sizes[1]),
                        "large": .integer(split.sizes[2]),
                    ],
                ]
            )
        }
        return [
            "headline": .array(headline.map { .string($0) }),
            "classes": .array(names.map { .string($0) }),
            "splits": .object(Dictionary(counts, uniquingKeysWith: { a, _ in a })),
            "skipped": .array(skipped.prefix(100).map { .string("\($0)") }),
            "skipped_count": .integer(skipped.count),
            "boxes_beyond_the_picture": .integer(beyondCount),
        ]
    }

    public var headline: [String] {
        var lines = splits.map { split -> String in
            let ranked = zip(categories.categories, split.objects).filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
            var classes = ranked.prefix(6).map { "\($0.0.name) \($0.1)" }.joined(separator: ", ")
            if ranked.count > 6 { classes += ", and \(ranked.count - 6) classes more" }
            let counts = "\(split.name): \(split.images) pictures, \(split.objectCount) objects"
            return classes.isEmpty ? counts : "\(counts) (\(classes))"
        }
        let train = splits.first { $0.name == SplitName.train }?.objects ?? []
        let missing = zip(categories.categories, train).filter { $0.1 == 0 }.map { "'\($0.0.name)'" }
        if !missing.isEmpty {
            let some = missing.prefix(5).joined(separator: ", ") + (missing.count > 5 ? ", …" : "")
            lines.append("warning: \(missing.count) of \(categories.count) classes have no object in train: \(some)")
        }
        if !skipped.isEmpty { lines.append("warning: \(skipped.count) bad entries left out, the first: \(skipped[0])") }
        if beyondCount > 0 { lines.append("\(beyondCount) boxes reached beyond their picture: clipped for training") }
        return lines
    }
}
