import Basics
import Devices
import Tensor
import Testing

@Suite struct ConvolutionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var input: [Int], outputs: Int, kernel: (Int, Int), stride = 1, padding = 0, groups = 1
        var block = 1, bias = true, relu = false
        var testDescription: String {
            "\(input) to \(outputs), \(kernel), stride \(stride), padding \(padding), groups \(groups), block \(block)"
        }
    }

    static let cases: [Case] = [
        Case(input: [2, 3, 17, 13], outputs: 16, kernel: (7, 7), stride: 2, padding: 3, bias: false),
        Case(input: [1, 3, 9, 8], outputs: 8, kernel: (3, 3), padding: 1, block: 3, relu: true),
        Case(input: [2, 16, 7, 9], outputs: 24, kernel: (3, 3), padding: 1, block: 8, bias: false),
        Case(input: [2, 16, 7, 9], outputs: 16, kernel: (3, 3), stride: 2, padding: 1, block: 8, relu: true),
        Case(input: [1, 32, 5, 6], outputs: 16, kernel: (3, 3), padding: 1, block: 16),
        Case(input: [2, 16, 6, 5], outputs: 32, kernel: (1, 1), block: 8, bias: false),
        Case(input: [2, 16, 7, 5], outputs: 32, kernel: (1, 1), stride: 2, block: 16, relu: true),
        Case(input: [2, 8, 6, 7], outputs: 3, kernel: (1, 1), block: 8),
        Case(input: [1, 16, 6, 7], outputs: 12, kernel: (1, 1), block: 8),
        Case(input: [1, 12, 6, 5], outputs: 20, kernel: (3, 3), padding: 1, block: 12),
        Case(input: [2, 12, 5, 5], outputs: 16, kernel: (3, 3), padding: 1, block: 6),
        Case(input: [2, 16, 5, 6], outputs: 16, kernel: (3, 3), padding: 1, block: 1),
        Case(input: [2, 10, 5, 6], outputs: 7, kernel: (3, 2), padding: 1, block: 2, relu: true),
        Case(input: [2, 16, 7, 6], outputs: 16, kernel: (3, 3), padding: 1, groups: 16, block: 8, bias: false),
        Case(input: [1, 16, 7, 6], outputs: 32, kernel: (3, 3), stride: 2, padding: 1, groups: 4, block: 8),
        Case(input: [1, 32, 5, 5], outputs: 32, kernel: (3, 3), padding: 1, groups: 2, block: 16, relu: true),
        Case(input: [2, 16, 7, 6], outputs: 16, kernel: (5, 5), padding: 2, groups: 16, block: 8),
        Case(
            input: [1, 24, 9, 11], outputs: 24, kernel: (5, 5), stride: 2, padding: 2, groups: 24, block: 8, bias: false
        ),
        Case(input: [2, 32, 8, 9], outputs: 32, kernel: (7, 7), padding: 3, groups: 32, block: 16, relu: true),
        Case(input: [1, 24, 3, 2], outputs: 24, kernel: (5, 5), padding: 2, groups: 24, block: 24),
        Case(input: [1, 16, 5, 5], outputs: 16, kernel: (5, 5), padding: 2, groups: 16, block: 1),
        Case(input: [1, 6, 4, 4], outputs: 6, kernel: (3, 3), padding: 1, groups: 6, block: 6),
        Case(input: [1, 1, 1, 1], outputs: 1, kernel: (1, 1)),
        // Tiles of 4×4 results that end beyond the border, panels of outputs that end within a vector's pair.
        Case(input: [3, 8, 13, 7], outputs: 8, kernel: (3, 3), padding: 1, block: 8),
        Case(input: [2, 24, 13, 7], outputs: 40, kernel: (3, 3), padding: 1, block: 8, bias: false, relu: true),
        Case(input: [1, 8, 21, 19], outputs: 24, kernel: (3, 3), padding: 1, block: 8, relu: true),
        Case(input: [2, 16, 3, 1], outputs: 16, kernel: (3, 3), padding: 1, block: 8),
        Case(input: [2, 32, 9, 13], outputs: 48, kernel: (3, 3), padding: 1, block: 16, relu: true),
    ]

    @Test(arguments: cases, ConvolutionEngine.allCases)
    func agreesWithTheReference(_ c: Case, engine: ConvolutionEngine) {
        var random = RandomStream(seed: 3)
        let x = Grid.random(c.input, &random)
        let weight = Grid.random([c.outputs, c.input[1] / c.groups, c.kernel.0, c.kernel.1], &random)
        let bias = Grid.random([c.outputs], &random)
        Comparison(
            operands: [x, weight] + (c.bias ? [bias] : []), blocks: [c.block],
            operation: { tape, v in
                tape.convolution(
                    v[0], weight: v[1], bias: c.bias ? v[2] : nil, stride: c.stride, padding: c.padding,
                    groups: c.groups, relu: c.relu)
            },
            reference: { g in
                g[0].convolved(
                    g[1], c.bias ? g[2] : nil, stride: c.stride, padding: c.padding, groups: c.groups
                ).rectified(c.relu)
            },
            engine: engine
        ).run()
    }

    /// The choice follows from the shape: Winograd's where pixels are many. Nothing is multiplied by sums of bf16 numbers.
    @Test(arguments: [(size: 12, ConvolutionEngine.direct), (size: 20, .winograd)])
    func theFastEngineChoosesByShape(size: Int, chosen: ConvolutionEngine) {
        var random = RandomStream(seed: 9)
        let x = Grid.random([1, 16, size, size], &random).tensor.blocked(Layout.lanes)
        let weight = Grid.random([16, 16, 3, 3], &random).tensor
        func passes(_ engine: ConvolutionEngine, _ precision: Precision) -> NamedTensors {
            let tape = Tape(recording: true, engine: engine, precision: precision)
            let y = tape.convolution(
                tape.parameter(x, named: "x"), weight: tape.parameter(weight, named: "w"), padding: 1)
            var result = tape.gradients(from: [(y, y.value)])
            result["y"] = y.value
            return result
        }
        let fast = passes(.fast, .float32)
        for engine in [ConvolutionEngine.direct, .winograd] {
            let other = passes(engine, .float32)
            for name in ["x", "w", "y"] { #expect((fast[name] == other[name]) == (engine == chosen), "\(name)") }
        }
        #expect(passes(.winograd, .bfloat16Emulated) == passes(.direct, .bfloat16Emulated))
    }

    /// Weights in training are read once in an order, which then would only take memory. In a process of its own, since
    /// the memory is the whole process's.
    @Test(arguments: [ConvolutionEngine.direct, .winograd])
    func trainingKeepsNoReorderedWeights(engine: ConvolutionEngine) async {
        await #expect(processExitsWith: .success) { [name = engine.rawValue as String] in
            let tape = Tape(recording: true, engine: ConvolutionEngine(rawValue: name) ?? .gemm)
            let x = tape.parameter(Tensor(repeating: 1, [1, 128, 8, 8], block: Layout.lanes), named: "x")
            let weight = tape.parameter(Tensor(repeating: 1, [128, 128, 3, 3]), named: "w")
            let (activation, weights) = (128 * 8 * 8 * 4, 128 * 128 * 9 * 4)
            let before = BufferPool.usage.live
            var results: [Tensor] = []
            do {
                let y = tape.convolution(x, weight: weight, padding: 1)
                #expect(BufferPool.usage.live - before < activation + weights / 2)
                results = [y.value] + tape.gradients(from: [(y, y.value)]).sorted.map(\.tensor)
            }
            #expect(results.count == 3)
            #expect(BufferPool.usage.live - before < 2 * activation + weights + weights / 2)
        }
    }

    @Test func keepsThePreferredBlock() {
        let tape = Tape(recording: false)
        let x = tape.constant(Tensor([1, 3, 8, 8]))
        let y = tape.convolution(x, weight: tape.constant(Tensor([32, 3, 3, 3])), padding: 1)
        #expect(y.value.block == Layout.lanes)
        #expect(tape.convolution(y, weight: tape.constant(Tensor([12, 32, 1, 1]))).value.block == 12)
    }

    /// A weight that several convolutions of a tape have in common is reordered once for each pass, and kept until it
    /// changes. In a process of its own, since the counters are the whole process's.
    @Test func sharedWeightsAreReorderedOnce() async {
        await #expect(processExitsWith: .success) {
            var random = RandomStream(seed: 8)
            var weight = Grid.random([256, 256, 3, 3], &random).tensor
            let x = Grid.random([1, 256, 20, 20], &random).tensor.blocked(Layout.lanes)
            let weights = weight.count * 4
            let start = BufferPool.usage.live
            var (first, second) = (0, 0)
            do {
                let tape = Tape(recording: true)
                let variable = tape.parameter(weight, named: "w")
                func run(_ tape: Tape) -> Variable {
                    tape.convolution(tape.constant(x), weight: variable, padding: 1, isShared: true)
                }
                let before = BufferPool.usage.live
                let y = run(tape)
                first = BufferPool.usage.live - before
                let z = run(tape)
                second = BufferPool.usage.live - before - first
                _ = tape.gradients(from: [(y, y.value), (z, z.value)])
            }
            #expect(first > weights && second < weights, "\(first) bytes, then \(second): the result alone")
            weight.withUnsafeMutableFloats { $0[0] += 1 }
            #expect(BufferPool.usage.live < start + weights, "gone with the change")
        }
    }

    @Test func reorderedWeightsFollowTheWeights() {
        var random = RandomStream(seed: 8)
        var weight = Grid.random([16, 16, 3, 3], &random).tensor
        let x = Grid.random([1, 16, 6, 6], &random).tensor
        let value = { (weight: Tensor) in
            let tape = Tape(recording: false)
            return tape.convolution(tape.constant(x), weight: tape.constant(weight), padding: 1).value
        }
        let before = value(weight)
        let old = weight
        weight.add(weight)
        #expect(value(weight).array == before.array.map { 2 * $0 })
        #expect(value(old) == before)
        let unshared = value(weight)
        weight.withUnsafeMutableFloats { floats in for i in floats.indices { floats[i] *= 0.5 } }
        #expect(value(weight) == before && unshared != before)
    }

    @Test(arguments: ConvolutionEngine.allCases)
    func noImagesAreFine(engine: ConvolutionEngine) {
        let tape = Tape(recording: true, engine: engine)
        let x = tape.parameter(Tensor([0, 8, 7, 7]), named: "x")
        let weight = tape.parameter(Tensor([16, 8, 3, 3]), named: "w")
        let bias = tape.parameter(Tensor([16]), named: "b")
        let y = tape.convolution(x, weight: weight, bias: bias, padding: 1, relu: true)
        #expect(y.shape == [0, 16, 7, 7])
        let gradients = tape.gradients(from: [(y, Tensor([0, 16, 7, 7]))])
        #expect(gradients["x"]?.shape == [0, 8, 7, 7])
        #expect(gradients["w"] == Tensor([16, 8, 3, 3]))
        #expect(gradients["b"] == Tensor([16]))
    }

    @Test func gradientsOnlyWhereWanted() {
        let tape = Tape(recording: true)
        let x = tape.constant(Tensor(repeating: 1, [1, 8, 4, 4], block: 8))
        let y = tape.convolution(
            x, weight: tape.constant(Tensor(repeating: 1, [8, 8, 1, 1])), bias: tape.parameter(Tensor([8]), named: "b"))
        let gradients = tape.gradients(from: [(y, Tensor(repeating: 1, [1, 8, 4, 4]))])
        #expect(gradients.keys.sorted() == ["b"])
        #expect(gradients["b"]?.array == [Float](repeating: 16, count: 8))
    }
}
