import Basics
import DetectorKit
import Tensor

extension Subject {
    /// Along its own gradient a parameter's slope is the gradient's norm, and along no other direction that large: one slope
    /// tells a wrong gradient, whichever way it errs.
    func checkGradients(_ found: inout Findings) throws {
        let architecture = try narrow().architecture.backbone
        let (network, channels) = body(architecture)
        let weights = try weights(architecture)
        let probe = try Probe(self, network, features: channels.count, weights)
        let (gradients, statistics) = try probe.gradients(weights)

        let trained = Set(network.parameters.filter(\.isTrainable).map(\.name))
        for name in trained.subtracting(gradients.keys).sorted() { found.add("\(name) has no gradient") }
        for name in Set(gradients.keys).subtracting(trained).sorted() {
            found.add("\(name), untrained, has a gradient")
        }
        let running = network.parameters.filter { $0.role == .runningMean || $0.role == .runningVariance }.map(\.name)
        found.require(
            Set(statistics.keys) == (norm == .batch ? Set(running) : []), "the wrong running statistics are updated")

        let names = gradients.keys.sorted()
        let sampled = stride(from: 0, to: names.count, by: max(1, names.count / Probe.samples)).map { names[$0] }
        var measured = 0
        for name in sampled {
            guard let gradient = gradients[name] else { continue }
            let slopes = try probe.slopes(weights, name, along: gradient)
            if !slopes.isEmpty { measured += 1 }
            if let last = slopes.last, !last.agrees {
                let text = slopes.map { "\($0.value)" }.joined(separator: ", ")
                found.add("\(name): slopes of \(text) where its gradient has the norm \(gradient.norm)")
            }
        }
        found.require(2 * measured >= sampled.count, "only \(measured) of \(sampled.count) gradients can be measured")
    }
}

/// A loss of the features: their product with random numbers.
private struct Probe {
    static let samples = 16
    private static let size = (height: 45, width: 70)

    private let execution: GraphExecution
    private let names: [String]
    private let image: Tensor
    private let subject: Subject
    /// The sum of the loss's terms' magnitudes.
    private var magnitude = 0.0

    init(_ subject: Subject, _ network: NetworkGraph, features: Int, _ weights: NamedTensors) throws {
        execution = GraphExecution(network)
        names = (0..<features).map { "feature\($0)" }
        image = subject.image(height: Self.size.height, width: Self.size.width)
        self.subject = subject
        magnitude = try loss(weights).magnitude
    }

    private func run(_ weights: NamedTensors, on tape: Tape) throws -> GraphExecution.Results {
        try execution.run(names, on: tape, weights: weights, feeds: ["image": tape.constant(image)], mode: .training)
    }

    private func seed(_ name: String, _ shape: [Int]) -> Tensor {
        var random = subject.random.stream("seed").stream(name)
        let count = shape.reduce(1, *)
        // Of about the same weight at every level.
        let scale = 1 / Double(count).squareRoot()
        return Tensor(shape, (0..<count).map { _ in Float(random.normal() * scale) })
    }

    func gradients(_ weights: NamedTensors) throws -> (gradients: NamedTensors, statistics: NamedTensors) {
        let tape = Tape.exact(recording: true)
        let results = try run(weights, on: tape)
        let seeds = names.map { (variable: results[$0], gradient: seed($0, results[$0].shape)) }
        return (tape.gradients(from: seeds), results.runningStatistics)
    }

    private func loss(_ weights: NamedTensors) throws -> (value: Double, magnitude: Double) {
        // Recording or not, batch norm takes the batch's statistics in training.
        let results = try run(weights, on: Tape.exact(recording: false))
        var (value, magnitude) = (0.0, 0.0)
        for name in names {
            let feature = results[name].value
            for (a, b) in zip(feature.array, seed(name, feature.shape).array) {
                value += Double(a) * Double(b)
                magnitude += Double(a * b).magnitude
            }
        }
        return (value, magnitude)
    }

    struct Slope {
        var value: Double
        var agrees: Bool
    }

    /// Central differences along a gradient, the step ever shorter, up to the first that agrees with the gradient's norm: a
    /// long one goes past the bends of the loss, a short one is lost in rounding. Steps whose rounding may hide a fifth of the
    /// slope are left out; they are all that there are where something behind the parameter takes its effect away, such as a
    /// batch norm behind a shift.
    func slopes(_ weights: NamedTensors, _ name: String, along gradient: Tensor) throws -> [Slope] {
        let norm = gradient.norm
        guard norm > 0, let parameter = weights[name] else { return [] }
        let size = max(parameter.norm, 0.1 * Double(parameter.count).squareRoot())
        let rounding = 3e-6 * magnitude
        var slopes: [Slope] = []
        for fraction in [3e-3, 1e-3, 1e-2, 3e-4, 1e-4, 3e-2, 3e-5, 1e-5] {
            let step = fraction * size
            guard rounding / step < 0.2 * norm else { continue }
            func loss(_ by: Double) throws -> Double {
                var moved = weights
                moved[name]?.add(gradient, factor: Float(by / norm))
                return try self.loss(moved).value
            }
            let value = (try loss(step) - loss(-step)) / (2 * step)
            slopes.append(Slope(value: value, agrees: abs(value - norm) <= 0.04 * norm + rounding / step))
            if slopes.last?.agrees ?? false { break }
        }
        return slopes
    }
}

extension Tensor {
    fileprivate var norm: Double { array.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
}
