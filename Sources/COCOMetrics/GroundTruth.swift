/// A box as COCO writes it: left, top, width and height in pixels.
public struct COCOBox: Sendable, Hashable {
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double

    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// Square pixels; there is no `+ 1` anywhere in COCO's geometry.
    public var area: Double { width * height }
}

/// What is really in the images of a split: the left side of an evaluation.
public struct GroundTruth: Sendable, Hashable {
    public struct Category: Sendable, Hashable, Codable {
        public var id: Int
        public var name: String

        public init(id: Int, name: String) {
            self.id = id
            self.name = name
        }
    }

    public struct Annotation: Sendable, Hashable {
        /// Unique. pycocotools takes a detection that matched annotation 0 for unmatched, and so do we.
        public var id: Int
        public var imageID: Int
        public var categoryID: Int
        public var box: COCOBox
        /// Square pixels, which decide whether the object is small, medium or large; of the mask where there is one.
        public var area: Double
        /// Marks a group of objects: it may be matched by many detections, and none of them counts.
        public var isCrowd: Bool

        public init(id: Int, imageID: Int, categoryID: Int, box: COCOBox, area: Double? = nil, isCrowd: Bool = false) {
            self.id = id
            self.imageID = imageID
            self.categoryID = categoryID
            self.box = box
            self.area = area ?? box.area
            self.isCrowd = isCrowd
        }
    }

    /// The ids of all images, also of those without objects.
    public var images: [Int]
    public var categories: [Category]
    public var annotations: [Annotation]

    public init(images: [Int], categories: [Category], annotations: [Annotation]) {
        self.images = images
        self.categories = categories
        self.annotations = annotations
    }
}

/// One box that a detector found: the right side of an evaluation.
public struct DetectionRecord: Sendable, Hashable {
    public var imageID: Int
    public var categoryID: Int
    public var box: COCOBox
    /// The detector's confidence. Only its order counts.
    public var score: Double

    public init(imageID: Int, categoryID: Int, box: COCOBox, score: Double) {
        self.imageID = imageID
        self.categoryID = categoryID
        self.box = box
        self.score = score
    }
}
