import DetectorKit
import ONNX
import Tensor

extension Subject {
    /// The largest difference, relative to the largest value, that float32 may make of the reference's float64.
    private static let exportTolerance = 1e-4

    /// The exported model, run by the definitions of its operators, gives the features that the network gives.
    func checkExport(_ found: inout Findings) throws {
        let architecture = try narrow().architecture.backbone
        let (network, channels) = body(architecture)
        let weights = try weights(architecture)
        let names = channels.indices.map { "feature\($0)" }
        let model = try ONNXModel(network: network, weights: weights, outputs: names, producerVersion: "conformance")
        let image = image(height: 45, width: 70)
        let results = try GraphExecution(network).run(
            names, on: Tape.exact(recording: false), weights: weights,
            feeds: ["image": Tape.exact(recording: false).constant(image)], mode: .inference)
        let exported = try ONNXReference(model).run(
            ["image": ReferenceValue(image.shape, image.array.map { Double($0) })])
        for (name, value) in zip(names, exported) {
            let feature = results[name].value
            guard value.shape == feature.shape else {
                found.add("\(name) is \(feature.shape), its export \(value.shape)")
                continue
            }
            let largest = value.elements.reduce(0) { max($0, abs($1)) }
            found.require(largest > 0 && largest.isFinite, "\(name) is 0 everywhere, or not finite")
            let differences = zip(feature.array, value.elements).map { abs(Double($0) - $1) }
            // All must be within bounds, so that a NaN is not.
            found.require(
                differences.allSatisfy { $0 <= Self.exportTolerance * largest },
                "\(name) differs from its export by \(differences.max() ?? 0) where the largest value is \(largest)")
        }
    }
}
