import Basics
import Tensor
import Testing

@Suite struct OptimiserTests {
    private let start = Tensor([4], [1, -2, 0.5, 3])
    private let rates = [0.1, 0.05, 0.2]

    private func gradient(_ step: Int) -> Tensor {
        let (slope, base): ([Float], [Float]) = ([0.1, -0.3, 0.7, 0], [0, 0.2, -0.5, 0.25])
        return Tensor([4], zip(slope, base).map { $0 * Float(step + 1) + $1 })
    }

    private func run(_ optimiser: some Optimiser) -> [[Double]] {
        var optimiser = optimiser
        var parameters = ["w": start, "other": start]
        return rates.enumerated().map { step, rate in
            optimiser.step(&parameters, gradients: ["w": gradient(step)], learningRate: rate)
            #expect(parameters["other"] == start)
            return parameters["w"]?.doubles ?? []
        }
    }

    /// The numbers are PyTorch 2's.
    @Test func stochasticGradientDescent() {
        let steps = run(SGD(momentum: 0.9, weightDecay: 1e-2))
        expectNear(steps[0], [0.9890000224113464, -1.9880000352859497, 0.4794999957084656, 2.9719998836517334], 1e-6)
        expectNear(steps[1], [0.9735555052757263, -1.9616060256958008, 0.4250352382659912, 2.945413827896118], 1e-6)
        expectNear(steps[2], [0.8560081720352173, -1.7226643562316895, -0.09188791364431381, 2.793813467025757], 1e-6)
    }

    @Test func adamW() {
        let steps = run(AdamW(weightDecay: 0.05))
        expectNear(steps[0], [0.8949999809265137, -1.8899999856948853, 0.39750000834465027, 2.885000228881836], 1e-6)
        expectNear(steps[1], [0.8445034027099609, -1.841056227684021, 0.3529202342033386, 2.8277878761291504], 1e-6)
        expectNear(steps[2], [0.6444581747055054, -1.6431818008422852, 0.17141784727573395, 2.5995099544525146], 1e-6)
    }

    @Test func decayCanBeWithheld() {
        let still = Tensor([4], [0, 0, 0, 0])
        var parameters = ["a.weight": start, "a.bias": start]
        var optimiser = SGD(weightDecay: 0.5) { !$0.hasSuffix(".bias") }
        optimiser.step(&parameters, gradients: ["a.weight": still, "a.bias": still], learningRate: 1)
        #expect(parameters["a.bias"] == start)
        #expect(parameters["a.weight"]?.array == [0.5, -1, 0.25, 1.5])
    }

    @Test func copiesGoOnByThemselves() {
        var parameters = ["w": start]
        let kept = parameters
        var optimiser = SGD()
        let before = optimiser
        optimiser.step(&parameters, gradients: ["w": gradient(0)], learningRate: 1)
        #expect(kept["w"] == start && parameters["w"] != start)
        #expect(before.state.isEmpty && optimiser.state.keys.sorted() == ["momentum/w"])
    }

    @Test func aRestoredStateGoesOnWithTheSameBits() throws {
        func check(_ fresh: some Optimiser) throws {
            var (whole, first, second) = (fresh, fresh, fresh)
            var (a, b) = (["w": start], ["w": start])
            for step in 0..<5 {
                whole.step(&a, gradients: ["w": gradient(step)], learningRate: 0.1)
                if step < 2 { first.step(&b, gradients: ["w": gradient(step)], learningRate: 0.1) }
                if step == 2 { try second.restore(first.state) }
                if step >= 2 { second.step(&b, gradients: ["w": gradient(step)], learningRate: 0.1) }
            }
            #expect(a == b)
            #expect(whole.state == second.state)
        }
        try check(SGD())
        try check(AdamW())
        var sgd = SGD()
        #expect(throws: Failure.self) { try sgd.restore(["first/w": start]) }
        var adam = AdamW()
        #expect(throws: Failure.self) { try adam.restore(["first/w": start, "steps/w": Tensor(3)]) }
    }

    @Test func gradientsAreClippedTogether() {
        var gradients = ["a": Tensor([3], [3, 0, 4]), "b": Tensor([2], [12, 0])]
        #expect(clipGradients(&gradients, norm: 20) == 13)
        #expect(gradients["b"]?.array == [12, 0])
        #expect(clipGradients(&gradients, norm: 6.5) == 13)
        expectNear(gradients["a"]?.doubles ?? [], [1.4999998807907104, 0, 1.9999998807907104], 1e-7)
        expectNear(gradients["b"]?.doubles ?? [], [5.999999523162842, 0], 1e-7)
        var broken = ["a": Tensor([2], [.nan, 1])]
        #expect(clipGradients(&broken, norm: 1).isNaN)
        #expect(broken["a"]?.array.last == 1)
        #expect(gradientNorm([:]) == 0)
    }
}

@Suite struct LearningRateScheduleTests {
    /// The numbers are those of PyTorch's CosineAnnealingLR and LinearLR.
    @Test func cosineAndWarmUp() {
        let cosine = LearningRateSchedule(base: 0.02, decay: .cosine(final: 0.1))
        expectNear(
            (0..<10).map { cosine.rate(step: $0, of: 10) },
            [
                0.02, 0.019559508646656384, 0.018281152949374525, 0.016290067270632258, 0.013781152949374527, 0.011,
                0.008218847050625474, 0.0057099327293677424, 0.003718847050625474, 0.002440491353343618,
            ], 1e-12)
        let warm = LearningRateSchedule(base: 0.02, warmUpSteps: 4)
        expectNear(
            (0..<6).map { warm.rate(step: $0, of: 100) }, [2e-05, 0.005015, 0.01001, 0.015005, 0.02, 0.02], 1e-12)
        let both = LearningRateSchedule(base: 1, decay: .cosine(final: 0), warmUpSteps: 10)
        #expect(both.rate(step: 10, of: 110) == 1)
        #expect(abs(both.rate(step: 60, of: 110) - 0.5) < 1e-12)
        #expect(both.rate(step: 110, of: 110) == 0)
    }

    @Test func steps() {
        let schedule = LearningRateSchedule(base: 1, decay: .step(milestones: [8.0 / 12, 11.0 / 12], factor: 0.1))
        let rates = (0..<12).map { schedule.rate(step: $0, of: 12) }
        #expect(rates[7] == 1 && rates[8] == 0.1 && rates[10] == 0.1)
        #expect(abs(rates[11] - 0.01) < 1e-15)
    }

    @Test func aShortRunWarmsUpOverAllItsSteps() {
        let schedule = LearningRateSchedule(base: 1, warmUpSteps: 1000)
        #expect(schedule.rate(step: 0, of: 2) == 0.001)
        #expect(schedule.rate(step: 1, of: 2) > 0.5)
        #expect(schedule.rate(step: 0, of: 0) == 1)
    }
}
