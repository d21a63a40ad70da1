import Basics
import Foundation
import Tensor
import Testing

@Suite struct RoIAlignTests {
    /// Features and regions whose results were taken from torchvision 0.29 (`roi_align`, aligned=False, ratio 2).
    private let features = pattern([2, 3, 9, 11])
    private let regions: [RoI] = [
        RoI(image: 0, level: 0, x1: 3, y1: 5, x2: 30, y2: 33),
        RoI(image: 1, level: 0, x1: -20, y1: -6, x2: 10, y2: 12),
        RoI(image: 1, level: 0, x1: 40, y1: 30, x2: 60, y2: 50),
        RoI(image: 0, level: 0, x1: 12, y1: 12, x2: 12.5, y2: 12.25),
        RoI(image: 1, level: 0, x1: 0, y1: 0, x2: 43, y2: 35),
    ]

    private static func pattern(_ shape: [Int]) -> Tensor {
        var elements: [Float] = []
        for n in 0..<shape[0] {
            for c in 0..<shape[1] {
                for h in 0..<shape[2] {
                    for w in 0..<shape[3] { elements.append(Float((n * 7 + c * 5 + h * 3 + w * 2) % 13) / 4) }
                }
            }
        }
        return Tensor(shape, elements)
    }

    @Test(arguments: [1, 3])
    func agreesWithTorchvision(block: Int) {
        let tape = Tape(recording: true)
        let x = tape.parameter(features.blocked(block), named: "x")
        let y = tape.roiAlign(levels: [x], rois: regions, scales: [0.25])
        #expect(y.shape == [5, 3, 7, 7])
        let values = y.value.array
        let sums = (0..<5).map { region in values[(region * 147)..<(region * 147 + 147)].reduce(0.0) { $0 + Double($1) }
        }
        expectNear(
            sums, [220.0915179848671, 98.57106947898865, 18.207588762044907, 229.6875021457672, 221.2512557208538], 1e-4
        )
        let picked = [(0, 0, 0, 0), (0, 2, 6, 6), (1, 1, 3, 4), (2, 0, 5, 5), (3, 2, 2, 1), (4, 1, 6, 0)]
            .map { Double(values[(($0 * 3 + $1) * 7 + $2) * 7 + $3]) }
        expectNear(
            picked,
            [
                1.9285714626312256, 2.0714282989501953, 1.1110490560531616, 0, 1.7665812969207764, 2.590087890625,
            ], 1e-5)

        let seed = Tensor(y.shape, (0..<735).map { Float($0 % 17 - 8) / 8 })
        let gradient = tape.gradients(from: [(y, seed)])["x"]
        #expect(gradient?.block == block)
        let slopes = gradient?.array ?? []
        let planes = (0..<6).map { plane in slopes[(plane * 99)..<(plane * 99 + 99)].reduce(0) { $0 + Double(abs($1)) }
        }
        expectNear(
            planes,
            [
                17.72903215698898, 17.406089894473553, 18.61483485251665, 23.19775395747274, 23.104148254729807,
                24.33447850495577,
            ], 1e-4)
        expectNear(
            [Double(slopes[25]), Double(slopes[5 * 99 + 98]), Double(slopes[4 * 99])],
            [-0.5703124403953552, -1.392403483390808, -0.8988261818885803], 1e-5)
    }

    /// RoIAlign is linear in the features: ⟨seed, align(x)⟩ = ⟨gradient, x⟩ for every x, so that the checked forward
    /// pass checks the backward pass on every layout.
    @Test(arguments: [(16, 8), (16, 16), (16, 4), (40, 40), (6, 1), (20, 20), (24, 12)])
    func everyLayoutGivesTheSame(channels: Int, block: Int) {
        var random = RandomStream(seed: 3)
        let shapes = [[2, channels, 12, 17], [2, channels, 6, 9], [2, channels, 1, 1]]
        let scales: [Float] = [0.25, 0.125, 0.02]
        let regions = (0..<23).map { _ in
            let (x, y) = (random.uniform(-30, 70), random.uniform(-30, 50))
            return RoI(
                image: random.index(below: 2), level: random.index(below: 3), x1: Float(x), y1: Float(y),
                x2: Float(x + random.uniform(-1, 60)), y2: Float(y + random.uniform(0, 60)))
        }
        let levels = shapes.map { Tensor.random($0, &random) }
        func run(_ block: Int) -> (value: Tensor, gradients: NamedTensors) {
            let tape = Tape(recording: true)
            let variables = levels.enumerated().map { tape.parameter($1.blocked(block), named: "\($0)") }
            let y = tape.roiAlign(levels: variables, rois: regions, scales: scales)
            let seed = Tensor(y.shape, (0..<y.value.count).map { Float($0 % 23 - 11) })
            return (y.value, tape.gradients(from: [(y, seed)]))
        }
        let plain = run(1)
        let blocked = run(block)
        expectNear(blocked.value.doubles, plain.value.doubles, 1e-5)
        let seeded = plain.value.doubles.enumerated().reduce(0) { $0 + Double($1.offset % 23 - 11) * $1.element }
        var adjoint = 0.0
        for (level, x) in levels.enumerated() {
            let gradient = blocked.gradients["\(level)"]
            expectNear(gradient?.doubles ?? [], plain.gradients["\(level)"]?.doubles ?? [], 1e-3)
            adjoint += zip(gradient?.doubles ?? [], x.doubles).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(abs(adjoint - seeded) < 1e-2 * max(1, abs(seeded)))
    }

    @Test func withoutRegionsThereIsNothingAndNoGradient() {
        let tape = Tape(recording: true)
        let x = tape.parameter(features, named: "x")
        let y = tape.roiAlign(levels: [x], rois: [], scales: [0.25])
        #expect(y.shape == [0, 3, 7, 7])
        #expect(tape.gradients(from: [(y, Tensor(y.shape, []))])["x"] == Tensor(repeating: 0, features.shape))
    }
}
