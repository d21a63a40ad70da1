import Basics
import Tensor
import Testing

@Suite struct ThreadIndependenceTests {
    /// Losses, RoIAlign, optimisers and norms give the same bits with any number of threads. In a process of its own,
    /// since the number of threads is the whole process's.
    @Test func theNumberOfThreadsChangesNoBit() async {
        await #expect(processExitsWith: .success) {
            var results: [NamedTensors] = []
            for threads in [1, 2, 3, 8] {
                Threads.set(threads)
                results.append(compute())
            }
            #expect(results[0].count == 9)
            for result in results.dropFirst() { #expect(result == results[0]) }
            #expect(compute() == compute())
        }
    }
}

private func compute() -> NamedTensors {
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
    var gradients = tape.gradients(of: losses)
    result["norm"] = Tensor(Float(clipGradients(&gradients, norm: 0.01)))
    var optimiser = AdamW()
    optimiser.step(&parameters, gradients: gradients, learningRate: 0.1)
    result["features"] = parameters["features"]
    result["rows"] = parameters["rows"]
    return result
}
