import Basics
import Glibc
import Tensor
import Testing

@Suite struct OperationTests {
    static let images: [(shape: [Int], block: Int)] = [
        ([2, 16, 7, 9], 1), ([2, 16, 7, 9], 8), ([1, 16, 6, 5], 16), ([2, 12, 5, 4], 12), ([1, 3, 8, 8], 3),
        ([2, 6, 3, 11], 2),
    ]

    private func grids(_ shapes: [[Int]], seed: UInt64 = 21) -> [Grid] {
        var random = RandomStream(seed: seed)
        return shapes.map { Grid.random($0, &random) }
    }

    @Test(arguments: images, [(3, 2, 1), (2, 2, 0), (3, 1, 1), (1, 2, 0)])
    func maxPool(of images: (shape: [Int], block: Int), window: (kernel: Int, stride: Int, padding: Int)) {
        Comparison(
            operands: grids([images.shape]), blocks: [images.block],
            operation: { $0.maxPool($1[0], kernel: window.kernel, stride: window.stride, padding: window.padding) },
            reference: { $0[0].maxPooled(kernel: window.kernel, stride: window.stride, padding: window.padding) }
        ).run()
    }

    @Test(arguments: images, [(14, 18), (7, 9), (9, 20), (3, 4)])
    func upsampling(of images: (shape: [Int], block: Int), to size: (height: Int, width: Int)) {
        Comparison(
            operands: grids([images.shape]), blocks: [images.block],
            operation: { $0.upsampleNearest($1[0], toHeight: size.height, width: size.width) },
            reference: { $0[0].nearest(size.height, size.width) }
        ).run()
    }

    /// Every image at places of its own: a whole grid of pixel centres at halves, moved by an eighth of a pixel from image to image.
    @Test(arguments: images, [(14, 18), (7, 9), (9, 20), (3, 4)])
    func sampling(of images: (shape: [Int], block: Int), at size: (height: Int, width: Int)) {
        let maps = grids([images.shape])[0]
        func places(_ count: Int, _ axis: Int) -> [[Float]] {
            (0..<images.shape[0]).map { image in
                (0..<count).map {
                    (Float($0) + 0.5) * Float(images.shape[axis]) / Float(count) - 0.5 + Float(image) / 8
                }
            }
        }
        let (rows, columns) = (places(size.height, 2), places(size.width, 3))
        let found = maps.tensor.blocked(images.block).sampled(rows: rows, columns: columns)
        let expected = maps.bilinear(rows.map { $0.map(Double.init) }, columns.map { $0.map(Double.init) })
        #expect(found.shape == expected.shape)
        for (value, wanted) in zip(found.array, expected.values) { #expect(abs(Double(value) - wanted) < 1e-5) }
    }

    @Test(arguments: images, [false, true])
    func sums(of images: (shape: [Int], block: Int), relu: Bool) {
        Comparison(
            operands: grids([images.shape, images.shape]), blocks: [images.block, 1],
            operation: { $0.add($1[0], $1[1], relu: relu) },
            reference: { ($0[0] + $0[1]).rectified(relu) }
        ).run()
        Comparison(
            operands: grids([images.shape, images.shape, images.shape]), blocks: [1, images.block, images.block],
            operation: { $0.sum([$1[0], $1[1], $1[2], $1[1]]) },
            reference: { $0[0] + $0[1] + $0[2] + $0[1] }
        ).run()
    }

    @Test(arguments: images)
    func elementwise(of images: (shape: [Int], block: Int)) {
        let one = grids([images.shape])
        Comparison(
            operands: one, blocks: [images.block], operation: { $0.relu($1[0]) }, reference: { $0[0].rectified(true) }
        ).run()
        Comparison(
            operands: one, blocks: [images.block], operation: { $0.scale($1[0], by: -2.5) },
            reference: { $0[0].map { -2.5 * $0 } }
        ).run()
        Comparison(
            operands: one, blocks: [images.block], operation: { $0.sigmoid($0.scale($1[0], by: 20)) },
            reference: { $0[0].map { 1 / (1 + exp(-20 * $0)) } }
        ).run()
    }

    @Test(arguments: images)
    func hardActivations(of images: (shape: [Int], block: Int)) {
        // Times 4, so that all three pieces are met.
        let one = grids([images.shape])
        Comparison(
            operands: one, blocks: [images.block], operation: { $0.hardSwish($0.scale($1[0], by: 4)) },
            reference: { $0[0].map { 4 * $0 * min(max(4 * $0 + 3, 0), 6) / 6 } }
        ).run()
        Comparison(
            operands: one, blocks: [images.block], operation: { $0.hardSigmoid($0.scale($1[0], by: 4)) },
            reference: { $0[0].map { min(max(4 * $0 + 3, 0), 6) / 6 } }
        ).run()
    }

    /// At its ends a hard swish is exactly 0 and x.
    @Test func aHardSwishIsExactAtItsEnds() {
        let tape = Tape(recording: false)
        let values: [Float] = [-1e30, -3, 0, 3, 5.3, 1e30]
        let result = tape.hardSwish(tape.constant(Tensor([6], values))).value.array
        #expect(result == [0, 0, 0, 3, 5.3, 1e30])
        #expect(tape.hardSigmoid(tape.constant(Tensor([6], values))).value.array == [0, 0, 0.5, 1, 1, 1])
        #expect(tape.hardSwish(tape.constant(Tensor([1], [.nan]))).value.scalar.isNaN)
    }

    @Test(arguments: images, [1, nil])
    func gates(of images: (shape: [Int], block: Int), gateBlock: Int?) {
        let shape = images.shape
        Comparison(
            operands: grids([shape, [shape[0], shape[1], 1, 1]]), blocks: [images.block, gateBlock ?? images.block],
            operation: { $0.gated($1[0], by: $1[1]) },
            reference: { g in .images(shape) { n, c, y, x in g[0][n, c, y, x] * g[1][n, c, 0, 0] } }
        ).run()
    }

    /// Squeeze and excitation as a whole: the gate is made from what it scales.
    @Test(arguments: images)
    func gatesFromTheirOwnInput(of images: (shape: [Int], block: Int)) {
        let shape = images.shape
        Comparison(
            operands: grids([shape]), blocks: [images.block],
            operation: { $0.gated($1[0], by: $0.hardSigmoid($0.globalAveragePool($1[0]))) },
            reference: { g in
                .images(shape) { n, c, y, x in
                    var sum = 0.0
                    for v in 0..<shape[2] { for u in 0..<shape[3] { sum += g[0][n, c, v, u] } }
                    return g[0][n, c, y, x] * min(max(sum / Double(shape[2] * shape[3]) + 3, 0), 6) / 6
                }
            }
        ).run()
    }

    @Test(arguments: images)
    func shapes(of images: (shape: [Int], block: Int)) {
        let one = grids([images.shape])
        let shape = images.shape
        Comparison(
            operands: one, blocks: [images.block], operation: { $0.flatten($1[0]) },
            reference: { Grid([shape[0], shape[1] * shape[2] * shape[3]], $0[0].values) }
        ).run()
        Comparison(
            operands: one, blocks: [images.block],
            operation: { $0.globalAveragePool($1[0]) },
            reference: { g in
                let pixels = shape[2] * shape[3]
                return Grid(
                    [shape[0], shape[1], 1, 1],
                    (0..<(shape[0] * shape[1])).map { cell in
                        g[0].values[(cell * pixels)..<((cell + 1) * pixels)].reduce(0, +) / Double(pixels)
                    })
            }
        ).run()
        for perAnchor in [1, shape[1] / 2, shape[1]] where perAnchor > 0 && shape[1] % perAnchor == 0 {
            Comparison(
                operands: one, blocks: [images.block], operation: { $0.headToRows($1[0], perAnchor) },
                reference: { g in
                    var values: [Double] = []
                    for n in 0..<shape[0] {
                        for y in 0..<shape[2] {
                            for x in 0..<shape[3] { for c in 0..<shape[1] { values.append(g[0][n, c, y, x]) } }
                        }
                    }
                    return Grid([shape[0], shape[2] * shape[3] * (shape[1] / perAnchor), perAnchor], values)
                }
            ).run()
        }
        Comparison(
            operands: grids([shape, [3] + shape.dropFirst()]), blocks: [images.block, 1],
            operation: { $0.concatenateRows([$1[0], $1[1], $1[0]]) },
            reference: { Grid([2 * shape[0] + 3] + shape.dropFirst(), $0[0].values + $0[1].values + $0[0].values) }
        ).run()
    }

    @Test(arguments: [[5, 4], [5], [6, 2, 3, 5]])
    func selection(shape: [Int]) {
        let indices = [3, 0, 3, 4, 1, 3]
        let width = shape.dropFirst().reduce(1, *)
        Comparison(
            operands: grids([shape]), operation: { $0.selectRows($1[0], indices) },
            reference: { g in
                Grid(
                    [indices.count] + shape.dropFirst(),
                    indices.flatMap { g[0].values[($0 * width)..<(($0 + 1) * width)] })
            }
        ).run()
        let tape = Tape(recording: true)
        #expect(tape.selectRows(tape.parameter(Tensor(shape), named: "x"), []).shape == [0] + shape.dropFirst())
    }

    @Test(arguments: [(1, 3, 2), (7, 33, 20), (40, 130, 70)], [(false, false), (true, false), (true, true)])
    func linear(size: (rows: Int, inputs: Int, outputs: Int), options: (bias: Bool, relu: Bool)) {
        let shapes = [[size.rows, size.inputs], [size.outputs, size.inputs]] + (options.bias ? [[size.outputs]] : [])
        Comparison(
            operands: grids(shapes),
            operation: { $0.linear($1[0], weight: $1[1], bias: options.bias ? $1[2] : nil, relu: options.relu) },
            reference: { $0[0].linear($0[1], options.bias ? $0[2] : nil).rectified(options.relu) }
        ).run()
    }

    @Test func linearOfNoRows() {
        let tape = Tape(recording: true)
        let y = tape.linear(
            tape.constant(Tensor([0, 3])), weight: tape.parameter(Tensor(repeating: 1, [2, 3]), named: "w"),
            bias: tape.parameter(Tensor([2]), named: "b"))
        let gradients = tape.gradients(from: [(y, Tensor([0, 2]))])
        #expect(gradients["w"] == Tensor([2, 3]))
        #expect(gradients["b"] == Tensor([2]))
    }

    @Test func aNaNIsNotHiddenByPooling() {
        let tape = Tape(recording: false)
        let x = tape.constant(Tensor([1, 1, 2, 2], [1, .nan, 3, 2]))
        #expect(tape.maxPool(x, kernel: 2, stride: 2).value.scalar.isNaN)
    }
}
