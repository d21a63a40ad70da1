import Basics
import Foundation
import Tensor
import Testing

@Suite struct LossTests {
    private let logits = Tensor([3, 3], [2, -1, 0.5, 0, 3, -2, 1, 1, 1])
    private let targets: [Float] = [0.9, -0.4, 0.2, 0, 1, 0.5, 0.3, 0.8, 0.1]

    /// Values and gradients of PyTorch 2.
    @Test func agreesWithPyTorch() {
        func check(
            _ operation: (Tape, Variable) -> Variable, _ value: Double, _ gradient: [Double],
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            let tape = Tape(recording: true)
            let loss = operation(tape, tape.parameter(logits, named: "x"))
            expectNear([Double(loss.value.scalar)], [value], 1e-6, sourceLocation: sourceLocation)
            expectNear(tape.gradients(of: loss)["x"]?.doubles ?? [], gradient, 1e-6, sourceLocation: sourceLocation)
        }
        check(
            { $0.softmaxCrossEntropy($1, targets: [0, 2, 1]) }, 2.131636381149292,
            [
                -0.07146766036748886, 0.013037524186074734, 0.058430131524801254, 0.01570780575275421,
                0.3154997229576111, -0.3312075138092041, 0.1111111044883728, -0.222222238779068, 0.1111111044883728,
            ])
        check(
            { $0.smoothL1($1, target: targets, beta: 1 / 9, normalizer: 3) }, 2.618518590927124,
            [1, -1, 1, 0, 1, -1, 1, 1, 1].map { $0 / 3 })
        check(
            { $0.binaryCrossEntropyWithLogits($1, targets: targets.map { max($0, 0) }) }, 0.6803016662597656,
            [
                -0.002133660949766636, 0.029882380738854408, 0.04693992808461189, 0.0555555559694767,
                -0.005269540473818779, -0.04231078922748566, 0.047895397990942, -0.007660157047212124,
                0.07011762261390686,
            ])
        let teacher = Tensor([3, 3], [1, 2, 0, 0, 0, 0, -3, 1, 1]).softmax(temperature: 2)
        check(
            { $0.klDivergence($1, teacherProbabilities: teacher, temperature: 2) }, 1.4954233169555664,
            [
                0.18840119242668152, -0.24991916120052338, 0.061517972499132156, -0.10825370252132416,
                0.2885492444038391, -0.18029555678367615, 0.17996956408023834, -0.08998481929302216,
                -0.08998481929302216,
            ])
    }

    @Test func crossEntropy() {
        var random = RandomStream(seed: 1)
        let x = Tensor.random([700, 5], &random, scale: 3)
        let targets = (0..<700).map { $0 % 11 == 0 ? -1 : random.index(below: 5) }
        let weights = (0..<700).map { $0 % 7 == 0 ? 0 : Float(random.uniform()) }
        let reference: ([Double]) -> Double = { x in
            (0..<700).reduce(0) { sum, r in
                guard targets[r] >= 0 else { return sum }
                let row = x[(r * 5)..<(r * 5 + 5)]
                return sum + Double(weights[r]) * (log(row.reduce(0) { $0 + exp($1) }) - row[r * 5 + targets[r]]) / 250
            }
        }
        // Differences of a sum over many rows: look at a few rows only.
        let few = Tensor([4, 5], Array(x.array[0..<20]))
        LossCheck(at: few, { $0.softmaxCrossEntropy($1, targets: [-1, 2, 4, 0], weights: [1, 0, 2, 0.5]) }).agrees {
            x in
            zip([2, 3], zip([4, 0], [2, 0.5])).reduce(0) { sum, item in
                let row = Array(x[(item.0 * 5)..<(item.0 * 5 + 5)])
                return sum + item.1.1 * (log(row.reduce(0) { $0 + exp($1) }) - row[item.1.0]) / 4
            }
        }
        let tape = Tape(recording: true)
        let loss = tape.softmaxCrossEntropy(tape.constant(x), targets: targets, weights: weights, normalizer: 250)
        expectNear([Double(loss.value.scalar)], [reference(x.doubles)], 1e-6)
    }

    @Test func crossEntropyOfHugeLogitsIsFinite() {
        let tape = Tape(recording: true)
        let x = tape.parameter(Tensor([2, 2], [1e4, -1e4, -1e30, 1e30]), named: "x")
        let loss = tape.softmaxCrossEntropy(x, targets: [0, 1])
        #expect(loss.value.scalar == 0)
        #expect(tape.gradients(of: loss)["x"]?.array == [0, 0, 0, 0])
    }

    @Test(arguments: [0.5, 1, 4] as [Float])
    func divergence(temperature: Float) {
        var random = RandomStream(seed: 2)
        let teacher = Tensor.random([6, 7], &random, scale: 2).softmax(temperature: temperature)
        let p = teacher.doubles
        let weights = (0..<6).map { Float($0) / 3 }
        let heat = Double(temperature)
        LossCheck(
            at: .random([6, 7], &random, scale: 2),
            {
                $0.klDivergence(
                    $1, teacherProbabilities: teacher, temperature: temperature, weights: weights, normalizer: 5)
            }
        ).agrees { x in
            (0..<6).reduce(0) { sum, r in
                let total = (0..<7).reduce(0) { $0 + exp(x[r * 7 + $1] / heat) }
                let divergence = (0..<7).reduce(0.0) { part, k in
                    part + p[r * 7 + k] * (log(p[r * 7 + k]) - x[r * 7 + k] / heat + log(total))
                }
                return sum + Double(weights[r]) * heat * heat * divergence / 5
            }
        }
        #expect(abs(teacher.doubles.prefix(7).reduce(0, +) - 1) < 1e-6)
    }

    @Test func binaryCrossEntropyAndSmoothL1() {
        var random = RandomStream(seed: 4)
        let x = Tensor.random([5, 9], &random, scale: 4)
        let soft = (0..<45).map { _ in Float(random.uniform()) }
        let weights = (0..<45).map { Float($0 % 3) }
        LossCheck(at: x, { $0.binaryCrossEntropyWithLogits($1, targets: soft, weights: weights, normalizer: 8) }).agrees
        { x in
            x.indices.reduce(0) { sum, i in
                let (t, w) = (Double(soft[i]), Double(weights[i]))
                return sum + w * (max(x[i], 0) - x[i] * t + log1p(exp(-abs(x[i])))) / 8
            }
        }
        for beta in [0, 0.25, 1] as [Float] {
            LossCheck(at: x, { $0.smoothL1($1, target: soft, beta: beta, weights: weights) }).agrees { x in
                x.indices.reduce(0) { sum, i in
                    let (d, b) = (abs(x[i] - Double(soft[i])), Double(beta))
                    return sum + Double(weights[i]) * (d < b ? d * d / (2 * b) : d - b / 2) / 45
                }
            }
        }
    }

    /// Images in any block, targets in row-major order.
    @Test(arguments: [1, 2, 4])
    func lossesOfImages(block: Int) {
        var random = RandomStream(seed: 6)
        let shape = [2, 4, 3, 5]
        let x = Tensor.random(shape, &random).blocked(block)
        let target = Tensor.random(shape, &random)
        let t = target.doubles
        let mask = Tensor([2, 1, 3, 5], (0..<30).map { Float($0 % 4) / 2 })
        let full = Tensor(shape, (0..<120).map { Float($0 % 5) })
        func reference(_ x: [Double], _ weight: (Int) -> Double, _ normalizer: Double) -> Double {
            x.indices.reduce(0) { $0 + weight($1) * (x[$1] - t[$1]) * (x[$1] - t[$1]) } / normalizer
        }
        LossCheck(at: x, { $0.meanSquared($1, target: target) }).agrees { reference($0, { _ in 1 }, 120) }
        let spread = mask.doubles
        LossCheck(at: x, { $0.meanSquared($1, target: target, mask: mask, normalizer: 9) }).agrees {
            reference($0, { spread[$0 / 60 * 15 + $0 % 15] }, 9)
        }
        LossCheck(at: x, { $0.meanSquared($1, target: target, mask: full) }).agrees {
            reference($0, { Double($0 % 5) }, 120)
        }
        LossCheck(at: x, { $0.smoothL1($1, target: target.array, beta: 0.5) }).agrees { x in
            x.indices.reduce(0) { sum, i in
                let d = abs(x[i] - t[i])
                return sum + (d < 0.5 ? d * d : d - 0.25) / 120
            }
        }
    }

    @Test func nothingCostsNothing() {
        let tape = Tape(recording: true)
        let x = tape.parameter(Tensor([0, 4], []), named: "x")
        let losses = [
            tape.softmaxCrossEntropy(x, targets: []), tape.smoothL1(x, target: [], beta: 1),
            tape.binaryCrossEntropyWithLogits(x, targets: []),
            tape.meanSquared(x, target: Tensor([0, 4], [])),
            tape.klDivergence(x, teacherProbabilities: Tensor([0, 4], [])),
        ]
        #expect(losses.allSatisfy { $0.value.scalar == 0 })
        #expect(tape.gradients(of: losses)["x"]?.shape == [0, 4])
    }
}
