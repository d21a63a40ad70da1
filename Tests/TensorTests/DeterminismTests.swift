import Basics
import Tensor
import Testing

@Suite struct DeterminismTests {
    /// What is our own (all but oneDNN and OpenBLAS: layers, losses, RoIAlign, optimisers) has the same bits with any
    /// number of threads. In a process of its own, since the number of threads is the whole process's.
    @Test func theNumberOfThreadsChangesNoBit() async {
        await #expect(processExitsWith: .success) {
            func check(_ compute: () -> NamedTensors) {
                var results: [NamedTensors] = []
                for threads in [1, 2, 3, 8] {
                    Threads.set(threads)
                    #expect(Threads.count == threads)
                    results.append(compute())
                }
                #expect(results[0].count > 3)
                for result in results.dropFirst() { #expect(result == results[0]) }
            }
            for block in [1, 8, 48] { check { layers(block) } }
            check(lossesAndUpdates)
            #expect(lossesAndUpdates() == lossesAndUpdates())
        }
    }

    /// Cached operations and reordered weights serve several threads at a time.
    @Test func tapesOfSeveralThreadsDoNotDisturbEachOther() async {
        var random = RandomStream(seed: 6)
        let x = Grid.random([2, 16, 14, 12], &random).tensor.blocked(8)
        let weight = Grid.random([12, 16, 3, 3], &random).tensor
        let results = await withTaskGroup(of: NamedTensors.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var last: NamedTensors = [:]
                    for _ in 0..<4 {
                        let tape = Tape(recording: true)
                        let y = tape.convolution(
                            tape.parameter(x, named: "x"), weight: tape.parameter(weight, named: "w"), padding: 1)
                        last = tape.gradients(from: [(y, y.value)])
                    }
                    return last
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for result in results { #expect(result == results[0]) }
    }
}

private func layers(_ block: Int) -> NamedTensors {
    var random = RandomStream(seed: 30)
    let tape = Tape(recording: true)
    let x = tape.parameter(Grid.random([2, 48, 61, 45], &random).tensor.blocked(block), named: "x")
    let scale = tape.parameter(Grid.random([48], &random).tensor, named: "scale")
    let shift = tape.parameter(Grid.random([48], &random).tensor, named: "shift")
    let grouped = tape.groupNorm(x, scale: scale, shift: shift, channelsPerGroup: 3, relu: true)
    let batch = tape.batchNorm(tape.sigmoid(grouped), scale: scale, shift: shift).result
    let pooled = tape.maxPool(batch, kernel: 3, stride: 2, padding: 1)
    let large = tape.upsampleNearest(tape.upsampleNearest(pooled, toHeight: 50, width: 41), toHeight: 61, width: 45)
    let sum = tape.add(large, x, relu: true)
    let rows = tape.selectRows(tape.flatten(sum), [1, 0, 1])
    var result = tape.gradients(from: [(rows, rows.value)])
    result["rows"] = rows.value
    let places = (0..<2).map { image in (0..<57).map { Float($0) * 0.73 + Float(image) / 3 } }
    result["sampled"] = x.value.sampled(rows: places, columns: places)
    return result
}

private func lossesAndUpdates() -> NamedTensors {
    var random = RandomStream(seed: 9)
    var parameters = [
        "features": Tensor.random([2, 32, 30, 40], &random).blocked(8), "logits": Tensor.random([3000, 11], &random),
        "rows": Tensor.random([40_000], &random),
    ]
    let teacher = Tensor.random([3000, 11], &random).softmax(temperature: 2)
    let target = Tensor.random([2, 32, 30, 40], &random)
    let mask = Tensor.random([2, 1, 30, 40], &random)
    let rows = Tensor.random([40_000], &random).array
    let regions = (0..<200).map { _ in
        let (x, y) = (random.uniform(-10, 150), random.uniform(-10, 110))
        return RoI(
            image: random.index(below: 2), level: 0, x1: Float(x), y1: Float(y), x2: Float(x + 40), y2: Float(y + 50))
    }
    let tape = Tape(recording: true)
    let features = tape.parameter(parameters["features"] ?? target, named: "features")
    let logits = tape.parameter(parameters["logits"] ?? target, named: "logits")
    let x = tape.parameter(parameters["rows"] ?? target, named: "rows")
    let aligned = tape.roiAlign(levels: [features], rois: regions, scales: [0.25])
    let losses = [
        tape.softmaxCrossEntropy(logits, targets: (0..<3000).map { $0 % 11 }),
        tape.klDivergence(logits, teacherProbabilities: teacher, temperature: 2),
        tape.meanSquared(features, target: target, mask: mask),
        tape.meanSquared(aligned, target: Tensor(repeating: 0, aligned.shape)),
        tape.smoothL1(x, target: rows, beta: 0.1),
        tape.binaryCrossEntropyWithLogits(x, targets: rows.map { $0 > 0 ? 1 : 0 }),
    ]
    var result: NamedTensors = [:]
    for (index, loss) in losses.enumerated() { result["\(index)"] = loss.value }
    let gradients = tape.gradients(of: losses)
    let norm = gradientNorm(gradients)
    result["norm"] = Tensor(Float(norm))
    // As many parameters as to be cut within by the threads.
    for index in 0..<30 { parameters["many\(index)"] = Tensor.random([1 + 997 * index], &random) }
    var all = gradients
    for (name, value) in parameters where name.hasPrefix("many") { all[name] = value.reshaped(value.shape) }
    result["norm of all"] = Tensor(Float(gradientNorm(all)))
    var (adam, sgd) = (AdamW(), SGD())
    for scale in [1, clippingFactor(norm: norm, limit: 0.01)] {
        adam.step(&parameters, gradients: all, learningRate: 0.1, scale: scale)
        sgd.step(&parameters, gradients: all, learningRate: 0.1, scale: scale)
    }
    result.merge(parameters) { $1 }
    return result
}
