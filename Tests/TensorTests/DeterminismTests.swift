import Basics
import Tensor
import Testing

@Suite struct DeterminismTests {
    /// What is our own (all but oneDNN and OpenBLAS) has the same bits with any number of threads.
    @Test func theNumberOfThreadsChangesNoBit() async {
        await #expect(processExitsWith: .success) {
            for block in [1, 8, 48] {
                var results: [NamedTensors] = []
                for threads in [1, 2, 3, 7] {
                    Threads.set(threads)
                    #expect(Threads.count == threads)
                    results.append(compute(block))
                }
                for result in results.dropFirst() { #expect(result == results[0]) }
            }
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

private func compute(_ block: Int) -> NamedTensors {
    var random = RandomStream(seed: 30)
    let tape = Tape(recording: true)
    let x = tape.parameter(Grid.random([2, 48, 61, 45], &random).tensor.blocked(block), named: "x")
    let scale = tape.parameter(Grid.random([48], &random).tensor, named: "scale")
    let shift = tape.parameter(Grid.random([48], &random).tensor, named: "shift")
    let grouped = tape.groupNorm(x, scale: scale, shift: shift, channelsPerGroup: 3, relu: true)
    let batch = tape.batchNorm(tape.sigmoid(grouped), scale: scale, shift: shift).result
    let pooled = tape.maxPool(batch, kernel: 3, stride: 2, padding: 1)
    let large = tape.interpolateBilinear(tape.upsampleNearest(pooled, toHeight: 50, width: 51), toHeight: 61, width: 45)
    let sum = tape.add(large, x, relu: true)
    let rows = tape.selectRows(tape.flatten(sum), [1, 0, 1])
    var result = tape.gradients(from: [(rows, rows.value)])
    result["rows"] = rows.value
    return result
}
