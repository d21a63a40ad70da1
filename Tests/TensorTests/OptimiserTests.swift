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

    /// What the caller still holds is not written to, and else the first gradient becomes the momentum where it lies.
    @Test func firstGradientsAreTakenOver() {
        var parameters = ["w": start]
        let gradients = ["w": gradient(0)]
        var optimiser = SGD(weightDecay: 0)
        optimiser.step(&parameters, gradients: gradients, learningRate: 1, scale: 0.5)
        #expect(gradients["w"] == gradient(0))
        #expect(optimiser.state["momentum/w"]?.array == gradient(0).array.map { $0 * 0.5 })

        let held = gradient(1)
        let address = held.withUnsafeFloats { UInt(bitPattern: $0.baseAddress) }
        var taken = ["w": held]
        func take() -> NamedTensors {
            defer { taken = [:] }
            return taken
        }
        _ = consume held
        var other = SGD(weightDecay: 0)
        other.step(&parameters, gradients: take(), learningRate: 1)
        let kept = other.state["momentum/w"]?.withUnsafeFloats { UInt(bitPattern: $0.baseAddress) }
        #expect(kept == address)
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
        let gradients = ["a": Tensor([3], [3, 0, 4]), "b": Tensor([2], [12, 0])]
        #expect(gradientNorm(gradients) == 13)
        #expect(clippingFactor(norm: 13, limit: 20) == 1)
        // clip_grad_norm_: limit / (norm + 1e-6)
        #expect(clippingFactor(norm: 13, limit: 6.5) == Float(6.5 / 13.000001))
        #expect(gradientNorm(["a": Tensor([2], [.nan, 1])]).isNaN)
        #expect(clippingFactor(norm: .nan, limit: 1) == 1 && clippingFactor(norm: .infinity, limit: 1) == 1)
        #expect(gradientNorm([:]) == 0)
        var parameters = ["a": Tensor([3]), "b": Tensor([2])]
        var optimiser = SGD(weightDecay: 0)
        optimiser.step(&parameters, gradients: gradients, learningRate: 1, scale: 0.5)
        #expect(parameters["a"]?.array == [-1.5, 0, -2] && parameters["b"]?.array == [-6, 0])
    }

    /// The norm adds up in double: floats would lose the small ones beside the large one.
    @Test func theNormOfManyGradientsIsExact() {
        var gradients = ["large": Tensor([1], [8192])]
        for index in 0..<300 { gradients["\(index)"] = Tensor(repeating: 0.5, [997]) }
        let squares: Double = 8192 * 8192 + 300 * 997 * 0.25
        #expect(gradientNorm(gradients) == squares.squareRoot())
    }

    private func many(_ random: inout RandomStream) -> NamedTensors {
        var tensors: NamedTensors = [:]
        for index in 0..<40 { tensors["p\(index)"] = Tensor.random([index == 7 ? 50_001 : 1 + 13 * index], &random) }
        tensors["blocked"] = Tensor.random([2, 16, 5, 7], &random).blocked(8)
        return tensors
    }

    /// Many parameters in one pass get the bits that each gets by itself, each with its own decay, and a scaled gradient
    /// those of the gradient that was scaled before.
    @Test func onePassIsAsGoodAsMany() {
        func check(_ optimiser: some Optimiser) {
            var random = RandomStream(seed: 12)
            var parameters = many(&random)
            var singles = parameters.mapValues { (parameter: $0, optimiser: optimiser) }
            var together = optimiser
            for step in 0..<3 {
                let gradients = many(&random).filter { step != 1 || $0.key.hasSuffix("3") }
                let factor: Float = step == 2 ? 0.37 : 1
                together.step(&parameters, gradients: gradients, learningRate: 0.1, scale: factor)
                for (name, gradient) in gradients {
                    guard var single = singles[name] else { continue }
                    let scaled = Tensor(gradient.shape, gradient.array.map { $0 * factor })
                    var alone = [name: single.parameter]
                    single.optimiser.step(&alone, gradients: [name: scaled], learningRate: 0.1)
                    single.parameter = alone[name] ?? single.parameter
                    singles[name] = single
                }
            }
            for (name, single) in singles {
                #expect(parameters[name] == single.parameter, "\(name)")
                for (key, value) in single.optimiser.state { #expect(together.state[key] == value, "\(key)") }
            }
        }
        check(SGD(weightDecay: 0.3) { !$0.hasSuffix("4") })
        check(AdamW(weightDecay: 0.3) { !$0.hasSuffix("4") })
    }

    /// From the second step on nothing is allocated: neither new state nor copies. In a process of its own, since the
    /// pool is the whole process's.
    @Test func aStepTakesNoMemory() async {
        await #expect(processExitsWith: .success) {
            checkMemory(SGD(), remembered: 1)
            checkMemory(AdamW(), remembered: 2)
        }
    }

    /// What a frozen pass folded into a weight refers to the norm's scale; the scale is changed in place all the same.
    @Test func whatWasFoldedIsNotCopied() async {
        await #expect(processExitsWith: .success) {
            var parameters = [
                "a.scale": Tensor(repeating: 2, [16]), "b.weight": Tensor(repeating: 0.1, [16, 8, 3, 3]),
                "c.shift": Tensor(repeating: 1, [16]),
            ]
            let (mean, variance) = (Tensor(repeating: 0, [16]), Tensor(repeating: 1, [16]))
            let x = Tensor(repeating: 1, [1, 8, 6, 6])
            let gradients = parameters.mapValues { Tensor(repeating: 0.5, $0.shape) }
            var optimiser = SGD()
            optimiser.step(&parameters, gradients: gradients, learningRate: 0.1)
            func infer() -> Tensor {
                let tape = Tape(recording: false)
                let missing = Tensor([0])
                let norm = FrozenNorm(
                    scale: parameters["a.scale"] ?? missing, shift: parameters["c.shift"] ?? missing, mean: mean,
                    variance: variance)
                return tape.convolution(
                    tape.constant(x), weight: tape.constant(parameters["b.weight"] ?? missing), norm: norm, padding: 1
                ).value
            }
            let plain = BufferPool.usage.live
            let before = infer()
            let folded = BufferPool.usage.live
            #expect(folded >= plain + before.count * 4 + 16 * 8 * 9 * 4, "the folded weight is kept")
            BufferPool.resetPeak()
            optimiser.step(&parameters, gradients: gradients, learningRate: 0.1)
            #expect(BufferPool.usage.peak == folded)
            #expect(BufferPool.usage.live <= folded - 16 * 8 * 9 * 4, "and dropped with the step")
            #expect(infer() != before)
        }
    }
}

/// Steps after the first hold what the first left.
///
/// - Parameter remembered: tensors of state for each parameter.
private func checkMemory(_ fresh: some Optimiser, remembered: Int) {
    var optimiser = fresh
    var parameters: NamedTensors = [:]
    for index in 0..<20 { parameters["p\(index)"] = Tensor(repeating: 1, [1000 * (index + 1)]) }
    parameters["q"] = Tensor(repeating: 1, [1, 16, 30, 30], block: 8)
    // A value that two names share is written in two places.
    let twin = Tensor(repeating: 1, [70_000])
    parameters["twin"] = twin
    parameters["other twin"] = twin
    let gradients = parameters.mapValues { Tensor(repeating: 0.5, $0.shape, block: $0.block) }
    let bytes = BufferPool.usage.live
    optimiser.step(&parameters, gradients: gradients, learningRate: 0.1)
    let after = BufferPool.usage.live
    let size = gradients.values.reduce(0) { $0 + 4 * $1.count }
    #expect(after >= bytes + remembered * size)
    for scale: Float in [1, 0.5, 1] {
        BufferPool.resetPeak()
        _ = gradientNorm(gradients)
        optimiser.step(&parameters, gradients: gradients, learningRate: 0.1, scale: scale)
        #expect(BufferPool.usage.live == after && BufferPool.usage.peak == after)
    }
    #expect(twin.array.allSatisfy { $0 == 1 })
    #expect(parameters["twin"] == parameters["other twin"] && parameters["twin"] != twin)
    withExtendedLifetime((optimiser, gradients)) {}
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
