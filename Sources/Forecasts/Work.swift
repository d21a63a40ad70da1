public import Basics
public import DetectorKit
public import StageKit

/// Counts what a stage computes, for its forecast.
///
/// The constants are rough, of one core with AVX2: machines and data differ by more than they are wrong.
public struct Work: Sendable, Hashable {
    public private(set) var multiplyAccumulates = 0.0
    public private(set) var seconds = 0.0

    public init() {}

    /// Seconds an image and pass for what is no product of matrices (reading, anchors, non-maximum suppression) and for what each
    /// layer costs however small it is: of a ResNet-18 FPN at 160×128 pixels.
    private static let passSeconds = 0.018
    /// Seconds a parameter and step of an optimiser, which moves five numbers through memory for each.
    private static let updateSeconds = 2e-9
    /// The backward pass computes two gradients where the forward pass computes one product.
    private static let passesOfTraining = 3.0

    /// Training steps over so many images.
    public mutating func train(_ cost: Cost, images: Double, batch: Int) {
        multiplyAccumulates += Work.passesOfTraining * Double(cost.multiplyAccumulates) * images
        seconds += 2 * Work.passSeconds * images
        seconds += Work.updateSeconds * Double(cost.parameters) * images / Double(max(1, batch))
    }

    /// Forward passes: of a detector that is looked at, of a teacher.
    public mutating func look(_ multiplyAccumulates: Int, images: Double) {
        self.multiplyAccumulates += Double(multiplyAccumulates) * images
        seconds += Work.passSeconds * images
    }

    /// What multiply-accumulates do not tell, in seconds of one thread.
    public mutating func add(seconds more: Double) { seconds += more }

    /// What a receipt's summary says under `Work.key` of a stage that trained: multiply-accumulates, so that what trainings cost
    /// can be compared, on whatever machine and however often they were interrupted.
    public var record: JSON { .number(multiplyAccumulates) }

    public static let key = "training_macs"

    /// What may end early: no more than `limit` seconds of it are counted.
    public func phase(limit: Double? = nil) -> Forecast.Phase {
        Forecast.Phase(multiplyAccumulates: multiplyAccumulates, seconds: seconds, limit: limit)
    }

    public func forecast(_ facts: Facts) throws -> Forecast { Forecast([phase()], summary: try facts.json) }
}

extension Forecast {
    public init(_ phases: [Phase], _ facts: Facts) throws { self.init(phases, summary: try facts.json) }
}

extension Cost {
    /// Of a share of the multiply-accumulates; parameters alike.
    public func scaled(by share: Double) -> Cost {
        Cost(
            multiplyAccumulates: Int(share * Double(multiplyAccumulates)), parameters: Int(share * Double(parameters)))
    }
}

extension Cost {
    /// Bytes of a training's weights, of its optimiser's state, and of both once more while the newest checkpoint replaces the one
    /// before; and of its result.
    public var trainingBytes: Double { 5 * weightBytes }

    /// Bytes of its weights on the disk.
    public var weightBytes: Double { Double(parameters) * Double(MemoryLayout<Float>.size) }
}
