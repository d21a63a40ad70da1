import Basics
import Devices
import Tensor
import Testing

/// Holds an operation against its reference in Double: the result, and the gradients against the reference's central
/// differences, at some elements of every operand and along a random direction. Then everything once more: the same bits.
struct Comparison {
    /// The operands, and the blocks in which those that are images are handed over.
    var operands: [Grid]
    var blocks: [Int] = []
    var tolerance = 2e-5
    var operation: (Tape, [Variable]) -> Variable
    var reference: ([Grid]) -> Grid
    var engine = ConvolutionEngine.fast

    func run(sourceLocation: SourceLocation = #_sourceLocation) {
        let (result, gradients, seed) = compute()
        let wanted = reference(operands)
        #expect(result.shape == wanted.shape, sourceLocation: sourceLocation)
        guard result.shape == wanted.shape else { return }
        let size = wanted.values.reduce(1e-3) { max($0, abs($1)) }
        let difference = zip(result.array, wanted.values).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
        #expect(difference <= tolerance * size, "the result", sourceLocation: sourceLocation)

        var random = RandomStream(seed: 99)
        for index in operands.indices {
            guard let gradient = gradients["\(index)"] else {
                Issue.record("operand \(index) has no gradient", sourceLocation: sourceLocation)
                continue
            }
            #expect(gradient.shape == operands[index].shape, sourceLocation: sourceLocation)
            let got = gradient.array.map { Double($0) }
            let scale = got.reduce(1e-2) { max($0, abs($1)) }
            for _ in 0..<min(24, got.count) {
                let element = Int.random(in: 0..<got.count, using: &random)
                var direction = Grid(zeros: operands[index].shape)
                direction.values[element] = 1
                let slope = slope(of: index, along: direction, seed)
                #expect(
                    abs(slope - got[element]) <= 2 * tolerance * scale, "operand \(index) at \(element)",
                    sourceLocation: sourceLocation)
            }
            let direction = Grid.random(operands[index].shape, &random)
            let whole = zip(direction.values, got).reduce(0) { $0 + $1.0 * $1.1 }
            let norm = direction.values.indices.reduce(0.0) { $0 + abs(got[$1]) }
            let slope = slope(of: index, along: direction, seed)
            #expect(
                abs(slope - whole) <= tolerance * max(norm, scale), "operand \(index) as a whole",
                sourceLocation: sourceLocation)
        }

        let again = compute()
        #expect(again.result == result && again.gradients == gradients, "the same bits", sourceLocation: sourceLocation)
    }

    private func compute() -> (result: Tensor, gradients: NamedTensors, seed: Grid) {
        let tape = Tape(recording: true, engine: engine)
        let variables = operands.enumerated().map { index, operand in
            let block = index < blocks.count && operand.shape.count == 4 ? blocks[index] : 1
            return tape.parameter(operand.tensor.blocked(block), named: "\(index)")
        }
        let result = operation(tape, variables)
        var random = RandomStream(seed: 5)
        let seed = Grid.random(result.shape, &random)
        return (result.value, tape.gradients(from: [(result, seed.tensor)]), seed)
    }

    /// d/dt Σ seed · reference(operand + t · direction) at 0.
    private func slope(of operand: Int, along direction: Grid, _ seed: Grid) -> Double {
        let step = 1e-6
        let at = { (t: Double) in
            var moved = operands
            for i in moved[operand].values.indices { moved[operand].values[i] += t * direction.values[i] }
            return zip(seed.values, reference(moved).values).reduce(0) { $0 + $1.0 * $1.1 }
        }
        return (at(step) - at(-step)) / (2 * step)
    }
}
