/// What is known of one detector.
public struct ModelFigures: Sendable, Hashable, Codable {
    /// One line about the architecture.
    public var architecture: String = ""
    /// COCO's 12 numbers in COCO's order, -1 where there is nothing to count; empty if not evaluated.
    public var stats: [Double] = []
    public var classes: [ClassFigures] = []
    /// Objects found with the right class, at the pictures' score threshold.
    public var found: Int?
    public var errors: [ErrorKind] = []
    public var parameters: Int?
    /// Multiply-accumulates for one image.
    public var macs: Int?
    public var latency: MeasuredLatency?

    public init() {}

    /// AP over IoU .50 to .95, from 0 to 1.
    public var averagePrecision: Double? { stats.first.flatMap { $0 >= 0 ? $0 : nil } }
}

/// Latency of a whole detector on one image, in milliseconds.
public struct MeasuredLatency: Sendable, Hashable, Codable {
    public var median: Double
    public var p95: Double
    /// How many images were timed.
    public var count: Int

    public init(median: Double, p95: Double, count: Int) {
        self.median = median
        self.p95 = p95
        self.count = count
    }
}

/// One class's figures.
public struct ClassFigures: Sendable, Hashable, Codable {
    public var name: String
    /// Objects of this class in the ground truth, crowds aside.
    public var objects: Int
    /// From 0 to 1; -1 without objects.
    public var averagePrecision: Double
    public var averagePrecision50: Double
    public var curves: [RecallCurve]

    public init(
        name: String, objects: Int, averagePrecision: Double, averagePrecision50: Double, curves: [RecallCurve] = []
    ) {
        self.name = name
        self.objects = objects
        self.averagePrecision = averagePrecision
        self.averagePrecision50 = averagePrecision50
        self.curves = curves
    }
}

/// Precision at evenly spaced recalls from 0 to 1, at one IoU threshold.
public struct RecallCurve: Sendable, Hashable, Codable {
    public var iou: Double
    public var precision: [Double]

    public init(iou: Double, precision: [Double]) {
        self.iou = iou
        self.precision = precision
    }
}

/// How often one kind of error was made.
public struct ErrorKind: Sendable, Hashable, Codable {
    public var name: String
    public var explanation: String
    public var count: Int
    /// AP at IoU .50 that would be gained if this kind alone were mended, from 0 to 1.
    public var cost: Double?

    public init(name: String, explanation: String, count: Int, cost: Double? = nil) {
        self.name = name
        self.explanation = explanation
        self.count = count
        self.cost = cost
    }
}
