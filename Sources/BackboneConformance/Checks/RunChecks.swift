import DetectorKit
import Tensor

extension Subject {
    private static let strides = [4, 8, 16, 32]

    /// Images come in all sizes; the neck adds a level to the one above it, resized to it.
    func checkShapes(_ found: inout Findings) throws {
        let full = body(preset)
        found.require(full.channels.count == Self.strides.count, "\(full.channels.count) features instead of 4")
        let architecture = try narrow().architecture.backbone
        let (network, channels) = body(architecture)
        guard channels.count == Self.strides.count else { return }
        let names = Self.strides.indices.map { "feature\($0)" }
        let weights = try weights(architecture)
        for (height, width) in [(64, 96), (33, 47), (101, 70)] {
            let tape = Tape.exact(recording: false)
            let results = try GraphExecution(network).run(
                names, on: tape, weights: weights,
                feeds: ["image": tape.constant(image(height: height, width: width))], mode: .inference)
            for (level, stride) in Self.strides.enumerated() {
                let value = results[names[level]].value
                let expected = [
                    2, channels[level], (height + stride - 1) / stride, (width + stride - 1) / stride,
                ]
                found.require(
                    value.shape == expected,
                    "the feature of stride \(stride) of a \(height)×\(width) image is \(value.shape), not \(expected)")
                let elements = value.array
                found.require(
                    elements.allSatisfy(\.isFinite), "the feature of stride \(stride) has values that are not finite")
                found.require(elements.contains { $0 != 0 }, "the feature of stride \(stride) is 0 everywhere")
            }
        }
    }

    func checkCost(_ found: inout Findings) throws {
        let architecture = try narrow().architecture.backbone
        let (network, channels) = body(architecture)
        let weights = try weights(architecture)
        for (height, width) in [(64, 96), (35, 67)] {
            let tape = Tape.exact(recording: false)
            _ = try GraphExecution(network).run(
                channels.indices.map { "feature\($0)" }, on: tape, weights: weights,
                feeds: ["image": tape.constant(image(height: height, width: width))], mode: .inference)
            let said = network.operators(batch: 2, height: height, width: width, regions: 0)
                .reduce(0) { $0 + $1.multiplyAccumulates }
            found.require(
                said == tape.multiplyAccumulates,
                "a \(height)×\(width) image is said to take \(said) multiply-accumulates and takes "
                    + "\(tape.multiplyAccumulates)")
        }
        let held = weights.values.reduce(0) { $0 + $1.count }
        found.require(
            network.parameterCount == held, "it is said to have \(network.parameterCount) parameters and has \(held)")
    }
}
