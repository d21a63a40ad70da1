import Basics
import Devices
import Tensor
import Testing

/// What runs in one pass gives what its parts would give.
@Suite struct FusionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var input: [Int], outputs: Int, kernel: Int, stride = 1, groups = 1, block = 1
        var norm = true, residual = true, relu = true, bias = false
        var testDescription: String {
            "\(input) to \(outputs), \(kernel), stride \(stride), groups \(groups), block \(block), norm \(norm), "
                + "residual \(residual), relu \(relu), bias \(bias)"
        }
    }

    static let convolutions: [Case] = [
        Case(input: [2, 16, 7, 9], outputs: 16, kernel: 3, block: 8),
        Case(input: [2, 16, 7, 9], outputs: 16, kernel: 3, block: 8, relu: false),
        Case(input: [2, 16, 13, 10], outputs: 24, kernel: 3, block: 8, bias: true),
        Case(input: [2, 32, 9, 13], outputs: 16, kernel: 3, block: 16, norm: false, bias: true),
        Case(input: [2, 16, 6, 5], outputs: 32, kernel: 1, block: 16, norm: false, bias: true),
        Case(input: [1, 16, 6, 5], outputs: 16, kernel: 1, stride: 2, block: 8, residual: false),
        Case(input: [2, 12, 5, 5], outputs: 20, kernel: 3, block: 12, bias: true),
        Case(input: [1, 3, 9, 8], outputs: 8, kernel: 3, stride: 2, block: 3, residual: false),
        Case(input: [1, 16, 7, 6], outputs: 16, kernel: 3, groups: 16, block: 8),
        Case(input: [1, 16, 5, 6], outputs: 3, kernel: 1, block: 8, norm: false, relu: false),
    ]

    @Test(arguments: convolutions, ConvolutionEngine.allCases)
    func convolutionWithWhatFollows(_ c: Case, engine: ConvolutionEngine) {
        var random = RandomStream(seed: 30)
        let x = Grid.random(c.input, &random)
        let weight = Grid.random([c.outputs, c.input[1] / c.groups, c.kernel, c.kernel], &random)
        let bias = Grid.random([c.outputs], &random)
        let plain = x.convolved(weight, nil, stride: c.stride, padding: c.kernel / 2, groups: c.groups)
        let residual = Grid.random(plain.shape, &random)
        let parts = (0..<4).map { _ in Grid.random([c.outputs], &random) }
        let variance = parts[3].map { Double(Float($0 * $0 + 0.1)) }
        let norm = FrozenNorm(
            scale: parts[0].tensor, shift: parts[1].tensor, mean: parts[2].tensor, variance: variance.tensor)
        Comparison(
            operands: [x, weight] + (c.bias ? [bias] : []) + (c.residual ? [residual] : []), blocks: [c.block],
            operation: { tape, v in
                tape.convolution(
                    v[0], weight: v[1], bias: c.bias ? v[2] : nil, norm: c.norm ? norm : nil,
                    residual: c.residual ? v[v.count - 1] : nil, stride: c.stride, padding: c.kernel / 2,
                    groups: c.groups, relu: c.relu)
            },
            reference: { g in
                var y = g[0].convolved(
                    g[1], c.bias ? g[2] : nil, stride: c.stride, padding: c.kernel / 2, groups: c.groups)
                if c.norm {
                    y = .images(y.shape) { n, o, py, px in
                        (y[n, o, py, px] - parts[2].values[o]) / (variance.values[o] + Double(norm.eps)).squareRoot()
                            * parts[0].values[o] + parts[1].values[o]
                    }
                }
                if c.residual { for i in y.values.indices { y.values[i] += g[g.count - 1].values[i] } }
                return y.rectified(c.relu)
            },
            engine: engine
        ).run()
    }

    @Test(arguments: [8, 1, 16], [false, true])
    func normsWithAResidual(block: Int, relu: Bool) {
        var random = RandomStream(seed: 31)
        let shape = [2, 16, 5, 7]
        let x = Grid.random(shape, &random)
        let residual = Grid.random(shape, &random)
        let scale = Grid.random([16], &random)
        let shift = Grid.random([16], &random)
        func sum(_ a: Grid, _ b: Grid) -> Grid { Grid(a.shape, zip(a.values, b.values).map { $0 + $1 }) }
        Comparison(
            operands: [x, scale, shift, residual], blocks: [block],
            operation: { tape, v in
                tape.groupNorm(v[0], scale: v[1], shift: v[2], channelsPerGroup: 4, residual: v[3], relu: relu)
            },
            reference: { g in
                sum(g[0].normalized(g[1], g[2], eps: 1e-5) { n, c in n * 16 + c / 4 }, g[3]).rectified(relu)
            }
        ).run()
        Comparison(
            operands: [x, scale, shift, residual], blocks: [block],
            operation: { tape, v in
                tape.batchNorm(v[0], scale: v[1], shift: v[2], residual: v[3], relu: relu).result
            },
            reference: { g in sum(g[0].normalized(g[1], g[2], eps: 1e-5) { _, c in c }, g[3]).rectified(relu) }
        ).run()
    }

    @Test func aFoldedWeightFollowsWeightAndNorm() {
        var random = RandomStream(seed: 32)
        let x = Grid.random([1, 16, 6, 6], &random).tensor
        var weight = Grid.random([16, 16, 3, 3], &random).tensor
        let zero = Tensor([16])
        var norm = FrozenNorm(
            scale: Tensor(repeating: 2, [16]), shift: zero, mean: zero, variance: Tensor(repeating: 1, [16]), eps: 0)
        func value() -> [Float] {
            let tape = Tape(recording: false)
            return tape.convolution(tape.constant(x), weight: tape.constant(weight), norm: norm, padding: 1).value.array
        }
        let before = value()
        #expect(value() == before)
        norm.scale.withUnsafeMutableFloats { $0.update(repeating: 4) }
        #expect(value() == before.map { 2 * $0 })
        weight.add(weight)
        #expect(value() == before.map { 4 * $0 })
        norm.variance = Tensor(repeating: 4, [16])
        #expect(value() == before.map { 2 * $0 })
    }
}
