import Basics
import Tensor
import Testing

@Suite struct NormalizationTests {
    static let shapes: [(shape: [Int], block: Int)] = [
        ([2, 16, 7, 5], 1), ([2, 16, 7, 5], 8), ([2, 16, 7, 5], 16), ([1, 24, 3, 3], 8), ([2, 12, 5, 3], 12),
        ([3, 8, 2, 3], 8), ([2, 80, 4, 3], 80), ([2, 6, 5, 7], 2), ([1, 12, 9, 1], 6), ([1, 8, 150, 90], 8),
    ]

    @Test(arguments: shapes, [(1, false), (2, true), (4, false)])
    func groups(of images: (shape: [Int], block: Int), options: (divisor: Int, relu: Bool)) {
        let channels = images.shape[1]
        let perGroup = channels / (2 * options.divisor)
        guard perGroup > 0, channels % perGroup == 0 else { return }
        compare(
            images, relu: options.relu,
            { tape, v in
                tape.groupNorm(v[0], scale: v[1], shift: v[2], channelsPerGroup: perGroup, relu: options.relu)
            },
            { g in g[0].normalized(g[1], g[2], eps: 1e-5) { n, c in n * channels + c / perGroup } })
    }

    @Test(arguments: shapes, [false, true])
    func batches(of images: (shape: [Int], block: Int), relu: Bool) {
        compare(
            images, relu: relu, { tape, v in tape.batchNorm(v[0], scale: v[1], shift: v[2], relu: relu).result },
            { g in g[0].normalized(g[1], g[2], eps: 1e-5) { _, c in c } })
    }

    @Test(arguments: shapes, [false, true])
    func frozen(of images: (shape: [Int], block: Int), relu: Bool) {
        var random = RandomStream(seed: 12)
        let channels = images.shape[1]
        let mean = Grid.random([channels], &random)
        let variance = Grid.random([channels], &random).map { $0 * $0 + 0.1 }
        let rounded = variance.map { Double(Float($0)) }
        compare(
            images, relu: relu,
            { tape, v in
                tape.frozenNorm(
                    v[0], scale: v[1], shift: v[2], mean: mean.tensor, variance: variance.tensor, eps: 0, relu: relu)
            },
            { g in
                .images(images.shape) { n, c, y, x in
                    (g[0][n, c, y, x] - mean.values[c]) / rounded.values[c].squareRoot() * g[1].values[c]
                        + g[2].values[c]
                }
            })
    }

    private func compare(
        _ images: (shape: [Int], block: Int), relu: Bool, _ operation: @escaping (Tape, [Variable]) -> Variable,
        _ reference: @escaping ([Grid]) -> Grid, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var random = RandomStream(seed: 4)
        // A mean that is large beside the deviation, which a one-pass sum of squares would not survive.
        let x = Grid.random(images.shape, &random).map { Double(Float($0 + 3)) }
        let channels = images.shape[1]
        let scale = Grid.random([channels], &random)
        let shift = Grid.random([channels], &random)
        Comparison(
            operands: [x, scale, shift], blocks: [images.block], operation: operation,
            reference: { reference($0).rectified(relu) }
        ).run(sourceLocation: sourceLocation)
    }

    @Test func statisticsOfABatch() {
        let tape = Tape(recording: false)
        let x = tape.constant(Tensor([2, 1, 1, 2], [1, 2, 3, 6]))
        let one = tape.constant(Tensor([1], [1]))
        let zero = tape.constant(Tensor([1], [0]))
        let statistics = tape.batchNorm(x, scale: one, shift: zero).statistics
        #expect(statistics.mean.array == [3])
        #expect(abs(statistics.variance.scalar - 14.0 / 3) < 1e-6)
    }

    @Test func aLargeMeanDoesNotSpoilTheDeviation() {
        var random = RandomStream(seed: 2)
        let x = Grid.random([1, 8, 64, 64], &random).map { Double(Float($0 + 1000)) }
        let scale = Grid([8], [Double](repeating: 1, count: 8))
        let shift = Grid(zeros: [8])
        let tape = Tape(recording: false)
        let y = tape.groupNorm(
            tape.constant(x.tensor.blocked(8)), scale: tape.constant(scale.tensor), shift: tape.constant(shift.tensor),
            channelsPerGroup: 4)
        let wanted = x.normalized(scale, shift, eps: 1e-5) { _, c in c / 4 }
        let worst = zip(y.value.array, wanted.values).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
        // One unit in the last place of 1000 is 6e-5, divided by a deviation of 0.58.
        #expect(worst < 3e-4)
    }
}
