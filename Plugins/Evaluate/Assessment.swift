import Basics
import COCOMetrics
import Detection
import DetectorKit
import Search
import Training

/// All that is known of a detector after it was measured.
struct Assessment {
    let role: Role
    /// One line about the architecture.
    let architecture: String
    let architectureDigest: String
    let parameters: Int
    let macs: Int
    /// `Contender.measured`; nil where it is of no use.
    let measured: Digest?
    let result: COCOResult
    let detections: [DetectionRecord]
    var latency: LatencyFigures?

    init(
        role: Role, architecture: String, architectureDigest: String, parameters: Int, macs: Int,
        measured: Digest? = nil,
        result: COCOResult, detections: [DetectionRecord], latency: LatencyFigures? = nil
    ) {
        self.role = role
        self.architecture = architecture
        self.architectureDigest = architectureDigest
        self.parameters = parameters
        self.macs = macs
        self.measured = measured
        self.result = result
        self.detections = detections
        self.latency = latency
    }

    init(_ contender: Contender, _ measured: Digest, _ result: COCOResult, _ detections: [DetectionRecord]) throws {
        let graph = contender.detector.graph
        let cost = graph.cost
        self.init(
            role: contender.role, architecture: graph.architecture.line,
            architectureDigest: try graph.architecture.digest.hex, parameters: cost.parameters,
            macs: cost.multiplyAccumulates, measured: measured, result: result, detections: detections)
    }
}

extension [Assessment] {
    func first(_ role: Role) -> Assessment? { first { $0.role == role } }
}

/// The student against the base, or against a rival.
struct Comparison {
    let reference: Role
    /// Changes from that one to the student.
    let averagePrecision: Double
    /// On drawings of the images; empty where none were made.
    let resampled: ResampledChanges

    init(_ reference: Assessment, student: Assessment, _ resampled: ResampledChanges) {
        self.reference = reference.role
        averagePrecision = student.result.averagePrecision - reference.result.averagePrecision
        self.resampled = resampled
    }

    /// 95 of 100 drawings of the images give a change within; nil where none were made.
    var interval: ClosedRange<Double>? { resampled.interval }
}

extension DetectorArchitecture {
    /// `resnet basic 2-2-2-2, widths 64-128-256-512, neck 128, head 256-256, input 240×320`.
    var line: String {
        func joined(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: "-") }
        let depths = joined(backbone.stages.map(\.blocks.count))
        return "\(backbone.plugin) \(backbone.block) \(depths), widths \(joined(backbone.stages.map(\.width))), "
            + "neck \(neck.outputWidth), head \(joined(headWidths)), input \(input.shorter)×\(input.longer)"
    }
}

/// A change of AP in points: `+1.2`, `−0.3`; `−0.0` where it is less than nothing all the same.
func signedPoints(_ change: Double) -> String {
    let tenths = (change * 1000).rounded() / 10
    return "\(change < 0 ? "−" : "+")\(abs(tenths))"
}
