import Basics
import Devices
import Dispatch
import Synchronization
import Tensor
import Testing

@Suite struct PrecisionTests {
    /// The nearest bfloat16: 8 bits of significand, ties to even.
    static func rounded(_ value: Double) -> Double {
        guard value != 0 else { return 0 }
        let unit = Double(sign: .plus, exponent: value.exponent - 7, significand: 1)
        return (value / unit).rounded(.toNearestOrEven) * unit
    }

    static func rounded(_ grid: Grid) -> Grid {
        var grid = grid
        for i in grid.values.indices { grid.values[i] = rounded(grid.values[i]) }
        return grid
    }

    struct Case: Sendable {
        var input: [Int], outputs: Int, kernel = 3, stride = 1, groups = 1, block = 8, engine = ConvolutionEngine.fast
    }

    static let cases = [
        Case(input: [2, 16, 7, 9], outputs: 24), Case(input: [2, 16, 9, 8], outputs: 16, stride: 2),
        Case(input: [1, 3, 9, 8], outputs: 8, block: 3), Case(input: [2, 16, 6, 5], outputs: 32, kernel: 1),
        Case(input: [1, 16, 7, 6], outputs: 32, groups: 4), Case(input: [2, 16, 7, 9], outputs: 24, engine: .gemm),
    ]

    /// Emulated everywhere; by the processor's own instructions where it has them.
    static let precisions = [Precision.bfloat16Emulated, .bfloat16].filter { Compute.obstacle(to: $0) == nil }

    /// Forward and both backward passes multiply rounded operands and sum in float32: they agree with a reference in
    /// Double on the same rounded numbers, and differ from float32's.
    @Test(arguments: cases, precisions)
    func convolutionsRoundTheirOperands(_ c: Case, _ precision: Precision) throws {
        var random = RandomStream(seed: 21)
        let x = Grid.random(c.input, &random)
        let weight = Grid.random([c.outputs, c.input[1] / c.groups, c.kernel, c.kernel], &random)
        let bias = Grid.random([c.outputs], &random)
        func compute(_ x: Grid, _ weight: Grid, _ precision: Precision, seed: Grid? = nil) -> [[Float]] {
            let tape = Tape(recording: true, engine: c.engine, precision: precision)
            let y = tape.convolution(
                tape.parameter(x.tensor.blocked(c.block), named: "x"),
                weight: tape.parameter(weight.tensor, named: "w"),
                bias: tape.parameter(bias.tensor, named: "b"), stride: c.stride, padding: c.kernel / 2,
                groups: c.groups)
            var random = RandomStream(seed: 4)
            let seed = seed ?? Grid.random(y.shape, &random)
            let gradients = tape.gradients(from: [(y, seed.tensor)])
            return [y.value.array] + ["x", "w", "b"].map { gradients[$0]?.array ?? [] }
        }
        let got = compute(x, weight, precision)
        var again = RandomStream(seed: 4)
        let shape = Tape(recording: false).convolution(
            Tape(recording: false).constant(x.tensor), weight: Tape(recording: false).constant(weight.tensor),
            stride: c.stride, padding: c.kernel / 2, groups: c.groups
        ).shape
        let seed = Self.rounded(Grid.random(shape, &again))
        let wanted = compute(Self.rounded(x), Self.rounded(weight), .float32, seed: seed)
        let plain = compute(x, weight, .float32)
        // The bias' gradient is a sum, of which only oneDNN's own bf16 rounds the terms.
        for index in 0..<3 {
            #expect(got[index].count == wanted[index].count)
            let size = wanted[index].reduce(1e-3) { max($0, abs($1)) }
            #expect(zip(got[index], wanted[index]).allSatisfy { abs($0 - $1) <= 2e-5 * size }, "part \(index)")
            let difference = zip(got[index], plain[index]).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(difference > 1e-4 * size && difference < 0.05 * size, "rounding is seen: \(difference / size)")
        }
        #expect(compute(x, weight, precision) == got, "the same bits")
    }

    /// Threads that meet a shape at the same time all generate code for it, and each gets code that is right.
    @Test func codeIsGeneratedByOneThreadAtATime() {
        var random = RandomStream(seed: 23)
        let weight = Grid.random([8, 3, 3, 3], &random)
        for height in 5..<125 {
            let x = Grid.random([1, 3, height, 8], &random)
            let wrong = Mutex<[Precision]>([])
            DispatchQueue.concurrentPerform(iterations: 8) { index in
                let precision = Self.precisions[index % Self.precisions.count]
                func compute(_ x: Grid, _ weight: Grid, _ engine: ConvolutionEngine, _ precision: Precision) -> [Float]
                {
                    let tape = Tape(recording: false, engine: engine, precision: precision)
                    return tape.convolution(
                        tape.constant(x.tensor.blocked(3)), weight: tape.constant(weight.tensor), padding: 1
                    ).value.array
                }
                let got = compute(x, weight, .fast, precision)
                let wanted = compute(Self.rounded(x), Self.rounded(weight), .gemm, .float32)
                if !zip(got, wanted).allSatisfy({ abs($0 - $1) <= 1e-4 }) { wrong.withLock { $0.append(precision) } }
            }
            let found = wrong.withLock { $0 }
            #expect(found.isEmpty, "height \(height): \(found)")
        }
    }

    @Test(arguments: precisions)
    func productsRoundTheirOperands(_ precision: Precision) {
        var random = RandomStream(seed: 22)
        let x = Grid.random([37, 50], &random)
        let weight = Grid.random([21, 50], &random)
        let seed = Grid.random([37, 21], &random)
        func compute(_ x: Grid, _ weight: Grid, _ seed: Grid, _ precision: Precision) -> [[Float]] {
            let tape = Tape(recording: true, precision: precision)
            let y = tape.linear(
                tape.parameter(x.tensor, named: "x"), weight: tape.parameter(weight.tensor, named: "w"))
            let gradients = tape.gradients(from: [(y, seed.tensor)])
            return [y.value.array, gradients["x"]?.array ?? [], gradients["w"]?.array ?? []]
        }
        let got = compute(x, weight, seed, precision)
        let wanted = compute(Self.rounded(x), Self.rounded(weight), Self.rounded(seed), .float32)
        let plain = compute(x, weight, seed, .float32)
        for index in 0..<3 {
            let size = wanted[index].reduce(1e-3) { max($0, abs($1)) }
            #expect(zip(got[index], wanted[index]).allSatisfy { abs($0 - $1) <= 2e-5 * size }, "part \(index)")
            #expect(got[index] != plain[index])
        }
    }

    @Test func specialNumbersStayWhatTheyAre() {
        let numbers: [Float] = [0, -0, .infinity, -.infinity, 1, 3.3895314e38, .leastNonzeroMagnitude, 1.00390625]
        let tape = Tape(recording: false, precision: .bfloat16Emulated)
        let one = tape.constant(Tensor([1, 1], [1]))
        let rounded = numbers.map { tape.linear(tape.constant(Tensor([1, 1], [$0])), weight: one).value.scalar }
        // The last lies half way between 1 and 1.0078125: to even.
        #expect(rounded == [0, 0, .infinity, -.infinity, 1, 3.3895314e38, 0, 1])
        #expect(tape.linear(tape.constant(Tensor([1, 1], [.nan])), weight: one).value.scalar.isNaN)
    }

    /// In a process of its own, since what is prepared holds for the whole process.
    @Test func whatTheDeviceLacksFallsBackWithANotice() async {
        await #expect(processExitsWith: .success) {
            var notices: [String] = []
            Compute.prepare(threads: 1, precision: .bfloat16) { notices.append($0) }
            if let obstacle = Compute.obstacle(to: .bfloat16) {
                #expect(Compute.precision == .float32)
                #expect(notices.count == 1 && notices[0].contains(obstacle) && notices[0].contains("fp32"))
            } else {
                #expect(Compute.precision == .bfloat16)
            }
            Compute.prepare(threads: 1, precision: .bfloat16Emulated) { notices.append($0) }
            #expect(Compute.precision == .bfloat16Emulated && Tape(recording: false).precision == .bfloat16Emulated)
            notices = []
            Compute.prepare(threads: 1, precision: .float32) { notices.append($0) }
            #expect(Compute.precision == .float32 && notices.isEmpty)
        }
    }
}
