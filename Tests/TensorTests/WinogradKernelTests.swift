import Basics
import CKernels
import Testing

/// The kernels of both widths, with and without the processor's vector instructions, against the plainest convolution in
/// Double.
@Suite struct WinogradKernelTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var input: [Int], outputs: Int
        var testDescription: String { "\(input) to \(outputs)" }
    }

    static let cases = [
        Case(input: [1, 16, 4, 4], outputs: 16), Case(input: [2, 48, 13, 7], outputs: 16),
        Case(input: [1, 16, 3, 50], outputs: 80), Case(input: [1, 144, 33, 34], outputs: 32),
    ]

    @Test(arguments: cases, [8, 16])
    func agreesWithTheReference(_ c: Case, lanes: Int) {
        for portable in [false, true] {
            let results = [1, 2, 3, 6].map { Passes(c, lanes: lanes, threads: $0, portable: portable) }
            for result in results.dropFirst() {
                #expect(result == results[0], "the number of threads changes no bit")
            }
            let wanted = Passes(reference: c)
            #expect(distance(results[0].output, wanted.output) < 5e-6)
            #expect(distance(results[0].inputGradient, wanted.inputGradient) < 5e-6)
            #expect(distance(results[0].weightGradient, wanted.weightGradient) < 5e-6)
            #expect(distance(results[0].biasGradient, wanted.biasGradient) < 1e-6)
        }
    }

    /// No more than a few times the rounding error of a direct sum in float32, with many channels.
    @Test func isAboutAsExactAsADirectSum() {
        let c = Case(input: [1, 256, 9, 9], outputs: 16)
        let (ours, exact) = (Passes(c, lanes: 8, threads: 1, portable: false).output, Passes(reference: c).output)
        #expect(distance(ours, exact) < 5e-6)
    }
}

/// The largest difference relative to the largest value.
private func distance(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let largest = b.reduce(1e-30) { max($0, abs($1)) }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
}

/// What the three passes give, images in NCHW. The result has a bias, a residual and a ReLU; the gradients are those of a
/// plain convolution.
private struct Passes: Equatable {
    var output, inputGradient, weightGradient, biasGradient: [Double]

    init(_ c: WinogradKernelTests.Case, lanes: Int, threads: Int, portable: Bool) {
        let o = Operands(c)
        let shape = jk_winograd(
            images: c.input[0], channels: c.input[1], height: c.input[2], width: c.input[3], outputs: c.outputs,
            lanes: lanes, threads: Int32(threads), portable: portable ? 1 : 0)
        let turned = jk_winograd(
            images: shape.images, channels: shape.outputs, height: shape.height, width: shape.width,
            outputs: shape.channels, lanes: lanes, threads: shape.threads, portable: shape.portable)
        let (x, residual) = (blocked(o.x, lanes), blocked(o.residual, lanes))
        let (weight, bias) = (o.weight.values.map { Float($0) }, o.bias.values.map { Float($0) })
        let gradient = blocked(o.gradient, lanes)
        let y = filled(o.residual.values.count) { y in
            let packed = filled(jk_winograd_weights(shape)) { jk_winograd_pack(shape, weight, 0, $0) }
            _ = filled(jk_winograd_workspace(shape)) {
                jk_winograd_convolve(shape, x, packed, bias, residual, 1, y, $0)
            }
        }
        let dx = filled(o.x.values.count) { dx in
            let packed = filled(jk_winograd_weights(turned)) { jk_winograd_pack(turned, weight, 1, $0) }
            _ = filled(jk_winograd_workspace(turned)) {
                jk_winograd_convolve(turned, gradient, packed, nil, nil, 0, dx, $0)
            }
        }
        let db = UnsafeMutablePointer<Float>.allocate(capacity: c.outputs)
        defer { db.deallocate() }
        let dw = filled(weight.count) { dw in
            _ = filled(jk_winograd_gradient_workspace(shape)) { jk_winograd_gradient(shape, x, gradient, dw, db, $0) }
        }
        output = plain(y, o.residual.shape, lanes)
        inputGradient = plain(dx, o.x.shape, lanes)
        weightGradient = dw.map { Double($0) }
        biasGradient = (0..<c.outputs).map { Double(db[$0]) }
    }

    init(reference c: WinogradKernelTests.Case) {
        let o = Operands(c)
        output = (o.x.convolved(o.weight, o.bias, stride: 1, padding: 1, groups: 1) + o.residual).rectified(true).values
        var turned = Grid(zeros: [c.input[1], c.outputs, 3, 3])
        var weights = Grid(zeros: o.weight.shape)
        for out in 0..<c.outputs {
            for channel in 0..<c.input[1] {
                for (y, x) in (0..<9).map({ ($0 / 3, $0 % 3) }) {
                    turned[channel, out, 2 - y, 2 - x] = o.weight[out, channel, y, x]
                    weights[out, channel, y, x] = o.correlation(out, channel, y - 1, x - 1)
                }
            }
        }
        inputGradient = o.gradient.convolved(turned, nil, stride: 1, padding: 1, groups: 1).values
        weightGradient = weights.values
        let pixels = c.input[2] * c.input[3]
        biasGradient = (0..<c.outputs).map { out in
            (0..<c.input[0]).reduce(0) { sum, n in
                let first = (n * c.outputs + out) * pixels
                return o.gradient.values[first..<first + pixels].reduce(sum, +)
            }
        }
    }
}

private struct Operands {
    let x, weight, bias, residual, gradient: Grid

    init(_ c: WinogradKernelTests.Case) {
        var random = RandomStream(seed: 12)
        x = .random(c.input, &random)
        weight = .random([c.outputs, c.input[1], 3, 3], &random)
        bias = .random([c.outputs], &random)
        residual = .random([c.input[0], c.outputs, c.input[2], c.input[3]], &random)
        gradient = .random(residual.shape, &random)
    }

    /// Σ gradient[n, out, y, x] · x[n, channel, y + dy, x + dx]
    func correlation(_ out: Int, _ channel: Int, _ dy: Int, _ dx: Int) -> Double {
        var sum = 0.0
        for n in 0..<x.shape[0] {
            for row in max(0, -dy)..<min(x.shape[2], x.shape[2] - dy) {
                for column in max(0, -dx)..<min(x.shape[3], x.shape[3] - dx) {
                    sum += gradient[n, out, row, column] * x[n, channel, row + dy, column + dx]
                }
            }
        }
        return sum
    }
}

/// [N][C / lanes][H][W][lanes]
private func blocked(_ grid: Grid, _ lanes: Int) -> [Float] {
    let (pixels, source) = (grid.shape[2] * grid.shape[3], grid.values.map { Float($0) })
    return filled(source.count) {
        jk_reblock(source, 1, $0, lanes, grid.shape[0], grid.shape[1], pixels)
    }
}

private func plain(_ elements: [Float], _ shape: [Int], _ lanes: Int) -> [Double] {
    filled(elements.count) { jk_reblock(elements, lanes, $0, 1, shape[0], shape[1], shape[2] * shape[3]) }
        .map { Double($0) }
}

/// Elements that `body` writes, with something wrong where it does not.
private func filled(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    guard let memory = jk_allocate(count * MemoryLayout<Float>.stride) else { return [] }
    defer { jk_free(memory) }
    let floats = memory.bindMemory(to: Float.self, capacity: count)
    floats.update(repeating: .nan, count: count)
    body(floats)
    return Array(UnsafeBufferPointer(start: floats, count: count))
}
