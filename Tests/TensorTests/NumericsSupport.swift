import Basics
import Foundation
import Tensor
import Testing

extension Tensor {
    /// Standard normal elements.
    static func random(_ shape: [Int], _ random: inout RandomStream, scale: Double = 1) -> Tensor {
        Tensor(shape, (0..<shape.reduce(1, *)).map { _ in Float(random.normal() * scale) })
    }

    var doubles: [Double] { array.map(Double.init) }
}

/// Each pair within `tolerance`, relative to 1 or the larger of both.
func expectNear(
    _ actual: [Double], _ expected: [Double], _ tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, sourceLocation: sourceLocation)
    for (index, (a, b)) in zip(actual, expected).enumerated()
    where !(abs(a - b) <= tolerance * max(1, abs(a), abs(b))) {
        Issue.record("[\(index)] is \(a) instead of \(b)", sourceLocation: sourceLocation)
        return
    }
}

/// Checks an operation with a scalar result against a reference in Double: the value, and the gradient (with upstream
/// gradient 3) against central differences of the reference.
struct LossCheck {
    let x: Tensor
    let operation: (Tape, Variable) -> Variable

    init(at x: Tensor, _ operation: @escaping (Tape, Variable) -> Variable) {
        self.x = x
        self.operation = operation
    }

    func agrees(sourceLocation: SourceLocation = #_sourceLocation, with reference: ([Double]) -> Double) {
        let tape = Tape(recording: true)
        let loss = operation(tape, tape.parameter(x, named: "x"))
        let values = x.doubles
        expectNear([Double(loss.value.scalar)], [reference(values)], 2e-6, sourceLocation: sourceLocation)
        let silent = Tape(recording: false)
        #expect(operation(silent, silent.constant(x)).value == loss.value, sourceLocation: sourceLocation)
        let step = 1e-5
        let differences = values.indices.map { index in
            var (above, below) = (values, values)
            above[index] += step
            below[index] -= step
            return 3 * (reference(above) - reference(below)) / (2 * step)
        }
        let gradient = tape.gradients(of: loss, scale: 3)["x"]
        #expect(gradient?.block == x.block, sourceLocation: sourceLocation)
        expectNear(gradient?.doubles ?? [], differences, 1e-5, sourceLocation: sourceLocation)
    }
}
