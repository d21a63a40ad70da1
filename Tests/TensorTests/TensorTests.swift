import Tensor
import Testing

@Suite struct TensorTests {
    @Test(arguments: [1, 2, 3, 4, 6, 8, 12, 24], [1, 3, 4, 8, 12, 24])
    func everyBlockHoldsTheSameElements(from: Int, to: Int) {
        let shape = [2, 24, 5, 15]
        let elements = (0..<(2 * 24 * 75)).map { Float($0) }
        let tensor = Tensor(shape, elements).blocked(from).blocked(to)
        #expect(tensor.block == to)
        #expect(tensor.array == elements)
        tensor.withUnsafeFloats { floats in
            for (n, c, p) in [(0, 0, 0), (1, 23, 74), (1, 7, 33), (0, 13, 2)] {
                let index = ((n * (24 / to) + c / to) * 75 + p) * to + c % to
                #expect(floats[index] == Float((n * 24 + c) * 75 + p))
            }
        }
    }

    @Test func copiesAreIndependent() {
        let original = Tensor([3], [1, 2, 3])
        var copy = original
        copy.withUnsafeMutableFloats { $0[1] = 7 }
        #expect(original.array == [1, 2, 3])
        #expect(copy.array == [1, 7, 3])
        copy.add(original, factor: 2)
        #expect(copy.array == [3, 11, 9])
        #expect(copy.reshaped([3, 1]).shape == [3, 1])
    }

    @Test func preferredBlocks() {
        #expect([8, 16].contains(Layout.lanes))
        #expect(Layout.preferred(64) == Layout.lanes)
        #expect(Layout.preferred(3) == 3)
        #expect(Layout.preferred(12) == 12)
    }
}

@Suite struct TapeTests {
    @Test func theSameNameAddsUp() {
        let tape = Tape(recording: true)
        let x = tape.constant(Tensor([1, 2], [1, 2]))
        let weight = Tensor([2, 2], [1, 0, 0, 1])
        let once = tape.linear(x, weight: tape.parameter(weight, named: "w"))
        let twice = tape.linear(once, weight: tape.parameter(weight, named: "w"))
        let gradients = tape.gradients(from: [(twice, Tensor([1, 2], [1, 10]))])
        // d/dW of (x Wᵀ) Wᵀ at W = 1: from both places gᵀx.
        #expect(gradients["w"]?.array == [2, 4, 20, 40])
    }

    @Test func nothingFlowsThroughConstantsAndDetached() {
        let tape = Tape(recording: true)
        let w = tape.parameter(Tensor([2], [1, -2]), named: "w")
        let sum = tape.add(tape.relu(w), w.detached)
        #expect(sum.isTracked)
        #expect(tape.gradients(from: [(sum, Tensor([2], [5, 5]))])["w"]?.array == [5, 0])
        let silent = Tape(recording: false)
        #expect(!silent.relu(silent.parameter(Tensor([1], [1]), named: "w")).isTracked)
    }

    @Test func sharedGradientsAreNotOverwritten() {
        let tape = Tape(recording: true)
        let a = tape.parameter(Tensor([2], [1, -1]), named: "a")
        let b = tape.parameter(Tensor([2], [1, 1]), named: "b")
        let sum = tape.add(tape.relu(a), b, relu: true)
        let gradients = tape.gradients(from: [(tape.sum([sum, b, b]), Tensor([2], [1, 2]))])
        #expect(gradients["a"]?.array == [1, 0])
        #expect(gradients["b"]?.array == [3, 6])
    }

    @Test func scalarsScale() {
        let tape = Tape(recording: true)
        let a = tape.parameter(Tensor(3), named: "a")
        let b = tape.parameter(Tensor(4), named: "b")
        let gradients = tape.gradients(of: [tape.scale(a, by: 2), b, a], scale: 10)
        #expect(gradients["a"]?.scalar == 30)
        #expect(gradients["b"]?.scalar == 10)
    }
}
