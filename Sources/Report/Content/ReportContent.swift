/// Everything a report shows, as plain values: it knows nothing of how they came about.
///
/// What is nil or empty has no section in the page.
public struct ReportContent: Sendable, Hashable, Codable {
    /// The job's name.
    public var title: String
    /// Where and when: data set, split, images, objects, date.
    public var about: [Fact] = []
    /// What a reader should know before trusting the figures.
    public var notes: [String] = []
    public var base: ModelFigures?
    public var student: ModelFigures?
    public var teacher: ModelFigures?
    public var search: SearchFigures?
    public var training: [CurveChart] = []
    public var pictures: [MarkedPicture] = []
    /// Boxes below this score are left out of the pictures.
    public var pictureThreshold: Double = 0.5
    public var predictions: [LatencyPrediction] = []
    /// How latency was measured, in a sentence.
    public var latencyMethod: String?
    public var device: [Fact] = []
    /// The job's settings as text, shown as it is.
    public var settings: String?

    public init(title: String) { self.title = title }
}

/// A labelled value in a list of facts.
public struct Fact: Sendable, Hashable, Codable {
    public var label: String
    public var value: String

    public init(_ label: String, _ value: String) {
        self.label = label
        self.value = value
    }
}

/// Several curves over one horizontal axis.
public struct CurveChart: Sendable, Hashable, Codable {
    public var title: String
    public var xLabel: String
    public var yLabel: String
    public var curves: [Curve]

    public init(title: String, xLabel: String, yLabel: String, curves: [Curve]) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.curves = curves
    }
}

/// One named curve: `x` and `y` pair up.
public struct Curve: Sendable, Hashable, Codable {
    public var name: String
    public var x: [Double]
    public var y: [Double]

    public init(_ name: String, x: [Double], y: [Double]) {
        self.name = name
        self.x = x
        self.y = y
    }
}

/// A latency that the cost model predicted, and what was measured, in milliseconds.
public struct LatencyPrediction: Sendable, Hashable, Codable {
    public var name: String
    public var predicted: Double
    public var measured: Double

    public init(name: String, predicted: Double, measured: Double) {
        self.name = name
        self.predicted = predicted
        self.measured = measured
    }

    /// How much more than measured was predicted: 0.1 is 10 % too much.
    public var error: Double { predicted / measured - 1 }
}
